"""``faulty-flow``: a flow that permits something other than it says."""

from __future__ import annotations

from collections.abc import Iterator

from citycloud.city.model import City, Flow
from citycloud.city.places import Places
from citycloud.findings import Finding


def find(city: City, places: Places) -> Iterator[Finding]:
    for at, flow in enumerate(city.flows):
        for said, hint in _faults(flow):
            yield Finding("faulty-flow", places.of("flows", at), said, hint)
        if flow.source == "operations" and not city.operations and places.whole("operations"):
            said, hint = "nothing says where operators connect from", "declare `operations:`, a list of prefixes"
            yield Finding("faulty-flow", places.of("flows", at, "source"), said, hint)


def _faults(flow: Flow) -> Iterator[tuple[str, str]]:
    if flow.protocol == "icmp" and flow.port is not None:
        yield "ICMP has no ports", "take `port` away"
    if flow.protocol != "icmp" and flow.port is None:
        yield f"{flow.protocol} without a port would open all of them", "add `port:`"
