"""Where everything in a cloud is addressed: pure arithmetic over the declaration, so that DNS, security rules, routes
and inventories agree without asking anyone.

A department's share of a Site's tenant range is fixed by its number: an IPv4 /22 and an IPv6 /56; each segment takes
one /24 and one /64 of it. A machine's IPv6 address is what SLAAC makes of its MAC (modified EUI-64, RFC 4291 appendix
A), and its MAC is made from its IPv4 address.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from citycloud.city.model import Addresses, Department, Machine, Segment, Site, Subnets

ROUTER_IPV4_OFFSET = 16
ROUTER_IPV6_OFFSET = 0x100


def _cut4(network: IPv4Network, prefix: int, index: int) -> IPv4Network:
    return IPv4Network((int(network.network_address) + (index << (32 - prefix)), prefix))


def _cut6(network: IPv6Network, prefix: int, index: int) -> IPv6Network:
    return IPv6Network((int(network.network_address) + (index << (128 - prefix)), prefix))


def _tenant(site: Site) -> Subnets:
    if site.tenant is None:
        raise ValueError(f"site {site.id} holds no cloud: it declares no tenant range")
    return site.tenant


def department_range(site: Site, department: Department) -> Subnets:
    """The department's share of the site's tenant range: a /22 and a /56."""
    tenant = _tenant(site)
    return Subnets(
        ipv4=_cut4(tenant.ipv4, 22, department.number),
        ipv6=_cut6(tenant.ipv6, 56, department.number),
    )


def segment_subnets(site: Site, department: Department, segment: Segment) -> Subnets:
    """The department's network in a segment: a /24 and a /64."""
    share = department_range(site, department)
    return Subnets(ipv4=_cut4(share.ipv4, 24, segment.number), ipv6=_cut6(share.ipv6, 64, segment.number))


def gateway(subnets: Subnets) -> Addresses:
    """The router's addresses in a network: the first of each family."""
    return Addresses(ipv4=subnets.ipv4.network_address + 1, ipv6=subnets.ipv6.network_address + 1)


def router_external(site: Site, department: Department) -> Addresses:
    """The department's router on the provider network; the carrier routes the department's range to it."""
    if site.external is None:
        raise ValueError(f"site {site.id} holds no cloud: it declares no external range")
    return Addresses(
        ipv4=site.external.ipv4.network_address + ROUTER_IPV4_OFFSET + department.number,
        ipv6=site.external.ipv6.network_address + ROUTER_IPV6_OFFSET + department.number,
    )


def machine_mac(ipv4: IPv4Address) -> str:
    """A locally administered MAC made from the machine's IPv4 address."""
    return ":".join(f"{octet:02x}" for octet in (0x02, 0xC1, *ipv4.packed))


def eui64(prefix: IPv6Network, mac: str) -> IPv6Address:
    """The address that SLAAC makes in ``prefix`` from ``mac`` (RFC 4291, appendix A)."""
    octets = bytes.fromhex(mac.replace(":", ""))
    identifier = bytes([octets[0] ^ 2]) + octets[1:3] + b"\xff\xfe" + octets[3:]
    return IPv6Address(int(prefix.network_address) | int.from_bytes(identifier, "big"))


def machine_addresses(site: Site, department: Department, segment: Segment, machine: Machine) -> Addresses:
    """The machine's addresses at ``site`` (its primary half or its standby half)."""
    subnets = segment_subnets(site, department, segment)
    ipv4 = subnets.ipv4.network_address + machine.number
    return Addresses(ipv4=ipv4, ipv6=eui64(subnets.ipv6, machine_mac(ipv4)))
