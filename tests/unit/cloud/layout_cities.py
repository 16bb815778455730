"""Cities of any shape, for properties of layouts: two clouds, a few departments, systems, machines and flows."""

from __future__ import annotations

from hypothesis import strategies as st

from citycloud.city.model import (
    Capacity,
    Carrier,
    City,
    Department,
    Flow,
    Guests,
    Host,
    Machine,
    Pair,
    PlanSums,
    Protocol,
    Quota,
    Segment,
    Site,
    Subnets,
    System,
    Zone,
)

SITES = ("east", "west")
SEGMENTS = (
    Segment(id="outer", name="外", number=0, may_reach=(), from_any=True),
    Segment(id="middle", name="中", number=1, may_reach=()),
    Segment(id="inner", name="内", number=2, may_reach=(), own_department_only=True),
)
_ROOM = Capacity(vcpu=1000, memory_gib=1000, storage_gib=100_000)


def _ranges(ipv4: str, ipv6: str) -> Subnets:
    return Subnets.model_validate({"ipv4": ipv4, "ipv6": ipv6})


def _site(name: str, number: int) -> Site:
    plain = tuple(
        Host(id=f"{name}-h{n}", guests=guests, capacity=_ROOM)
        for n, guests in enumerate((Guests.NONE, Guests.NONE, Guests.LXC, Guests.QEMU))
    )
    apart = Host(id=f"{name}-x1", guests=Guests.NONE, capacity=_ROOM, traits=("CUSTOM_APART",))
    return Site(
        id=name,
        name=name,
        carrier="one",
        management=_ranges(f"10.20{number}.0.0/24", f"2001:db8:{number}0::/64"),
        external=_ranges(f"10.20{number}.8.0/24", f"2001:db8:{number}1::/64"),
        tenant=_ranges(f"10.21{number}.0.0/16", f"2001:db8:{number}00::/48"),
        zones=(
            Zone(id="plain", name="plain", grades=(1, 2, 3), hosts=plain),
            Zone(id="apart", name="apart", grades=(1, 2, 3), hosts=(apart,)),
        ),
    )


@st.composite
def cities(draw: st.DrawFn) -> City:
    """A City whose references all hold, with ids that say what they are: ``d1``, ``d1-s2``, ``d1-s2-m3``."""
    departments, systems, machines = [], [], []
    for d in range(draw(st.integers(1, 3))):
        quotas = tuple(Quota(site=site, vcpu=100, memory_gib=100, storage_gib=1000) for site in SITES)
        departments.append(Department(id=f"d{d}", name="D", number=d, owner="owner", people=(), quotas=quotas))
        number = 10
        for s in range(draw(st.integers(1, 2))):
            system = System(
                id=f"d{d}-s{s}",
                name="S",
                department=f"d{d}",
                site=draw(st.sampled_from(SITES)),
                zone=draw(st.sampled_from(("plain", "apart"))),
                grade=2,
                wave="first",
            )
            systems.append(system)
            for m in range(draw(st.integers(1, 3))):
                machines.append(draw(_machine(system, m, number)))
                number += 1
    held = tuple(system.id for system in systems if draw(st.booleans()))
    ends = [m.id for m in machines] + [s.id for s in systems] + [s.id for s in SEGMENTS]
    return _city(departments, systems, machines, held, draw(st.lists(_flow(ends), max_size=8)))


@st.composite
def _machine(draw: st.DrawFn, system: System, index: int, number: int) -> Machine:
    return Machine(
        id=f"{system.id}-m{index}",
        system=system.id,
        role=draw(st.sampled_from(("web", "db"))),
        number=number,
        segment=draw(st.sampled_from(SEGMENTS)).id,
        guests=Guests.NONE if system.zone == "apart" else draw(st.sampled_from((Guests.NONE, Guests.LXC, Guests.QEMU))),
        vcpu=draw(st.integers(1, 2)),
        memory_gib=draw(st.integers(1, 2)),
        system_disk_gib=20,
        data_disk_gib=draw(st.sampled_from((0, 50))),
    )


@st.composite
def _flow(draw: st.DrawFn, ends: list[str]) -> Flow:
    protocols: tuple[Protocol, ...] = ("tcp", "udp", "icmp")
    protocol = draw(st.sampled_from(protocols))
    return Flow(
        source=draw(st.sampled_from([*ends, "any", "operations"])),
        target=draw(st.sampled_from(ends)),
        protocol=protocol,
        port=None if protocol == "icmp" else draw(st.sampled_from((22, 443))),
    )


def _city(
    departments: list[Department],
    systems: list[System],
    machines: list[Machine],
    held: tuple[str, ...],
    flows: list[Flow],
) -> City:
    return City(
        schema_version=1,
        id="any",
        name="any",
        domain="any.example",
        synthetic=True,
        plan=PlanSums(
            systems=0,
            units=0,
            capacity=_ROOM,
            first_systems=0,
            first_vcpu=0,
            first_memory_gib=0,
            first_system_disk_gib=0,
            first_data_disk_gib=0,
        ),
        carriers=(Carrier(id="one", name="one"),),
        sites=(_site("east", 1), _site("west", 2), Site(id="third", name="third", carrier="one")),
        links=(),
        operations=(_ranges("10.200.0.0/24", "2001:db8:ff::/48"),),
        segments=SEGMENTS,
        departments=tuple(departments),
        systems=tuple(systems),
        machines=tuple(machines),
        flows=tuple(flows),
        regions=(),
        units=(),
        pairs=(Pair(id="pair", sites=("east", "west"), systems=held),) if held else (),
    )
