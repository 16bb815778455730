"""A Verification as a Report: what the city is, its picture, what was checked, what could not be. Pure."""

from __future__ import annotations

from collections import defaultdict

from citycloud.city.model import City, Guests
from citycloud.cloud.halves import halves, sites_of
from citycloud.cloud.requirements import TITLES, Kind, Requirement
from citycloud.cloud.requirements_cloud import clouds
from citycloud.cloud.verify import Verification
from citycloud.cloud.verify_picture import topology
from citycloud.report import Fact, Group, Report, Result, Section, Stage, Table, Text, both

NAME, SITE = Text("名称", "name"), Text("站点", "site")
SIZES = (both("vCPU"), Text("内存 GiB", "memory, GiB"), Text("存储 GiB", "storage, GiB"))


def report(done: Verification) -> Report:
    """The whole report of one verification."""
    city = done.city
    return Report(
        kind="verify",
        title=Text(
            f"{city.name}政务云：建成与验证", f"The government cloud of {city.id.capitalize()}: what stands, verified"
        ),
        subtitle=Text(
            f"{len(clouds(city))} 朵云由同一份申报而来，逐项对照申报检查："
            "接口所见、实例内所见、真实报文，IPv4 与 IPv6 一视同仁。",
            f"{len(clouds(city))} clouds come from one declaration, and are checked against it item by item: through "
            "their APIs, from inside of instances, and with real packets, IPv4 and IPv6 alike.",
        ),
        began=done.began,
        ended=done.ended,
        command="citycloud verify",
        sections=(_city(city), _picture(city)),
        groups=_groups(done),
        limits=(*_limits(done), *_always(city)),
        stages=_stages(done),
    )


def _city(city: City) -> Section:
    plan = city.plan.capacity
    synthetic = Text(
        "规划未写明的内容（主机、机器、地址、连接、人员）为示例数据。" if city.synthetic else "",
        "What the city's plan does not say (hosts, machines, addresses, flows, people) is made up."
        if city.synthetic
        else "",
    )
    facts = (
        Fact(Text("算力", "compute"), f"{plan.vcpu:,}", both("vCPU")),
        Fact(Text("内存", "memory"), f"{plan.memory_gib:,}", both("GiB")),
        Fact(Text("存储", "storage"), f"{plan.storage_gib:,}", both("GiB")),
        Fact(Text("业务系统", "business systems"), str(len(city.systems))),
        Fact(Text("部门", "departments"), str(len(city.departments))),
        Fact(Text("机器（含备用的一半）", "machines, with standby halves"), str(len(halves(city)))),
        Fact(Text("已申报的连接", "declared flows"), str(len(city.flows))),
        Fact(Text("外网接入单位", "units on the extranet"), str(len(city.units))),
    )
    return Section(
        "city",
        Text("这座城", "What the city is"),
        synthetic,
        facts,
        tables=(_sites(city), _zones(city), _departments(city), _systems(city)),
    )


def _sites(city: City) -> Table:
    carriers = {carrier.id: carrier.name for carrier in city.carriers}
    rows = [
        (
            Text(site.name, site.id),
            Text(carriers[site.carrier], site.carrier),
            f"{site.tenant.ipv4} · {site.tenant.ipv6}" if site.tenant else Text("不设云（见证）", "no cloud (witness)"),
        )
        for site in city.sites
    ]
    return Table(
        Text("站点与运营商", "Sites and carriers"),
        (SITE, Text("运营商", "carrier"), Text("部门网段", "departments' ranges")),
        tuple(rows),
    )


def _zones(city: City) -> Table:
    rows = []
    for site in clouds(city):
        for zone in site.zones:
            sizes = [host.capacity for host in zone.hosts]
            real = [host.id for host in zone.hosts if host.guests is not Guests.NONE]
            rows.append(
                (
                    Text(site.name, site.id),
                    Text(zone.name, zone.id),
                    str(len(sizes)),
                    ", ".join(real) or Text("无（只有容量）", "none: capacity only"),
                    f"{sum(each.vcpu for each in sizes):,}",
                    f"{sum(each.memory_gib for each in sizes):,}",
                    f"{sum(each.storage_gib for each in sizes):,}",
                )
            )
    columns = (SITE, Text("可用区", "zone"), Text("主机", "hosts"), Text("有实例的主机", "with real instances"), *SIZES)
    return Table(Text("可用区与容量", "Zones and capacity"), columns, tuple(rows))


def _departments(city: City) -> Table:
    rows = [
        (
            Text(department.name, department.id),
            quota.site,
            f"{quota.vcpu:,}",
            f"{quota.memory_gib:,}",
            f"{quota.storage_gib:,}",
        )
        for department in city.departments
        for quota in department.quotas
    ]
    return Table(
        Text("部门配额", "Departments' quotas"), (Text("部门", "department"), SITE, *SIZES), tuple(rows), folded=True
    )


def _systems(city: City) -> Table:
    departments = {department.id: department.name for department in city.departments}
    machines: dict[str, int] = defaultdict(int)
    for machine in city.machines:
        machines[machine.system] += 1
    rows = [
        (
            Text(system.name, system.id),
            Text(departments[system.department], system.department),
            ", ".join(sites_of(city, system)),
            system.zone,
            str(system.grade),
            str(system.dr_level or "—"),
            str(machines[system.id] or "—"),
        )
        for system in city.systems
    ]
    columns = (NAME, Text("部门", "department"), SITE, Text("可用区", "zone"), Text("等保", "grade"))
    return Table(
        Text("业务系统", "Business systems"),
        (*columns, Text("灾备", "DR level"), Text("机器", "machines")),
        tuple(rows),
        folded=True,
    )


def _picture(city: City) -> Section:
    return Section("topology", Text("全城拓扑", "The city's topology"), figures=(topology(city),))


def _groups(done: Verification) -> tuple[Group, ...]:
    by_kind: dict[Kind, list[Result]] = defaultdict(list)
    for requirement, result in zip(done.requirements, done.results, strict=True):
        by_kind[requirement.kind].append(result)
    return tuple(Group(str(kind), TITLES[kind], tuple(results)) for kind, results in by_kind.items())


def _limits(done: Verification) -> list[Text]:
    """Requirements that nothing here can show, by reason and place."""
    found: dict[tuple[Text, str], list[Requirement]] = defaultdict(list)
    for requirement in done.requirements:
        if requirement.unprovable is not None:
            found[requirement.unprovable, requirement.site].append(requirement)
    return [
        Text(
            f"{reason.zh}（{site}，{len(own)} 项）：{'、'.join(_places(own))}。",
            f"{site}, {len(own)} requirements {reason.en}: {', '.join(_places(own))}.",
        )
        for (reason, site), own in found.items()
    ]


def _places(own: list[Requirement]) -> list[str]:
    return list(dict.fromkeys(_place(requirement.subject) for requirement in own))


def _place(subject: str) -> str:
    """Zone and segment, or the machine."""
    return subject.rpartition("/")[0] or subject


def _always(city: City) -> list[Text]:
    """What a verification on this kind of lab never shows."""
    if not any(host.guests is Guests.NONE for site in city.sites for zone in site.zones for host in zone.hosts):
        return []
    return [
        Text(
            "不带实例的主机上的机器只在接口中存在：其配额、调度、地址、安全组规则与数据盘都检查了，机器内部没有。",
            "Machines on hosts without guests exist in the APIs only: placement, addresses, rules and volumes were "
            "checked, and nothing inside of them.",
        )
    ]


def _stages(done: Verification) -> tuple[Stage, ...]:
    """The kinds that took longest; the first that looks at a cloud pays for looking."""
    longest = sorted(done.seconds.items(), key=lambda pair: -pair[1])[:8]
    return tuple(Stage(TITLES[Kind(kind)], seconds) for kind, seconds in longest if seconds >= 0.05)
