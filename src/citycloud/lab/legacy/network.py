"""The rooms' network as ``ip`` and ``tc`` lines: pure, added to a living lab and taken out of it again.

::

    carrier ═ rate-limited line ═ room (a router) ─ bridge lan ─ eth0 of every host of the room

Routes to a room are the lab's own, its carrier's, and those of every carrier that a link joins to it; tenants' routers
and hosts reach it through their default route.
"""

from __future__ import annotations

from collections.abc import Iterator

from citycloud.city.model import Addresses, Subnets
from citycloud.lab.legacy.spec import LabRoom, RoomsSpec
from citycloud.lab.network import Batch
from citycloud.lab.spec import LabCarrier, LabHost, LabSpec

BURST = "256kb"
"""What a line lets through at once: a quarter of a second at 8 Mbit/s, hardly anything at 100."""


def namespaces(spec: RoomsSpec) -> list[str]:
    """Rooms, then their hosts."""
    return [room.room.id for room in spec.rooms] + [host.name for host in spec.hosts]


def _address(device: str, addresses: Addresses, subnets: Subnets) -> Iterator[str]:
    yield f"addr add {addresses.ipv4}/{subnets.ipv4.prefixlen} dev {device}"
    yield f"addr add {addresses.ipv6}/{subnets.ipv6.prefixlen} dev {device} nodad"


def _routes(verb: str, to: Subnets, via: Addresses) -> Iterator[str]:
    yield f"route {verb} {to.ipv4} via {via.ipv4}"
    yield f"route {verb} {to.ipv6} via {via.ipv6}"


def _port(room: LabRoom, host: LabHost) -> str:
    """The room's end of a host's wire."""
    return f"host{room.hosts.index(host)}"


def _wires(spec: RoomsSpec) -> Iterator[str]:
    for room in spec.rooms:
        name = room.room.id
        yield f"link add name {room.port} netns {room.room.carrier} type veth peer name uplink netns {name}"
        for host in room.hosts:
            near = f"name {_port(room, host)} netns {name}"
            yield f"link add {near} type veth peer name eth0 address {host.mac} netns {host.name}"


def _carrier(spec: RoomsSpec, name: str) -> Iterator[str]:
    for room in spec.rooms:
        if room.room.carrier == name:
            yield f"link set {room.port} up"
            yield from _address(room.port, room.line.first, room.line.subnets)
            yield from _routes("replace", room.room.network, room.line.second)


def _room(room: LabRoom) -> Iterator[str]:
    yield "link set lo up"
    yield "link set uplink up"
    yield from _address("uplink", room.line.second, room.line.subnets)
    yield f"route add default via {room.line.first.ipv4}"
    yield f"route add default via {room.line.first.ipv6}"
    yield "link add lan type bridge"
    yield "link set lan up"
    for host in room.hosts:
        yield f"link set {_port(room, host)} master lan up"
    yield from _address("lan", room.gateway, room.room.network)


def _host(room: LabRoom, host: LabHost) -> Iterator[str]:
    yield "link set lo up"
    yield "link set eth0 up"
    yield from _address("eth0", host.addresses, room.room.network)
    yield f"route add default via {room.gateway.ipv4}"
    yield f"route add default via {room.gateway.ipv6}"


def _home(lab: LabSpec, room: LabRoom) -> LabCarrier:
    return next(carrier for carrier in lab.carriers if carrier.name == room.room.carrier)


def _elsewhere(spec: RoomsSpec, verb: str) -> list[Batch]:
    """Routes to the rooms from where they are not: the lab's own namespace, and carriers linked to the room's."""
    lines: dict[str, list[str]] = {"": []}
    for room in spec.rooms:
        home = _home(spec.lab, room)
        lines[""] += _routes(verb, room.room.network, home.uplink.second)
        for link in spec.lab.links:
            if home.name in link.carriers:
                first = link.carriers[0] == home.name
                other = link.carriers[1] if first else link.carriers[0]
                far = link.line.first if first else link.line.second
                lines.setdefault(other, []).extend(_routes(verb, room.room.network, far))
    return [Batch(name, tuple(found)) for name, found in lines.items()]


def batches(spec: RoomsSpec) -> list[Batch]:
    """What to run, in order; the rooms' and hosts' namespaces are there already, and so is the lab's network."""
    carriers = dict.fromkeys(room.room.carrier for room in spec.rooms)
    return [
        Batch("", tuple(_wires(spec))),
        *(Batch(name, tuple(_carrier(spec, name))) for name in carriers),
        *(Batch(room.room.id, tuple(_room(room))) for room in spec.rooms),
        *(Batch(host.name, tuple(_host(room, host))) for room in spec.rooms for host in room.hosts),
        *_elsewhere(spec, "replace"),
    ]


def undone(spec: RoomsSpec) -> list[Batch]:
    """What takes the rooms out of the living lab's network, once their namespaces are gone (and their wires with)."""
    return _elsewhere(spec, "del")


def limits(spec: RoomsSpec) -> list[tuple[str, str]]:
    """(namespace, line for ``tc -batch``): the rate of every room's line, at both of its ends."""
    return [
        (name, f"qdisc add dev {device} root tbf rate {room.room.megabits}mbit burst {BURST} latency 50ms")
        for room in spec.rooms
        for name, device in ((room.room.carrier, room.port), (room.room.id, "uplink"))
    ]


def machine_side(spec: RoomsSpec, verb: str) -> list[str]:
    """Routes of this machine to the rooms, over the lab's one device; ``verb`` is ``replace`` or ``del``."""
    via = spec.lab.host_line.second
    return [one for room in spec.rooms for one in _routes(verb, room.room.network, via)]
