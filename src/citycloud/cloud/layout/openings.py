"""Which connections each machine may make and take: declared flows, resolved to addresses of both families. Pure.

A flow is opened twice, as egress where it starts and as ingress where it ends, and for every half of either end: after
a switchover the same flow must still pass. Ends that are machines or systems are opened by address, segments by their
networks' prefixes.

What a flow from ``any``, ``operations`` or a segment opens is the same for every machine that it names: it is made once
for the site and shared. The rest is a machine's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from citycloud.city.model import Flow, Subnets
from citycloud.cloud.halves import Half
from citycloud.cloud.layout.ends import ANY, OPERATIONS, Ends
from citycloud.cloud.layout.values import FAMILIES, Direction, Family, Rule

Key = tuple[Direction, Family, str, int | None, str]
"""A rule without the flows that it exists for."""
Keys = dict[Key, list[str]]
Where = tuple[str, str]
"""A half by the ids of its site and its machine."""


@dataclass
class Openings:
    """What all flows open: the shared parts by name, which halves use them, and each half's own."""

    shared: dict[str, Keys] = field(default_factory=dict)
    users: dict[Where, dict[str, None]] = field(default_factory=dict)
    own: dict[Where, Keys] = field(default_factory=dict)

    def share(self, name: str, half: Half, openings: Iterable[tuple[Key, str]]) -> None:
        _add(self.shared.setdefault(name, {}), openings)
        self.users.setdefault(half.where, {})[name] = None

    def keep(self, half: Half, openings: Iterable[tuple[Key, str]]) -> None:
        _add(self.own.setdefault(half.where, {}), openings)

    def shared_by(self, half: Half) -> tuple[str, ...]:
        """Names of the shared parts that the half uses."""
        return tuple(self.users.get(half.where, {}))

    def own_rules(self, half: Half) -> tuple[Rule, ...]:
        return rules(self.own.get(half.where, {}))


def openings(ends: Ends) -> Openings:
    """What every declared flow opens, and where."""
    found = Openings()
    for flow in ends.city.flows:
        for half in ends.members(flow.target):
            _ingress(found, ends, flow, half)
        for half in ends.members(flow.source):
            _egress(found, ends, flow, half)
    return found


def _ingress(found: Openings, ends: Ends, flow: Flow, half: Half) -> None:
    closed = half.segment.own_department_only and flow.source not in (ANY, OPERATIONS)
    remotes = ends.prefixes(flow.source, half.department.id if closed else None)
    if closed or not ends.wide(flow.source):
        found.keep(half, opened("ingress", flow, remotes))
    else:
        port = [] if flow.port is None else [str(flow.port)]
        found.share("-".join(["from", flow.source, flow.protocol, *port]), half, opened("ingress", flow, remotes))


def _egress(found: Openings, ends: Ends, flow: Flow, half: Half) -> None:
    """Machines of segments closed to other departments are reached only within their own."""
    closed = ends.prefixes(flow.target, half.department.id, closed=True)
    rest = ends.prefixes(flow.target, None, closed=False)
    found.keep(half, opened("egress", flow, closed))
    if ends.wide(flow.source):
        found.share(f"in-{flow.source}", half, opened("egress", flow, rest))
    else:
        found.keep(half, opened("egress", flow, rest))


def opened(direction: Direction, flow: Flow, remotes: Iterable[Subnets]) -> Iterable[tuple[Key, str]]:
    """The rules of one flow towards ``remotes``, each with the flow's name."""
    for remote in remotes:
        for key in keys_of(direction, flow.protocol, flow.port, remote):
            yield key, flow_name(flow)


def keys_of(direction: Direction, protocol: str, port: int | None, remote: Subnets) -> Iterable[Key]:
    """The same opening for both families."""
    for family, prefix in zip(FAMILIES, (remote.ipv4, remote.ipv6), strict=True):
        own = "ipv6-icmp" if (protocol, family) == ("icmp", "IPv6") else protocol
        yield direction, family, own, port, str(prefix)


def rules(keys: Mapping[Key, Iterable[str]]) -> tuple[Rule, ...]:
    """Rules of their keys, in a stable order."""
    ordered = sorted(keys.items(), key=lambda item: (item[0][:3], item[0][3] or 0, item[0][4]))
    return tuple(Rule(*key, flows=tuple(flows)) for key, flows in ordered)


def flow_name(flow: Flow) -> str:
    port = "" if flow.port is None else f"/{flow.port}"
    return f"{flow.source} -> {flow.target} {flow.protocol}{port}"


def _add(keys: Keys, openings: Iterable[tuple[Key, str]]) -> None:
    for key, name in openings:
        names = keys.setdefault(key, [])
        if name not in names:
            names.append(name)
