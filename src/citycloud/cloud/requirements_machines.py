"""Requirements of machines: their names, servers, addresses, openings, volumes; and of the real ones, what is seen
from inside. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from citycloud.city.model import Addresses, City, Guests, Host, Site
from citycloud.cloud.addresses import machine_mac
from citycloud.cloud.halves import Half, halves
from citycloud.cloud.requirements_cloud import clouds
from citycloud.cloud.requirements_flows import name_server, openings
from citycloud.cloud.requirements_kinds import Kind, Requirement
from citycloud.report import Text

FAMILIES = (("ipv4", "IPv4", "A"), ("ipv6", "IPv6", "AAAA"))
CLOCK_SECONDS = 2.0
"""How far an instance's clock may be from this machine's."""

SHARED_PROCESSORS = Text(
    "此处无法证明：容器共用主机的全部处理器，其 vCPU 数只计入容量",
    "not provable here: containers share all processors of their host, and their vCPU count as capacity only",
)


def of(city: City) -> Iterator[Requirement]:
    everyone = halves(city)
    for half in everyone:
        yield from _server(city, everyone, half)
        if real(half):
            yield from _inside(city, everyone, half)
    yield from _names(city)
    yield from _apart(city)
    yield from _standby(city)


def real(half: Half) -> bool:
    """Whether the half is a real instance."""
    return half.machine.guests is not Guests.NONE


def name_of(city: City, half: Half) -> str:
    """The name that the machine is declared under at its site."""
    return f"{half.machine.id}.{half.site.id}.{city.domain}"


def _title(half: Half) -> Text:
    return Text(f"{half.site.name}的 {half.machine.id}", f"{half.machine.id} at {half.site.id}")


def _server(city: City, everyone: Sequence[Half], half: Half) -> Iterator[Requirement]:
    machine, title = half.machine, _title(half)
    hosts = next(zone.hosts for zone in half.site.zones if zone.id == half.system.zone)
    size = f"{machine.vcpu} vCPU, {machine.memory_gib} GiB, {machine.system_disk_gib} GiB"
    yield Requirement(
        Kind.SERVER,
        half.site.id,
        machine.id,
        Text(
            f"{title.zh} 在运行，规格 {size}，在 {half.system.zone} 区 {machine.guests} 类主机上，"
            f"归 {half.department.id}",
            f"{title.en} runs with {size} on a host of zone {half.system.zone} with guests {machine.guests}, "
            f"and belongs to {half.department.id}",
        ),
        {
            "project": half.department.id,
            "vcpus": machine.vcpu,
            "ram": machine.memory_gib * 1024,
            "disk": machine.system_disk_gib,
            "zone": half.system.zone,
            "hosts": sorted(host.id for host in hosts if host.guests is machine.guests),
        },
    )
    addresses = {"ipv4": str(half.addresses.ipv4), "ipv6": str(half.addresses.ipv6)}
    yield Requirement(
        Kind.PORT,
        half.site.id,
        machine.id,
        Text(
            f"{title.zh} 在 {half.segment.name} 有且只有地址 {addresses['ipv4']} 与 {addresses['ipv6']}",
            f"{title.en} has {addresses['ipv4']} and {addresses['ipv6']} in {half.segment.id}, and no other address",
        ),
        {
            **addresses,
            "network": f"{half.department.id}-{half.segment.id}",
            "mac": machine_mac(half.addresses.ipv4),
        },
    )
    opened = openings(city, everyone, half)
    yield Requirement(
        Kind.SECURITY,
        half.site.id,
        machine.id,
        Text(
            f"{title.zh} 只开放已申报的连接：{len(opened)} 项（进出方向、IPv4 与 IPv6），此外一律关闭",
            f"{title.en} is open to its declared flows only: {len(opened)} openings (in and out, IPv4 and IPv6), "
            "all else is shut",
        ),
        {"openings": {key: list(prefixes) for key, prefixes in opened.items()}},
    )
    if machine.data_disk_gib:
        yield Requirement(
            Kind.VOLUME,
            half.site.id,
            machine.id,
            Text(
                f"{title.zh} 挂着 {machine.data_disk_gib:,} GiB 的数据盘，别无其他",
                f"{title.en} has one volume of {machine.data_disk_gib:,} GiB attached",
            ),
            {"size": machine.data_disk_gib},
        )


def _names(city: City) -> Iterator[Requirement]:
    """Every declared name, asked of each site's server: machines', systems' (each half that serves), the APIs'."""
    for half in halves(city):
        yield from _name(city, name_of(city, half), [half.addresses], reverse=True)
    serving: dict[str, dict[str, Addresses]] = defaultdict(dict)
    for half in halves(city):
        if half.primary or half.system.on_both:
            serving[half.system.id].setdefault(half.site.id, half.addresses)
    for system, by_site in serving.items():
        yield from _name(city, f"{system}.{city.domain}", list(by_site.values()), reverse=False)
    for site in clouds(city):
        if site.management is not None:
            yield from _name(city, f"api.{site.id}.{city.domain}", [name_server(site.management)], reverse=True)


def _name(city: City, name: str, found: Sequence[Addresses], *, reverse: bool) -> Iterator[Requirement]:
    four, six = sorted(str(each.ipv4) for each in found), sorted(str(each.ipv6) for each in found)
    listed = ", ".join((*four, *six))
    back = Text("，反向解析也指向它", ", and their reverse names point back") if reverse else Text("", "")
    for site in clouds(city):
        yield Requirement(
            Kind.DNS,
            site.id,
            name,
            Text(
                f"{site.name}的域名服务器答 {name} 为 {listed}{back.zh}",
                f"The name server of {site.id} says that {name} is {listed}{back.en}",
            ),
            {"A": four, "AAAA": six, "PTR": [*four, *six] if reverse else []},
        )


def _apart(city: City) -> Iterator[Requirement]:
    """Machines of one system and role at one site, which stand in for each other."""
    sets: dict[tuple[str, str, str], list[Half]] = defaultdict(list)
    for half in halves(city):
        sets[half.site.id, half.system.id, half.machine.role].append(half)
    for (site, system, role), members in sets.items():
        if len(members) < 2:
            continue
        hosts = [host for host in _zone_hosts(members[0]) if host.guests in {half.machine.guests for half in members}]
        names = [half.machine.id for half in members]
        yield Requirement(
            Kind.APART,
            site,
            f"{system}-{role}",
            Text(f"{'、'.join(names)} 不在同一主机上", f"{', '.join(names)} stand on different hosts"),
            {"machines": names, "hosts": min(len(hosts), len(members))},
        )


def _zone_hosts(half: Half) -> tuple[Host, ...]:
    return next(zone.hosts for zone in half.site.zones if zone.id == half.system.zone)


def _standby(city: City) -> Iterator[Requirement]:
    """Systems that a pair holds on two sites, or that serve from both: each machine at each site."""
    places: dict[str, dict[str, Site]] = defaultdict(dict)
    machines: dict[str, set[str]] = defaultdict(set)
    for half in halves(city):
        places[half.system.id][half.site.id] = half.site
        machines[half.system.id].add(half.machine.id)
    for system, sites in places.items():
        if len(sites) > 1:
            yield Requirement(
                Kind.STANDBY,
                "",
                system,
                Text(
                    f"{system} 的机器（{len(machines[system])} 台）在 {'与 '.join(sites)} 各有一半",
                    f"Each of the {len(machines[system])} machines of {system} stands at {' and at '.join(sites)}",
                ),
                {"machines": sorted(machines[system]), "sites": list(sites)},
            )


def _inside(city: City, everyone: Sequence[Half], half: Half) -> Iterator[Requirement]:
    """What is seen from inside of a real instance."""
    machine, title, name = half.machine, _title(half), name_of(city, half)
    for family, label, record in FAMILIES:
        yield Requirement(
            Kind.SSH,
            half.site.id,
            f"{machine.id}/{family}",
            Text(
                f"{title.zh} 以 {name} 的 {record} 记录经 {label} 应答 SSH，主机密钥与其控制台所示相同",
                f"{title.en} answers SSH over {label} at {name} ({record}), with the host key of its console",
            ),
            {"name": name, "family": family, "machine": machine.id},
        )
    yield Requirement(
        Kind.HOSTNAME,
        half.site.id,
        machine.id,
        Text(f"{title.zh} 的主机名是 {machine.id}", f"The hostname of {title.en} is {machine.id}"),
        {"hostname": machine.id},
    )
    yield Requirement(
        Kind.INSIDE_ADDRESSES,
        half.site.id,
        machine.id,
        Text(
            f"{title.zh} 内部有地址 {half.addresses.ipv4} 与 {half.addresses.ipv6}，两族各有默认路由",
            f"Inside {title.en} are {half.addresses.ipv4}, {half.addresses.ipv6}, and a default route of each family",
        ),
        {"ipv4": str(half.addresses.ipv4), "ipv6": str(half.addresses.ipv6)},
    )
    yield from _inside_system(city, everyone, half)


def _inside_system(city: City, everyone: Sequence[Half], half: Half) -> Iterator[Requirement]:
    """What the instance's system shows of its size, and keeps: clock, logins, listening ports."""
    machine, title = half.machine, _title(half)
    disk = Text(f"与 {machine.data_disk_gib} GiB 的数据盘", f" and a disk of {machine.data_disk_gib} GiB")
    more = disk if machine.data_disk_gib else Text("", "")
    yield Requirement(
        Kind.INSIDE_SIZE,
        half.site.id,
        machine.id,
        Text(
            f"{title.zh} 内部看到 {machine.memory_gib} GiB 内存{more.zh}",
            f"{machine.memory_gib} GiB of memory{more.en} are seen inside {title.en}",
        ),
        {"memory_gib": machine.memory_gib, "data_disk_gib": machine.data_disk_gib},
    )
    yield Requirement(
        Kind.INSIDE_VCPU,
        half.site.id,
        machine.id,
        Text(
            f"{title.zh} 内部看到 {machine.vcpu} 个 vCPU",
            f"{machine.vcpu} vCPU are seen inside {title.en}",
        ),
        {"vcpu": machine.vcpu},
        SHARED_PROCESSORS if machine.guests is Guests.LXC else None,
    )
    yield Requirement(
        Kind.CLOCK,
        half.site.id,
        machine.id,
        Text(
            f"{title.zh} 的时钟与本机相差不超过 {CLOCK_SECONDS:g} 秒",
            f"The clock of {title.en} is within {CLOCK_SECONDS:g} s of this machine's",
        ),
        {"seconds": CLOCK_SECONDS},
    )
    yield Requirement(
        Kind.LOGIN,
        half.site.id,
        machine.id,
        Text(
            f"{title.zh} 不接受口令登录，且没有账户设有口令",
            f"{title.en} takes no login by password, and no account has one",
        ),
        {},
    )
    yield Requirement(
        Kind.LISTENING,
        half.site.id,
        machine.id,
        Text(
            f"{title.zh} 对外只监听已申报的端口",
            f"{title.en} listens to the outside on declared ports only",
        ),
        {"ports": _declared_ports(city, everyone, half)},
    )


def _declared_ports(city: City, everyone: Sequence[Half], half: Half) -> list[int]:
    keys = [key for key in openings(city, everyone, half) if key.startswith("ingress") and "tcp/" in key]
    return sorted({int(key.rpartition("/")[2]) for key in keys})
