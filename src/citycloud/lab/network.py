"""The lab's network as ``ip`` and ``tc`` lines: pure, one batch for each network namespace.

::

    this machine ─ host line ─ the lab's own namespace ─ uplinks ─ carrier ═ rate-limited link ═ carrier
                                                                    ├─ bridge mgmt ─ eth0 of every host of the site
                                                                    └─ bridge ext ── eth1 (in br-ex) of the controller
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from citycloud.city.model import Addresses, Subnets
from citycloud.lab.spec import LabCarrier, LabHost, LabLink, LabSpec

LAB_PORT = "host0"

ROUTER_SYSCTLS = {
    "net/ipv4/ip_forward": "1",
    "net/ipv6/conf/all/forwarding": "1",
    "net/ipv4/conf/all/rp_filter": "0",
    "net/ipv4/conf/default/rp_filter": "0",
    "net/ipv6/conf/all/accept_ra": "0",
    "net/ipv6/conf/default/accept_ra": "0",
    "net/bridge/bridge-nf-call-iptables": "0",
    "net/bridge/bridge-nf-call-ip6tables": "0",
    "net/bridge/bridge-nf-call-arptables": "0",
}
"""For the lab's own namespace and the carriers: they route, and no firewall of theirs looks into bridged frames."""

HOST_SYSCTLS = {"net/ipv6/conf/all/accept_ra": "0", "net/ipv6/conf/default/accept_ra": "0"}
"""For lab hosts, before they boot: addresses are given, not learnt."""


@dataclass(frozen=True)
class Batch:
    """Lines for ``ip -batch`` within one namespace of the lab ('' is the lab's own)."""

    namespace: str
    lines: tuple[str, ...]


def namespaces(spec: LabSpec) -> list[str]:
    """Every network namespace besides the lab's own: carriers, then hosts."""
    return [carrier.name for carrier in spec.carriers] + [host.name for host in spec.hosts]


def _address(device: str, addresses: Addresses, subnets: Subnets) -> Iterator[str]:
    yield f"addr add {addresses.ipv4}/{subnets.ipv4.prefixlen} dev {device}"
    yield f"addr add {addresses.ipv6}/{subnets.ipv6.prefixlen} dev {device} nodad"


def _route(to: Subnets, via: Addresses) -> Iterator[str]:
    yield f"route add {to.ipv4} via {via.ipv4}"
    yield f"route add {to.ipv6} via {via.ipv6}"


def _ranges(carrier: LabCarrier) -> tuple[Subnets, Subnets, Subnets]:
    return (carrier.management, carrier.external, carrier.tenant)


def _port(host: LabHost, number: int) -> str:
    """Name of the carrier's end of a host's line: at most 15 characters (IFNAMSIZ), unique."""
    return f"{host.name[:9]}-{host.addresses.ipv4.packed[3]}.{number}"


def link_port(link: LabLink, carrier: str) -> str:
    """The device of ``carrier`` at its end of ``link``: named after the carrier at the other end."""
    other = link.carriers[1] if link.carriers[0] == carrier else link.carriers[0]
    return f"to-{other}"[:15]


def _wires(spec: LabSpec) -> Iterator[str]:
    """Every pair of devices between two namespaces, made from the lab's own."""
    for carrier in spec.carriers:
        yield f"link add name {carrier.name[:15]} type veth peer name uplink netns {carrier.name}"
    for link in spec.links:
        one, two = link.carriers
        yield f"link add name {link_port(link, one)} netns {one} type veth peer name {link_port(link, two)} netns {two}"
    for host in spec.hosts:
        yield from _host_wires(host)


def _host_wires(host: LabHost) -> Iterator[str]:
    for number, mac in enumerate(mac for mac in (host.mac, host.provider_mac) if mac):
        near = f"name {_port(host, number)} netns {host.carrier}"
        yield f"link add {near} type veth peer name eth{number} address {mac} netns {host.name}"


def _own(spec: LabSpec) -> Iterator[str]:
    """The lab's own namespace: between this machine and the carriers."""
    yield "link set lo up"
    yield f"link set {LAB_PORT} up"
    yield from _address(LAB_PORT, spec.host_line.second, spec.host_line.subnets)
    for carrier in spec.carriers:
        yield f"link set {carrier.name[:15]} up"
        yield from _address(carrier.name[:15], carrier.uplink.first, carrier.uplink.subnets)
        for one in _ranges(carrier):
            yield from _route(one, carrier.uplink.second)


def _carrier_links(spec: LabSpec, carrier: LabCarrier) -> Iterator[str]:
    """The carrier's ends of the links to others, and what lies behind each."""
    for link in spec.links:
        if carrier.name not in link.carriers:
            continue
        first = link.carriers[0] == carrier.name
        near, far = (link.line.first, link.line.second) if first else (link.line.second, link.line.first)
        port = link_port(link, carrier.name)
        yield f"link set {port} up"
        yield from _address(port, near, link.line.subnets)
        other = next(one for one in spec.carriers if one.name in link.carriers and one.name != carrier.name)
        for one in _ranges(other):
            yield from _route(one, far)


def _bridge(name: str, ports: Iterable[str]) -> Iterator[str]:
    yield f"link add {name} type bridge"
    yield f"link set {name} up"
    for port in ports:
        yield f"link set {port} master {name} up"


def _carrier(spec: LabSpec, carrier: LabCarrier) -> Iterator[str]:
    hosts = [host for host in spec.hosts if host.carrier == carrier.name]
    yield "link set lo up"
    yield "link set uplink up"
    yield from _address("uplink", carrier.uplink.second, carrier.uplink.subnets)
    yield f"route add default via {carrier.uplink.first.ipv4}"
    yield f"route add default via {carrier.uplink.first.ipv6}"
    yield from _bridge("mgmt", [_port(host, 0) for host in hosts])
    yield from _address("mgmt", carrier.gateway, carrier.management)
    yield from _bridge("ext", [_port(host, 1) for host in hosts if host.provider_mac])
    yield from _address("ext", carrier.external_gateway, carrier.external)
    for route in carrier.routes:
        yield from _route(route.to, route.via)
    yield from _carrier_links(spec, carrier)


def _host(spec: LabSpec, host: LabHost) -> Iterator[str]:
    carrier = spec.carrier(host.site)
    yield "link set lo up"
    yield "link set eth0 up"
    yield from _address("eth0", host.addresses, carrier.management)
    yield f"route add default via {carrier.gateway.ipv4}"
    yield f"route add default via {carrier.gateway.ipv6}"
    if host.provider_mac:
        yield from _bridge("br-ex", ["eth1"])


def batches(spec: LabSpec) -> list[Batch]:
    """What to run, in order; namespaces and the line to this machine are there already."""
    return [
        Batch("", tuple(_wires(spec))),
        Batch("", tuple(_own(spec))),
        *(Batch(carrier.name, tuple(_carrier(spec, carrier))) for carrier in spec.carriers),
        *(Batch(host.name, tuple(_host(spec, host))) for host in spec.hosts),
    ]


def limits(spec: LabSpec) -> list[tuple[str, str]]:
    """(namespace, line for ``tc -batch``): the rate of every link, at both of its ends (token bucket filter)."""
    return [
        (end, f"qdisc add dev {link_port(link, end)} root tbf rate {link.megabits}mbit burst 256kb latency 50ms")
        for link in spec.links
        for end in link.carriers
    ]


def host_side(spec: LabSpec, device: str) -> list[str]:
    """Run in this machine's namespace by the lab's PID 1: the wire, its address, routes to all of the lab."""
    lines = [
        f"link add name {device} type veth peer name {LAB_PORT} netns 1",  # 1: as the lab counts its processes
        f"link set {device} up",
        *_address(device, spec.host_line.first, spec.host_line.subnets),
    ]
    for subnets in spec.prefixes():
        lines += [
            f"route replace {subnets.ipv4} via {spec.host_line.second.ipv4}",
            f"route replace {subnets.ipv6} via {spec.host_line.second.ipv6}",
        ]
    return lines
