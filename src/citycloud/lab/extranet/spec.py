"""The extranet as part of a lab, derived from the City: pure, as lab/spec.py is.

::

    portal ─ core-1 ═══ core-2 ─ portal          one core for each cloud's carrier, one portal on each cloud's side
                ╲  ╲   ╱  ╱                      area 0
                 aggregation ...                 one for each region, two where it has over 80 units
                      │                          area 1, 2, ...: one for each aggregation router, totally stubby
              access ─ host                      one of each for every unit

The City declares no IPv4 of the extranet, so it is cut from one range here. A unit's number is its position in the
declaration, and so are its addresses: they are the same however many units are up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from citycloud.city.model import Noun
from citycloud.errors import BadInput
from citycloud.findings import Finding, Place
from citycloud.lab.extranet.choice import aggregations, chosen
from citycloud.lab.spec import LabSpec

RANGE = IPv4Network("10.170.0.0/16")
"""Where the real lab's extranet is; a /16, so that another lab can stand beside it."""
MOST_UNITS = 512
LAN_LENGTH = 26
ACCESS_LINES, ACCESS_LOOPBACKS, BACKBONE_LOOPBACKS, BACKBONE_LINES, SERVICES = 0x8000, 0xC000, 0xD000, 0xD400, 0xF000
"""Where each kind of address begins within the range; units' networks are below all of them."""
EXTRANET_AS, FIRST_CLOUD_AS = 64512, 64513
"""Autonomous systems for private use (RFC 6996)."""


class Part(StrEnum):
    """What a router is for."""

    CORE = "core"
    AGGREGATION = "aggregation"
    ACCESS = "access"
    PORTAL = "portal"
    """The end of a cloud's side: announces the portal's and the resolver's address to its core, by BGP."""


class Port(Noun):
    """A router's device and its address. ``area`` is OSPF's, None where OSPF does not speak."""

    name: str
    address: IPv4Interface
    area: int | None
    passive: bool = False


class Router(Noun):
    """A router: a network namespace of its name, with FRR in it. ``carrier`` is the Carrier whose line it is on."""

    name: str
    part: Part
    carrier: str
    loopback: IPv4Address
    area: int
    """Of its loopback."""
    autonomous_system: int | None
    """Of its BGP; None where it has none."""
    ports: tuple[Port, ...]
    lan: IPv4Network | None = None
    """An access router's unit's network."""


class End(Noun):
    """One end of a wire: a namespace ('' is the lab's own) and its device."""

    namespace: str
    device: str


class Wire(Noun):
    ends: tuple[End, End]


class UnitHost(Noun):
    """A unit's host: a network namespace, without processes of its own unless ``services``."""

    name: str
    unit: str
    address: IPv4Interface
    gateway: IPv4Address
    services: bool


class ExtranetSpec(Noun):
    """The whole extranet of a lab. Routers in order: cores, portals, aggregation, access."""

    range: IPv4Network
    operations: tuple[IPv4Network, ...]
    """Where sshd is reached from, and nothing else is."""
    operations_line: tuple[IPv4Interface, IPv4Interface]
    """Between the lab's own namespace (first end) and the first core."""
    portal: IPv4Address
    resolver: IPv4Address
    """One address each, at every portal: the nearest answers."""
    routers: tuple[Router, ...]
    wires: tuple[Wire, ...]
    hosts: tuple[UnitHost, ...]

    def router(self, name: str) -> Router:
        """Raises KeyError."""
        for router in self.routers:
            if router.name == name:
                return router
        raise KeyError(name)

    def of(self, part: Part) -> tuple[Router, ...]:
        return tuple(router for router in self.routers if router.part is part)


def extranet_spec(
    lab: LabSpec, *, units: int | None = None, services: bool = False, within: IPv4Network = RANGE
) -> ExtranetSpec:
    """The extranet of the lab's City with ``units`` of its units (None: all), on a range (a /16) of its own.

    ``services``: hosts run sshd and what a unit offers. Raises BadInput where the City or the range can't hold it.
    """
    _check(lab, units, within)
    return _Making(lab, within, chosen(lab.city, units), services).spec()


def _check(lab: LabSpec, units: int | None, within: IPv4Network) -> None:
    found = []
    if within.prefixlen != 16 or not within.is_private:
        found.append(("bad-value", f"{within} is no private /16", "such as 10.170.0.0/16"))
    for subnets in lab.prefixes():
        if subnets.ipv4.overlaps(within):
            found.append(("overlap", f"{within} overlaps the lab's {subnets.ipv4}", "a range of its own"))
    if len(lab.city.units) > MOST_UNITS:
        said = f"{len(lab.city.units)} units; a /16 is laid out for {MOST_UNITS}"
        found.append(("exhausted", said, "fewer units"))
    if units is not None and units < 1:
        found.append(("bad-value", f"{units} units", "1 or more"))
    names = Counter([*_names(lab), *(name for unit in lab.city.units for name in (unit.id, f"{unit.id}-host"))])
    if twice := sorted(name for name, times in names.items() if times > 1):
        found.append(("duplicate", f"{', '.join(twice)}: there twice in one lab", "another id for the unit"))
    if not lab.city.units or not lab.carriers:
        found.append(("bad-value", "the city has no units, or no site with a cloud", "declare them"))
    if found:
        place = Place(object="the extranet")
        raise BadInput("Nothing was touched.", [Finding(kind, place, said, hint) for kind, said, hint in found])


def _names(lab: LabSpec) -> Iterator[str]:
    """Namespaces that are no unit's."""
    yield from (carrier.name for carrier in lab.carriers)
    yield from (host.name for host in lab.hosts)
    yield from ("core-1", "core-2", *(f"portal-{carrier.site}" for carrier in lab.carriers))
    yield from (agg for aggs in aggregations(lab.city).values() for agg in aggs)


class _Making:
    """An extranet in the making: lines are numbered as they are drawn."""

    def __init__(self, lab: LabSpec, within: IPv4Network, units: tuple[str, ...], services: bool) -> None:
        self.lab, self.within, self.units, self.services = lab, within, units, services
        self.ports: dict[str, list[Port]] = {}
        self.wires: list[Wire] = []
        self.lines = 0

    def at(self, begins: int, number: int) -> IPv4Address:
        return self.within.network_address + begins + number

    def pair(self, begins: int, number: int) -> tuple[IPv4Interface, IPv4Interface]:
        """Both addresses of a line between two routers, a /31 (RFC 3021)."""
        first = self.at(begins, 2 * number)
        return IPv4Interface((first, 31)), IPv4Interface((first + 1, 31))

    def join(self, one: End, other: End, pair: tuple[IPv4Interface, IPv4Interface], area: int | None) -> None:
        for end, address in zip((one, other), pair, strict=True):
            if end.namespace:
                self.ports.setdefault(end.namespace, []).append(Port(name=end.device, address=address, area=area))
        self.wires.append(Wire(ends=(one, other)))

    def backbone(self, one: tuple[str, str], other: tuple[str, str], area: int | None) -> None:
        pair = self.pair(BACKBONE_LINES, self.lines)
        self.lines += 1
        ends = [End(namespace=name, device=device) for name, device in (one, other)]
        self.join(ends[0], ends[1], pair, area)

    def spec(self) -> ExtranetSpec:
        carriers = [carrier.name for carrier in self.lab.carriers]
        cores = {"core-1": carriers[0], "core-2": carriers[-1]}
        portals = {f"portal-{carrier.site}": carrier.name for carrier in self.lab.carriers[:2]}
        self.backbone(("core-1", "core"), ("core-2", "core"), 0)
        for core, portal in zip(cores, portals, strict=False):
            self.backbone((core, "cloud"), (portal, "extranet"), None)
        operations = self.pair(BACKBONE_LINES, self.lines)
        self.lines += 1
        self.join(End(namespace="", device="extranet"), End(namespace="core-1", device="ops"), operations, None)
        areas = {
            agg: area for area, agg in enumerate((a for all_ in aggregations(self.lab.city).values() for a in all_), 1)
        }
        for agg, area in areas.items():
            for number, core in enumerate(cores, 1):
                self.backbone((core, f"agg{area}"), (agg, f"core{number}"), 0)
        hosts = tuple(self._units(areas))
        return ExtranetSpec(
            range=self.within,
            operations=(self.lab.infrastructure.ipv4, operations[0].network),
            operations_line=operations,
            portal=self.at(SERVICES, 80),
            resolver=self.at(SERVICES, 53),
            routers=tuple(self._routers(cores, portals, areas)),
            wires=tuple(self.wires),
            hosts=hosts,
        )

    def _position(self) -> Iterator[tuple[int, str, str]]:
        """Number, id and aggregation router of every unit that is up: a region's routers take its units in turn."""
        seen: dict[str, int] = {}
        aggs = aggregations(self.lab.city)
        for number, unit in enumerate(self.lab.city.units):
            turn = seen.get(unit.region, 0)
            seen[unit.region] = turn + 1
            if unit.id in self.units:
                yield number, unit.id, aggs[unit.region][turn % len(aggs[unit.region])]

    def _units(self, areas: dict[str, int]) -> Iterator[UnitHost]:
        for number, unit, agg in self._position():
            ends = End(namespace=agg, device=f"unit{number}"), End(namespace=unit, device="wan0")
            self.join(*ends, self.pair(ACCESS_LINES, number), areas[agg])
            lan = self._lan(number)
            gateway = IPv4Interface((lan.network_address + 1, LAN_LENGTH))
            self.ports[unit].append(Port(name="lan0", address=gateway, area=areas[agg], passive=True))
            host = f"{unit}-host"
            ends = End(namespace=unit, device="lan0"), End(namespace=host, device="eth0")
            self.wires.append(Wire(ends=ends))
            yield UnitHost(
                name=host,
                unit=unit,
                address=IPv4Interface((lan.network_address + 2, LAN_LENGTH)),
                gateway=gateway.ip,
                services=self.services,
            )

    def _lan(self, number: int) -> IPv4Network:
        return IPv4Network((self.at(0, number << (32 - LAN_LENGTH)), LAN_LENGTH))

    def _routers(self, cores: dict[str, str], portals: dict[str, str], areas: dict[str, int]) -> Iterator[Router]:
        named = [(name, Part.CORE, carrier, EXTRANET_AS) for name, carrier in cores.items()]
        named += [(n, Part.PORTAL, c, FIRST_CLOUD_AS + at) for at, (n, c) in enumerate(portals.items())]
        for number, (name, part, carrier, system) in enumerate(named):
            yield self._router(name, part, carrier, self.at(BACKBONE_LOOPBACKS, 1 + number), 0, system)
        for agg, area in areas.items():
            at = self.at(BACKBONE_LOOPBACKS, 16 + area)
            yield self._router(agg, Part.AGGREGATION, "", at, 0, None)
        for number, unit, agg in self._position():
            at = self.at(ACCESS_LOOPBACKS, 1 + number)
            yield self._router(unit, Part.ACCESS, "", at, areas[agg], None, self._lan(number))

    def _router(
        self,
        name: str,
        part: Part,
        carrier: str,
        at: IPv4Address,
        area: int,
        system: int | None,
        lan: IPv4Network | None = None,
    ) -> Router:
        return Router(
            name=name,
            part=part,
            carrier=carrier,
            loopback=at,
            area=area,
            autonomous_system=system,
            ports=tuple(self.ports[name]),
            lan=lan,
        )
