"""What a machine's security groups have to let through: the City's flows, read again without the layout's help. Pure.

The result is compared with what the cloud really holds as sets of addresses, so that other rules to the same effect
are as good, and one address too many is a fault.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, collapse_addresses

from citycloud.city.model import Addresses, City, Flow, Protocol, Site, Subnets
from citycloud.cloud.addresses import segment_subnets
from citycloud.cloud.halves import Half

ANY, OPERATIONS = "any", "operations"
EVERYWHERE = Subnets(ipv4=IPv4Network("0.0.0.0/0"), ipv6=IPv6Network("::/0"))
METADATA = Subnets(ipv4=IPv4Network("169.254.169.254/32"), ipv6=IPv6Network("fe80::a9fe:a9fe/128"))
NAME_SERVER = 10
"""Host number of a site's name server on its management network (.10 and ::10)."""

Openings = Mapping[str, tuple[str, ...]]
"""From ``ingress IPv4 tcp/443`` to the prefixes it is open to, collapsed and sorted."""


def openings(city: City, everyone: Sequence[Half], half: Half) -> Openings:
    """Everything that the half, one of ``everyone``, may take and make: both directions and families."""
    found: dict[str, list[IPv4Network | IPv6Network]] = defaultdict(list)
    for flow in city.flows:
        if half in named(everyone, flow.target):
            _open(found, "ingress", flow, _sources(city, everyone, flow, half))
        if half in named(everyone, flow.source):
            _open(found, "egress", flow, _targets(city, everyone, flow, half))
    for protocol, port, remote in _platform(half.site):
        _open(found, "egress", Flow(source=half.machine.id, target="", protocol=protocol, port=port), [remote])
    return {key: collapsed(prefixes) for key, prefixes in sorted(found.items())}


def named(everyone: Iterable[Half], end: str) -> list[Half]:
    """The halves that the end of a flow names: a machine's, a system's, a segment's."""
    return [half for half in everyone if end in (half.machine.id, half.system.id, half.segment.id)]


def collapsed(prefixes: Iterable[IPv4Network | IPv6Network]) -> tuple[str, ...]:
    """The fewest prefixes that cover the same addresses, all of one family."""
    own = list(prefixes)
    four = collapse_addresses([prefix for prefix in own if isinstance(prefix, IPv4Network)])
    six = collapse_addresses([prefix for prefix in own if isinstance(prefix, IPv6Network)])
    return tuple(map(str, (*four, *six)))


def key(direction: str, family: str, protocol: str, port: int | None) -> str:
    """``ingress IPv4 tcp/443``; ICMP is called ``icmp`` in both families."""
    return f"{direction} {family} {protocol}" + (f"/{port}" if port is not None else "")


def name_server(management: Subnets) -> Addresses:
    """A site's name server, where its cloud's APIs are too."""
    return Addresses(
        ipv4=management.ipv4.network_address + NAME_SERVER,
        ipv6=management.ipv6.network_address + int(str(NAME_SERVER), 16),
    )


def _open(
    found: dict[str, list[IPv4Network | IPv6Network]], direction: str, flow: Flow, remotes: Iterable[Subnets]
) -> None:
    for remote in remotes:
        found[key(direction, "IPv4", flow.protocol, flow.port)].append(remote.ipv4)
        found[key(direction, "IPv6", flow.protocol, flow.port)].append(remote.ipv6)


def _platform(site: Site) -> Iterator[tuple[Protocol, int, Subnets]]:
    """What every machine needs of the cloud itself: its metadata and the site's name server."""
    yield "tcp", 80, METADATA
    if site.management is None:
        return
    own = name_server(site.management)
    server = Subnets(ipv4=IPv4Network(own.ipv4), ipv6=IPv6Network(own.ipv6))
    yield "tcp", 53, server
    yield "udp", 53, server


def _shown(city: City, half: Half, end: str) -> Subnets:
    """What a half looks like from afar: its address, or its network where the flow names the segment."""
    if any(segment.id == end for segment in city.segments):
        return segment_subnets(half.site, half.department, half.segment)
    return Subnets(ipv4=IPv4Network(half.addresses.ipv4), ipv6=IPv6Network(half.addresses.ipv6))


def _sources(city: City, everyone: Sequence[Half], flow: Flow, target: Half) -> list[Subnets]:
    if flow.source == ANY:
        return [EVERYWHERE]
    if flow.source == OPERATIONS:
        return list(city.operations)
    return [_shown(city, half, flow.source) for half in named(everyone, flow.source) if _may(half, target)]


def _targets(city: City, everyone: Sequence[Half], flow: Flow, source: Half) -> list[Subnets]:
    return [_shown(city, half, flow.target) for half in named(everyone, flow.target) if _may(source, half)]


def _may(source: Half, target: Half) -> bool:
    """A department-only segment is closed to other departments, whatever a flow says."""
    return not target.segment.own_department_only or source.department == target.department
