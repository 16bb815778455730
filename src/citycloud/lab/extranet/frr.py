"""A router's FRR configuration before IPv6: OSPFv2 within the extranet, BGP at the cores and the clouds' sides. Pure.

Every line is spoken for by name: a portal is believed for the portal's and the resolver's address only, and is told
the extranet's and the operators' ranges only, so that nobody can announce another's prefix.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

from citycloud.lab.extranet.spec import ExtranetSpec, Part, Port, Router

HELLO, DEAD = 2, 10
"""Seconds, on lines between two routers."""


def daemons(router: Router) -> tuple[str, ...]:
    """What runs beside zebra."""
    named = {Part.CORE: ("ospfd", "bgpd", "staticd"), Part.PORTAL: ("bgpd",)}
    return named.get(router.part, ("ospfd",))


def configuration(spec: ExtranetSpec, router: Router) -> str:
    """The whole frr.conf of one of the spec's routers."""
    lines = ["frr defaults traditional", f"hostname {router.name}", "log file /var/log/frr/frr.log warnings", "!"]
    if "ospfd" in daemons(router):
        lines += _ospf(router)  # first: a port that learns of its stub area later says hello in a way nobody answers
    lines += _interfaces(spec, router)
    if router.part is Part.CORE:
        lines += _operations(spec, router)
    if router.autonomous_system is not None:
        lines += [*_policy(spec, router), *_bgp(spec, router)]
    return "\n".join(lines) + "\n"


def _interfaces(spec: ExtranetSpec, router: Router) -> Iterator[str]:
    own = [router.loopback, *([spec.portal, spec.resolver] if router.part is Part.PORTAL else [])]
    yield "interface lo"
    for address in own:
        yield f" ip address {address}/32"
    if router.part is not Part.PORTAL:
        yield f" ip ospf area {router.area}"
    yield "exit"
    for port in router.ports:
        yield from _port(port)


def _port(port: Port) -> Iterator[str]:
    yield f"interface {port.name}"
    yield f" ip address {port.address}"
    if port.area is not None:
        yield f" ip ospf area {port.area}"
        if port.passive:
            yield " ip ospf passive"
        else:
            yield " ip ospf network point-to-point"
            yield f" ip ospf hello-interval {HELLO}"
            yield f" ip ospf dead-interval {DEAD}"
    yield "exit"


def _operations(spec: ExtranetSpec, router: Router) -> Iterator[str]:
    """The core at the operators' line knows the way to them."""
    if any(port.name == "ops" for port in router.ports):
        for network in spec.operations:
            if spec.operations_line[0] not in network:
                yield f"ip route {network} {spec.operations_line[0].ip}"


def _ospf(router: Router) -> Iterator[str]:
    yield "router ospf"
    yield f" ospf router-id {router.loopback}"
    yield " timers throttle spf 50 500 5000"
    if router.part is Part.CORE:
        yield " redistribute bgp"
        yield " redistribute static"
        yield " redistribute connected route-map OPERATIONS"
    areas = sorted({port.area for port in router.ports if port.area})
    for area in areas:
        yield f" area {area} stub" + (" no-summary" if router.part is Part.AGGREGATION else "")
    yield "exit"


def _policy(spec: ExtranetSpec, router: Router) -> Iterator[str]:
    ours = (spec.range, *(network for network in spec.operations if not network.subnet_of(spec.range)))
    told, heard = ("EXTRANET", "CLOUD") if router.part is Part.CORE else ("CLOUD", "EXTRANET")
    for number, network in enumerate(ours, 1):
        yield f"ip prefix-list EXTRANET seq {5 * number} permit {network}"
    for number, address in enumerate((spec.portal, spec.resolver), 1):
        yield f"ip prefix-list CLOUD seq {5 * number} permit {address}/32"
    for name, list_ in (("TELL", told), ("HEAR", heard)):
        yield f"route-map {name} permit 10"
        yield f" match ip address prefix-list {list_}"
        yield "exit"
    if router.part is Part.CORE:
        yield "route-map OPERATIONS permit 10"
        yield " match interface ops"
        yield "exit"


def _bgp(spec: ExtranetSpec, router: Router) -> Iterator[str]:
    yield f"router bgp {router.autonomous_system}"
    yield f" bgp router-id {router.loopback}"
    yield " no bgp network import-check"
    yield " timers bgp 3 9"
    neighbours = list(_neighbours(spec, router))
    for address, system in neighbours:
        yield f" neighbor {address} remote-as {system}"
        if system == router.autonomous_system:
            yield f" neighbor {address} update-source lo"
    yield " address-family ipv4 unicast"
    if router.part is Part.CORE:
        for network in (spec.range, *spec.operations[:1]):
            yield f"  network {network}"
    else:
        yield f"  network {spec.portal}/32"
        yield f"  network {spec.resolver}/32"
    for address, system in neighbours:
        if system == router.autonomous_system:
            yield f"  neighbor {address} next-hop-self"
        else:
            yield f"  neighbor {address} route-map HEAR in"
            yield f"  neighbor {address} route-map TELL out"
    yield " exit-address-family"
    yield "exit"


def _neighbours(spec: ExtranetSpec, router: Router) -> Iterator[tuple[IPv4Address, int]]:
    """Addresses and autonomous systems of those that it speaks BGP with: the other core, and across each line."""
    if router.part is Part.CORE:
        for core in spec.of(Part.CORE):
            if core.name != router.name and core.autonomous_system is not None:
                yield core.loopback, core.autonomous_system
    other = Part.PORTAL if router.part is Part.CORE else Part.CORE
    for port in router.ports:
        for far in spec.of(other):
            for there in far.ports:
                if there.address.network == port.address.network and far.autonomous_system is not None:
                    yield there.address.ip, far.autonomous_system
