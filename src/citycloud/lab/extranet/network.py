"""The extranet's namespaces and wires as ``ip`` lines: pure. Routers' addresses are FRR's to set, hosts' are set
here."""

from __future__ import annotations

from collections.abc import Iterator

from citycloud.city.model import Noun
from citycloud.lab.extranet.spec import End, ExtranetSpec
from citycloud.lab.network import Batch

NO_IPV6 = {"net/ipv6/conf/all/disable_ipv6": "1", "net/ipv6/conf/default/disable_ipv6": "1"}
ROUTER_SYSCTLS = {
    **NO_IPV6,
    "net/ipv4/ip_forward": "1",
    "net/ipv4/conf/all/rp_filter": "0",
    "net/ipv4/conf/default/rp_filter": "0",
    "net/ipv4/igmp_max_memberships": "1024",
}
"""OSPF joins a multicast group on every port, and the kernel's 20 are fewer than an aggregation router has ports: it
would join on the first 20 without a word, and the other units would never be neighbours."""


class Settings(Noun):
    """Values under /proc/sys/net of one namespace; to be set before FRR starts."""

    namespace: str
    values: dict[str, str]


def namespaces(spec: ExtranetSpec) -> list[str]:
    """Routers, then hosts."""
    return [router.name for router in spec.routers] + [host.name for host in spec.hosts]


def settings(spec: ExtranetSpec) -> list[Settings]:
    routers = [Settings(namespace=router.name, values=ROUTER_SYSCTLS) for router in spec.routers]
    return routers + [Settings(namespace=host.name, values=NO_IPV6) for host in spec.hosts]


def _end(end: End) -> str:
    return f"name {end.device}" + (f" netns {end.namespace}" if end.namespace else "")


def _wires(spec: ExtranetSpec) -> Iterator[str]:
    for wire in spec.wires:
        one, other = wire.ends
        yield f"link add {_end(one)} type veth peer {_end(other)}"


def _own(spec: ExtranetSpec) -> Iterator[str]:
    """The lab's own namespace: the operators' end."""
    near, far = spec.operations_line
    yield "link set extranet up"
    yield f"addr add {near} dev extranet"
    yield f"route replace {spec.range} via {far.ip}"


def batches(spec: ExtranetSpec) -> list[Batch]:
    """What to run, in order; the namespaces are there already, and their settings are made."""
    found = [Batch("", tuple(_wires(spec))), Batch("", tuple(_own(spec)))]
    for router in spec.routers:
        found.append(
            Batch(router.name, tuple(f"link set {name} up" for name in ("lo", *(p.name for p in router.ports))))
        )
    for host in spec.hosts:
        lines = ("link set lo up", "link set eth0 up", f"addr add {host.address} dev eth0")
        found.append(Batch(host.name, (*lines, f"route add default via {host.gateway}")))
    return found


def undone(spec: ExtranetSpec) -> list[Batch]:
    """What takes the extranet out of a living lab's network, once its namespaces are gone (and their wires with)."""
    return [Batch("", (f"route del {spec.range}",))]
