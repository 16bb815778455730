"""The ways of a site: out to the carrier, to its name server, and the departments' networks. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from citycloud.city.model import Addresses, Department, Guests, Segment, Site
from citycloud.cloud.addresses import gateway, segment_subnets
from citycloud.cloud.halves import Half
from citycloud.cloud.layout.values import External, Network

NAME_SERVER_IPV4, NAME_SERVER_IPV6 = 10, 0x10
"""The site's name server, as the host part of the management network's ranges: .10 and ::10."""
PHYSICAL_NETWORK = "physnet1"
"""What the cloud's administrator called the line to the carrier."""


def name_server(site: Site) -> Addresses:
    """The site's name server, on the management network. Raises ValueError for a site that holds no cloud."""
    if site.management is None:
        raise ValueError(f"site {site.id} holds no cloud: it declares no management range")
    return Addresses(
        ipv4=site.management.ipv4.network_address + NAME_SERVER_IPV4,
        ipv6=site.management.ipv6.network_address + NAME_SERVER_IPV6,
    )


def external(site: Site) -> External:
    """The provider network. Raises ValueError for a site that holds no cloud."""
    if site.external is None:
        raise ValueError(f"site {site.id} holds no cloud: it declares no external range")
    return External(f"{site.id}-external", PHYSICAL_NETWORK, site.external, gateway(site.external))


def network(site: Site, department: Department, segment: Segment, *, served: bool) -> Network:
    """The department's network in a segment."""
    subnets = segment_subnets(site, department, segment)
    name = network_name(department, segment)
    return Network(name, segment.id, subnets, gateway(subnets), name_server=name_server(site), served=served)


def served_segments(here: Iterable[Half]) -> frozenset[str]:
    """The segments in which a machine runs, of those that a department has on a site.

    A machine without guests asks for no address, and an agent's work for each network is dear.
    """
    return frozenset(half.segment.id for half in here if half.machine.guests is not Guests.NONE)


def network_name(department: Department, segment: Segment) -> str:
    return f"{department.id}-{segment.id}"
