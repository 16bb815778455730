"""A small City that the tests of verification share: two clouds, a witness, three departments."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network

from citycloud.city.model import (
    Arch,
    Capacity,
    Carrier,
    City,
    Department,
    Flow,
    Guests,
    Host,
    Link,
    Machine,
    Pair,
    Person,
    PlanSums,
    Quota,
    Segment,
    Site,
    Subnets,
    System,
    Zone,
)


def subnets(ipv4: str, ipv6: str) -> Subnets:
    return Subnets(ipv4=IPv4Network(ipv4), ipv6=IPv6Network(ipv6))


def host(name: str, guests: Guests, vcpu: int, arch: Arch = Arch.X86_64, traits: tuple[str, ...] = ()) -> Host:
    capacity = Capacity(vcpu=vcpu, memory_gib=vcpu * 2, storage_gib=vcpu * 20)
    return Host(id=name, guests=guests, capacity=capacity, arch=arch, traits=traits)


def site(name: str, number: int) -> Site:
    general = (
        host(f"{name}-g1", Guests.NONE, 4000),
        host(f"{name}-g2", Guests.NONE, 3000),
        host(f"{name}-lxc", Guests.LXC, 32),
        host(f"{name}-qemu", Guests.QEMU, 8),
    )
    xinchuang = (host(f"{name}-x1", Guests.NONE, 2000, Arch.AARCH64, ("CUSTOM_XINCHUANG",)),)
    return Site(
        id=name,
        name={"east": "东站点", "west": "西站点"}[name],
        carrier={"east": "telecom", "west": "unicom"}[name],
        management=subnets(f"10.20{number}.0.0/24", f"2001:db8:{number}000::/64"),
        external=subnets(f"10.20{number}.8.0/24", f"2001:db8:{number}001::/64"),
        tenant=subnets(f"10.21{number}.0.0/16", f"2001:db8:{number}100::/48"),
        zones=(
            Zone(id="general", name="通用区", grades=(2, 3), hosts=general),
            Zone(id="xinchuang", name="信创区", grades=(2, 3), hosts=xinchuang),
        ),
    )


def department(name: str, words: str, number: int) -> Department:
    quotas = tuple(Quota(site=each, vcpu=64, memory_gib=128, storage_gib=9000) for each in ("east", "west"))
    people = (Person(id=f"{name}-owner", name="张三", role="owner"),)
    return Department(id=name, name=words, number=number, owner=f"{name}-owner", people=people, quotas=quotas)


def machine(name: str, system: str, number: int, segment: str, guests: Guests, data: int = 0) -> Machine:
    return Machine(
        id=name,
        system=system,
        role=name.split("-")[1],
        number=number,
        segment=segment,
        guests=guests,
        vcpu=2,
        memory_gib=4,
        system_disk_gib=8,
        data_disk_gib=data,
    )


def small_city() -> City:
    return City(
        schema_version=1,
        id="small",
        name="小城",
        domain="small.example",
        synthetic=True,
        plan=PlanSums(
            systems=3,
            units=0,
            capacity=Capacity(vcpu=18080, memory_gib=36160, storage_gib=361600),
            first_systems=3,
            first_vcpu=10,
            first_memory_gib=20,
            first_system_disk_gib=40,
            first_data_disk_gib=100,
        ),
        carriers=(
            Carrier(id="telecom", name="电信"),
            Carrier(id="unicom", name="联通"),
            Carrier(id="mobile", name="移动"),
        ),
        sites=(site("east", 1), site("west", 2), Site(id="province", name="省级节点", carrier="mobile")),
        links=(Link(sites=("east", "west"), megabits=1000),),
        segments=(
            Segment(id="internet", name="互联网区", number=0, may_reach=("public",)),
            Segment(id="public", name="公共区", number=1, may_reach=("internal",)),
            Segment(id="internal", name="部门区", number=2, may_reach=()),
        ),
        departments=(
            department("water", "水务局", 0),
            department("health", "卫健委", 1),
            department("civil", "民政局", 2),
        ),
        systems=(
            System(id="hydro", name="智慧水利", department="water", site="east", zone="general", grade=3, wave="first"),
            System(
                id="clinic", name="智慧医疗", department="health", site="east", zone="general", grade=3, wave="first"
            ),
            System(
                id="care", name="智慧养老", department="civil", site="west", zone="xinchuang", grade=2, wave="first"
            ),
        ),
        machines=(
            machine("hydro-web-1", "hydro", 10, "internet", Guests.LXC),
            machine("hydro-db-1", "hydro", 11, "internal", Guests.QEMU),
            machine("clinic-web-1", "clinic", 10, "public", Guests.NONE),
            machine("clinic-web-2", "clinic", 11, "public", Guests.NONE, data=100),
            machine("care-web-1", "care", 10, "public", Guests.NONE),
        ),
        operations=(subnets("10.200.0.0/24", "2001:db8:ff::/48"),),
        flows=(
            Flow(source="operations", target="hydro", protocol="tcp", port=22),
            Flow(source="any", target="hydro-web-1", protocol="tcp", port=443),
            Flow(source="hydro-web-1", target="hydro-db-1", protocol="tcp", port=5432),
            Flow(source="public", target="clinic", protocol="tcp", port=8080),
        ),
        regions=(),
        units=(),
        pairs=(Pair(id="twin", sites=("east", "west"), systems=("hydro",)),),
    )
