"""What the lab consists of, derived from the City: pure, so that every part of the lab agrees without asking another.

In each management network: the carrier's gateway is number 1, the controller 10, hypervisors 11 and up (LXC first).
Hypervisors bear the ids of the City's hosts that run guests; controllers are named ``<site>-ctl``.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Network
from typing import Any

from citycloud.city.model import Addresses, City, Guests, Host, Noun, Site, Subnets
from citycloud.cloud.addresses import department_range, gateway, router_external
from citycloud.lab.ranges import INFRASTRUCTURE_IPV4, INFRASTRUCTURE_IPV6

GATEWAY_NUMBER = 1
CONTROLLER_NUMBER = 10
INFRASTRUCTURE = Subnets(ipv4=IPv4Network(INFRASTRUCTURE_IPV4), ipv6=IPv6Network(INFRASTRUCTURE_IPV6))
"""Point-to-point lines of the lab itself, where the City declares no network that its operators connect from."""


class Role(StrEnum):
    """What a lab host does; hypervisors are named by what runs their guests."""

    CONTROLLER = "controller"
    LXC = "lxc"
    QEMU = "qemu"
    ROOM = "room"
    """A host of a department's machine room (lab/legacy)."""


ROLE_OF_GUESTS = {Guests.LXC: Role.LXC, Guests.QEMU: Role.QEMU, Guests.KVM: Role.QEMU}


class Line(Noun):
    """A point-to-point line: a /30 and a /64, and the addresses of its two ends."""

    subnets: Subnets
    first: Addresses
    second: Addresses


class LabHost(Noun):
    """A Debian host with systemd: a container of the lab."""

    name: str
    site: str
    role: Role
    carrier: str
    addresses: Addresses
    """On the management network (eth0)."""
    mac: str
    provider_mac: str | None
    """MAC of eth1, the port of br-ex, on the provider network; None where the host is not on it."""


class Route(Noun):
    """A department's share of the tenant range, reached through its router on the provider network."""

    to: Subnets
    via: Addresses


class LabCarrier(Noun):
    """A carrier's router: a network namespace that holds a cloud's management and provider networks."""

    name: str
    site: str
    management: Subnets
    external: Subnets
    tenant: Subnets
    gateway: Addresses
    external_gateway: Addresses
    routes: tuple[Route, ...]
    uplink: Line
    """To the lab's own namespace (first end), from which this machine is reached."""


class LabLink(Noun):
    """The rate-limited line between two carriers."""

    carriers: tuple[str, str]
    megabits: int
    line: Line


class LabSpec(Noun):
    """The whole lab. ``city`` is what it was made from; deploys read capacities and names there."""

    city: City
    infrastructure: Subnets
    """Point-to-point lines: to this machine, to the carriers, between carriers. Operators connect from here."""
    hosts: tuple[LabHost, ...]
    carriers: tuple[LabCarrier, ...]
    links: tuple[LabLink, ...]
    host_line: Line
    """Between this machine (first end) and the lab's own namespace."""

    def host(self, name: str) -> LabHost:
        """The host of that name. Raises KeyError."""
        for host in self.hosts:
            if host.name == name:
                return host
        raise KeyError(name)

    def site_hosts(self, site: str) -> tuple[LabHost, ...]:
        return tuple(host for host in self.hosts if host.site == site)

    def controller(self, site: str) -> LabHost:
        """The site's controller. Raises KeyError."""
        return self.host(f"{site}-ctl")

    def carrier(self, site: str) -> LabCarrier:
        """The carrier that holds the site's cloud. Raises KeyError."""
        for carrier in self.carriers:
            if carrier.site == site:
                return carrier
        raise KeyError(site)

    def prefixes(self) -> tuple[Subnets, ...]:
        """Every range that the lab uses, which this machine must not use for anything else."""
        ranges = [sub for carrier in self.carriers for sub in (carrier.management, carrier.external, carrier.tenant)]
        return (self.infrastructure, *ranges)

    def shape(self) -> dict[str, Any]:
        """All but the City, as JSON: two labs of one shape differ at most in what is deployed on them."""
        return self.model_dump(mode="json", exclude={"city"})


def host_mac(ipv4: IPv4Address, port: int) -> str:
    """A locally administered MAC for a host's ``port`` (0 or 1), apart from the machines' (02:c1:...)."""
    return ":".join(f"{octet:02x}" for octet in (0x02, 0xC2 + port, *ipv4.packed))


def line(within: Subnets, number: int) -> Line:
    """The ``number``-th point-to-point line of the lab's infrastructure (0 to 63 in a /24)."""
    net4 = IPv4Network((int(within.ipv4.network_address) + 4 * number, 30))
    net6 = IPv6Network((int(within.ipv6.network_address) + (number << 64), 64))
    ends = [Addresses(ipv4=net4.network_address + end, ipv6=net6.network_address + end) for end in (1, 2)]
    return Line(subnets=Subnets(ipv4=net4, ipv6=net6), first=ends[0], second=ends[1])


def at(subnets: Subnets, number: int) -> Addresses:
    """IPv4 .N and IPv6 ::N, N read as its decimal digits in both families (.10 is ::10)."""
    return Addresses(
        ipv4=subnets.ipv4.network_address + number,
        ipv6=subnets.ipv6.network_address + int(str(number), 16),
    )


def _hypervisors(site: Site) -> list[Host]:
    """Hosts of the site that run guests: LXC first, then by id."""
    found = [host for zone in site.zones for host in zone.hosts if host.guests in ROLE_OF_GUESTS]
    return sorted(found, key=lambda host: (host.guests is not Guests.LXC, host.id))


def _lab_host(site: Site, management: Subnets, name: str, role: Role, number: int) -> LabHost:
    addresses = at(management, number)
    return LabHost(
        name=name,
        site=site.id,
        role=role,
        carrier=site.carrier,
        addresses=addresses,
        mac=host_mac(addresses.ipv4, 0),
        provider_mac=host_mac(addresses.ipv4, 1) if role is Role.CONTROLLER else None,
    )


def _hosts(site: Site, management: Subnets) -> Iterator[LabHost]:
    yield _lab_host(site, management, f"{site.id}-ctl", Role.CONTROLLER, CONTROLLER_NUMBER)
    for number, host in enumerate(_hypervisors(site), CONTROLLER_NUMBER + 1):
        yield _lab_host(site, management, host.id, ROLE_OF_GUESTS[host.guests], number)


def _carrier(city: City, site: Site, uplink: Line) -> LabCarrier:
    if site.management is None or site.external is None or site.tenant is None:
        raise ValueError(f"site {site.id} has zones but declares no management, external or tenant range")
    routes = [
        Route(to=department_range(site, department), via=router_external(site, department))
        for department in city.departments
    ]
    return LabCarrier(
        name=site.carrier,
        site=site.id,
        management=site.management,
        external=site.external,
        tenant=site.tenant,
        gateway=at(site.management, GATEWAY_NUMBER),
        external_gateway=gateway(site.external),
        routes=tuple(routes),
        uplink=uplink,
    )


def lab_spec(city: City) -> LabSpec:
    """The lab of ``city``: a carrier and its hosts for every site with zones; a link where both ends have a cloud.

    Raises ValueError where a site with zones declares no ranges; ``citycloud check`` finds that earlier.
    """
    sites = [site for site in city.sites if site.zones]
    own = city.operations[0] if city.operations else INFRASTRUCTURE
    carriers = {site.id: _carrier(city, site, line(own, number)) for number, site in enumerate(sites, 1)}
    hosts = [host for site in sites for host in _hosts(site, carriers[site.id].management)]
    links = [link for link in city.links if set(link.sites) <= carriers.keys()]
    return LabSpec(
        city=city,
        infrastructure=own,
        hosts=tuple(hosts),
        carriers=tuple(carriers.values()),
        links=tuple(
            LabLink(
                carriers=(carriers[link.sites[0]].name, carriers[link.sites[1]].name),
                megabits=link.megabits,
                line=line(own, 32 + number),
            )
            for number, link in enumerate(links)
        ),
        host_line=line(own, 0),
    )
