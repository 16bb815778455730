"""Which connections are tried with real packets: for each site, zone and segment, declared ones that must pass and
undeclared ones that must be dropped, over both families. Pure.

Packets need real instances at the target, and at the source unless that is the operators' host (where verification
runs). A zone and segment where only machines without guests stand is named as not provable, never left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from citycloud.city.model import City, Segment, Site, Zone
from citycloud.cloud.halves import Half, halves
from citycloud.cloud.requirements_flows import ANY, OPERATIONS, named, openings
from citycloud.cloud.requirements_kinds import Kind, Requirement
from citycloud.cloud.requirements_machines import real
from citycloud.report import Text

OPERATORS = "operators"
"""The operators' host as a source: this machine."""
UNDECLARED = range(8971, 9071)
"""Where a port that no flow names is looked for."""
NO_GUESTS = Text(
    "此处无法证明：只有容量，没有实例，发不出真实报文",
    "not provable here: capacity without guests, so there are no packets to send",
)


@dataclass(frozen=True)
class Try:
    """One connection to try. ``source`` is None for the operators' host."""

    source: Half | None
    target: Half
    port: int
    declared: bool

    @property
    def source_name(self) -> str:
        return where(self.source) if self.source else OPERATORS


def where(half: Half) -> str:
    """``hydro-web.east``."""
    return f"{half.machine.id}.{half.site.id}"


def of(city: City) -> Iterator[Requirement]:
    everyone = halves(city)
    for site in city.sites:
        for zone in site.zones:
            for segment in city.segments:
                yield from _place(city, everyone, site, zone, segment)


def _place(city: City, everyone: Sequence[Half], site: Site, zone: Zone, segment: Segment) -> Iterator[Requirement]:
    here = [
        half for half in everyone if (half.site.id, half.system.zone, half.segment.id) == (site.id, zone.id, segment.id)
    ]
    targets = [half for half in here if real(half)]
    if here and not targets:
        yield from _unprovable(site, zone, segment)
    for target in targets:
        for attempt in (*_declared(city, everyone, target), *_undeclared(city, everyone, target)):
            for family in ("ipv4", "ipv6"):
                yield _requirement(attempt, zone, segment, family)


def _declared(city: City, everyone: Sequence[Half], target: Half) -> list[Try]:
    """Every TCP flow to the target, from each source that packets can come from."""
    found = []
    for flow in city.flows:
        if flow.protocol != "tcp" or flow.port is None or target not in named(everyone, flow.target):
            continue
        if flow.source in (ANY, OPERATIONS):
            found.append(Try(None, target, flow.port, True))
        for source in named(everyone, flow.source):
            if real(source) and source != target and _may(source, target):
                found.append(Try(source, target, flow.port, True))
    return list(dict.fromkeys(found))


def _undeclared(city: City, everyone: Sequence[Half], target: Half) -> list[Try]:
    """From each source with a declared flow: a port without one. From sources without: the declared ports."""
    declared = _declared(city, everyone, target)
    ports = {attempt.port for attempt in declared}
    opened = openings(city, everyone, target)
    free = next(port for port in UNDECLARED if not any(key.endswith(f"/{port}") for key in opened))
    sources = dict.fromkeys([None, *(attempt.source for attempt in declared)])
    found = [Try(source, target, free, False) for source in sources]
    anyone = {flow.port for flow in city.flows if flow.source == ANY and target in named(everyone, flow.target)}
    for port in sorted(ports - anyone):
        known = {attempt.source for attempt in declared if attempt.port == port}
        if None not in known:
            found.append(Try(None, target, port, False))
        stranger = next((half for half in _neighbours(everyone, target) if half not in known), None)
        if stranger is not None:
            found.append(Try(stranger, target, port, False))
    return found


def _neighbours(everyone: Sequence[Half], target: Half) -> list[Half]:
    """Real instances at the same site."""
    return [half for half in everyone if real(half) and half.site == target.site and half != target]


def _may(source: Half, target: Half) -> bool:
    return not target.segment.own_department_only or source.department == target.department


def _requirement(attempt: Try, zone: Zone, segment: Segment, family: str) -> Requirement:
    target, source = attempt.target, attempt.source
    label = "IPv4" if family == "ipv4" else "IPv6"
    ends = Text(
        f"{source.machine.id}（{source.site.name}）" if source else "运维主机",
        f"{source.machine.id} at {source.site.id}" if source else "the operators' host",
    )
    place = f"{target.site.name}{zone.name}{segment.name}", f"{target.site.id}, {zone.id}, {segment.id}"
    passes = ("能通", "passes") if attempt.declared else ("被丢弃", "is dropped")
    stated = ("已申报", "declared,") if attempt.declared else ("未申报", "undeclared,")
    return Requirement(
        Kind.OPEN if attempt.declared else Kind.SHUT,
        target.site.id,
        f"{zone.id}/{segment.id}/{target.machine.id}/{attempt.port}/{attempt.source_name}/{family}",
        Text(
            f"{place[0]}：{stated[0]}的 {ends.zh} → {target.machine.id} TCP {attempt.port} 经 {label} {passes[0]}",
            f"{place[1]}: {stated[1]} {ends.en} → {target.machine.id} tcp/{attempt.port} {passes[1]} over {label}",
        ),
        {
            "source": attempt.source_name,
            "target": where(target),
            "address": str(target.addresses.ipv4 if family == "ipv4" else target.addresses.ipv6),
            "family": family,
            "port": attempt.port,
        },
    )


def _unprovable(site: Site, zone: Zone, segment: Segment) -> Iterator[Requirement]:
    for kind, stated in (
        (Kind.OPEN, ("已申报的连接能通", "declared flows pass")),
        (Kind.SHUT, ("未申报的连接被丢弃", "undeclared flows are dropped")),
    ):
        for family, label in (("ipv4", "IPv4"), ("ipv6", "IPv6")):
            yield Requirement(
                kind,
                site.id,
                f"{zone.id}/{segment.id}/{family}",
                Text(
                    f"{site.name}{zone.name}{segment.name}：{stated[0]}（{label}）",
                    f"{site.id}, {zone.id}, {segment.id}: {stated[1]} over {label}",
                ),
                unprovable=NO_GUESTS,
            )
