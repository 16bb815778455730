"""Requirements of a cloud as its administrator sees it: APIs, capacity, zones, projects and networks. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from citycloud.city.model import Capacity, City, Department, Guests, Host, Segment, Site, Zone
from citycloud.cloud.addresses import gateway, router_external, segment_subnets
from citycloud.cloud.halves import Half, halves
from citycloud.cloud.requirements_flows import name_server
from citycloud.cloud.requirements_kinds import Kind, Requirement
from citycloud.report import Text

SERVICES = {
    "identity": 5000,
    "compute": 8774,
    "image": 9292,
    "network": 9696,
    "placement": 8778,
    "block-storage": 8776,
}
"""The public APIs of every site, and their ports."""


def of(city: City) -> Iterator[Requirement]:
    everyone = halves(city)
    for site in clouds(city):
        yield from _apis(city, site)
        yield from _capacity(site)
        for zone in site.zones:
            yield from _zone(site, zone)
        for department in city.departments:
            yield from _department(city, everyone, site, department)
    yield _city_capacity(city)


def clouds(city: City) -> tuple[Site, ...]:
    """The sites that hold a cloud."""
    return tuple(site for site in city.sites if site.zones)


def totals(hosts: Iterable[Host]) -> dict[str, int]:
    """What the hosts sum to, by placement's names: MEMORY_MB is MiB, DISK_GB is GiB."""
    capacities = [host.capacity for host in hosts]
    return {
        "VCPU": sum(capacity.vcpu for capacity in capacities),
        "MEMORY_MB": sum(capacity.memory_gib for capacity in capacities) * 1024,
        "DISK_GB": sum(capacity.storage_gib for capacity in capacities),
    }


def _amount(vcpu: int, memory_gib: int, storage_gib: int) -> Text:
    return Text(
        f"{vcpu:,} 个 vCPU、{memory_gib:,} GiB 内存、{storage_gib:,} GiB 存储",
        f"{vcpu:,} vCPU, {memory_gib:,} GiB of memory and {storage_gib:,} GiB of storage",
    )


def _apis(city: City, site: Site) -> Iterator[Requirement]:
    if site.management is None:
        return
    for service, port in SERVICES.items():
        for family, label in (("ipv4", "IPv4"), ("ipv6", "IPv6")):
            name, own = f"api.{site.id}.{city.domain}", name_server(site.management)
            yield Requirement(
                Kind.API,
                site.id,
                f"{service}/{family}",
                Text(
                    f"{site.name}的 {service} 接口在 {label} 上以受信任的证书应答",
                    f"The {service} API of {site.id} answers over {label} with a certificate that can be trusted",
                ),
                {"name": name, "port": port, "address": str(own.ipv4 if family == "ipv4" else own.ipv6)},
            )


def _capacity(site: Site) -> Iterator[Requirement]:
    hosts = [(zone, host) for zone in site.zones for host in zone.hosts]
    for zone, host in hosts:
        amount = _amount(host.capacity.vcpu, host.capacity.memory_gib, host.capacity.storage_gib)
        yield Requirement(
            Kind.CAPACITY_HOST,
            site.id,
            host.id,
            Text(f"主机 {host.id} 恰好提供{amount.zh}", f"Host {host.id} lends exactly {amount.en}"),
            totals([host]),
        )
        traits = sorted({f"CUSTOM_GUESTS_{host.guests.upper()}", *host.traits})
        yield Requirement(
            Kind.HOST_TRAITS,
            site.id,
            host.id,
            Text(
                f"主机 {host.id} 带有特征 {'、'.join(traits)}，别无自定义特征",
                f"Host {host.id} has the traits {', '.join(traits)} and no other of ours",
            ),
            {"traits": traits, "zone": zone.id},
        )
    sums = totals(host for _, host in hosts)
    amount = _amount(sums["VCPU"], sums["MEMORY_MB"] // 1024, sums["DISK_GB"])
    yield Requirement(
        Kind.CAPACITY_SITE,
        site.id,
        "all",
        Text(
            f"{site.name}的全部主机合计恰好提供{amount.zh}",
            f"All hosts of {site.id} together, and no others, lend exactly {amount.en}",
        ),
        {"hosts": sorted(host.id for _, host in hosts), "totals": sums},
    )


def _city_capacity(city: City) -> Requirement:
    built: Capacity = city.plan.capacity
    amount = _amount(built.vcpu, built.memory_gib, built.storage_gib)
    return Requirement(
        Kind.CAPACITY_CITY,
        "",
        "all",
        Text(f"各云合计恰好提供规划中的{amount.zh}", f"All clouds together lend exactly the plan's {amount.en}"),
        {"VCPU": built.vcpu, "MEMORY_MB": built.memory_gib * 1024, "DISK_GB": built.storage_gib},
    )


def _zone(site: Site, zone: Zone) -> Iterator[Requirement]:
    hosts = sorted(host.id for host in zone.hosts)
    yield Requirement(
        Kind.ZONE,
        site.id,
        zone.id,
        Text(
            f"{site.name}的可用区 {zone.id} 可用，主机恰为 {'、'.join(hosts)}",
            f"Availability zone {zone.id} of {site.id} is available, and its hosts are exactly {', '.join(hosts)}",
        ),
        {"hosts": hosts},
    )
    shared = set.intersection(*(set(host.traits) for host in zone.hosts)) if zone.hosts else set()
    elsewhere = {trait for other in site.zones if other.id != zone.id for host in other.hosts for trait in host.traits}
    apart = sorted(shared - elsewhere)
    guarded = Text(
        f"，只收申明 {'、'.join(apart)} 的服务器", f", and keeps away servers that do not ask for {', '.join(apart)}"
    )
    yield Requirement(
        Kind.AGGREGATE,
        site.id,
        zone.id,
        Text(
            f"{site.name}的主机聚合 {zone.id} 把这些主机放进可用区 {zone.id}{guarded.zh if apart else ''}",
            f"Aggregate {zone.id} of {site.id} puts its hosts into zone {zone.id}{guarded.en if apart else ''}",
        ),
        {"hosts": hosts, "traits": apart},
    )


def _department(city: City, everyone: Iterable[Half], site: Site, department: Department) -> Iterator[Requirement]:
    quota = next((quota for quota in department.quotas if quota.site == site.id), None)
    if quota is None:
        return
    yield Requirement(
        Kind.PROJECT,
        site.id,
        department.id,
        Text(
            f"{department.name}在{site.name}有启用的项目 {department.id}，其用户有成员角色而无管理员角色",
            f"{department.id} has an enabled project on {site.id}, whose user is its member and not an administrator",
        ),
        {"project": department.id},
    )
    amount = _amount(quota.vcpu, quota.memory_gib, quota.storage_gib)
    yield Requirement(
        Kind.QUOTA,
        site.id,
        department.id,
        Text(
            f"{department.name}在{site.name}的配额恰为{amount.zh}",
            f"The quota of {department.id} on {site.id} is exactly {amount.en}",
        ),
        {"cores": quota.vcpu, "ram": quota.memory_gib * 1024, "gigabytes": quota.storage_gib},
    )
    here = [half for half in everyone if half.site.id == site.id and half.department.id == department.id]
    if here:
        yield _router(site, department)
    for segment in city.segments:
        if guests := {half.machine.guests for half in here if half.segment.id == segment.id}:
            yield _network(site, department, segment, runs=guests != {Guests.NONE})


def _router(site: Site, department: Department) -> Requirement:
    external = router_external(site, department)
    return Requirement(
        Kind.ROUTER,
        site.id,
        department.id,
        Text(
            f"{department.name}的路由器在外部网络上的地址是 {external.ipv4} 与 {external.ipv6}，不做地址转换",
            f"The router of {department.id} is {external.ipv4} and {external.ipv6} outside, and translates nothing",
        ),
        {"project": department.id, "ipv4": str(external.ipv4), "ipv6": str(external.ipv6)},
    )


def _network(site: Site, department: Department, segment: Segment, *, runs: bool) -> Requirement:
    subnets = segment_subnets(site, department, segment)
    inner = gateway(subnets)
    want: dict[str, Any] = {
        "project": department.id,
        "name": f"{department.id}-{segment.id}",
        "ipv4": str(subnets.ipv4),
        "ipv6": str(subnets.ipv6),
        "gateways": [str(inner.ipv4), str(inner.ipv6)],
        "served": runs,
    }
    return Requirement(
        Kind.NETWORK,
        site.id,
        f"{department.id}/{segment.id}",
        Text(
            f"{department.name}在{segment.name}的网络是双栈的：{subnets.ipv4} 与 {subnets.ipv6}，接在部门路由器上",
            f"The {segment.id} network of {department.id} is dual-stack, {subnets.ipv4} and {subnets.ipv6}, "
            "on the department's router",
        ),
        want,
    )
