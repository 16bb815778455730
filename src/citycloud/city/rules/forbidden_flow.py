"""``forbidden-flow``: a flow between segments that may not talk.

A flow's ends stand for machines: each of the source's segments has to be allowed to reach each of the target's. ``any``
may go only where a segment says ``from_any``; into a segment with ``own_department_only``, only machines of the same
department may. Operators may go everywhere that a flow lets them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from citycloud.city.model import City, Flow, Segment
from citycloud.city.places import Places
from citycloud.city.rules.unknown_reference import ANY, OPERATIONS
from citycloud.findings import Finding


@dataclass(frozen=True, order=True)
class End:
    """A segment where one end of a flow is, and the department there (empty: all of them)."""

    segment: str
    department: str = ""


def find(city: City, places: Places) -> Iterator[Finding]:
    segments = {segment.id: segment for segment in city.segments}
    for at, flow in enumerate(city.flows):
        if flow.source == OPERATIONS:
            continue
        for said, hint in dict(_faults(city, flow, segments)).items():
            yield Finding("forbidden-flow", places.of("flows", at), f"{flow.source} to {flow.target}: {said}", hint)


def ends(city: City, name: str) -> list[End]:
    """Where the machines are that a flow's end stands for."""
    departments = {system.id: system.department for system in city.systems}
    if any(segment.id == name for segment in city.segments):
        return [End(name)]
    found = {
        End(machine.segment, departments.get(machine.system, ""))
        for machine in city.machines
        if name in (machine.id, machine.system)
    }
    return sorted(found)


def _faults(city: City, flow: Flow, segments: dict[str, Segment]) -> Iterator[tuple[str, str]]:
    targets = [end for end in ends(city, flow.target) if end.segment in segments]
    if flow.source == ANY:
        open_ = [segment.id for segment in segments.values() if segment.from_any]
        for target in targets:
            if not segments[target.segment].from_any:
                yield f"{target.segment} is closed to any", f"any may reach: {_list(open_)}"
        return
    for source in ends(city, flow.source):
        for target in targets:
            if source.segment in segments:
                yield from _between(source, target, segments)


def _between(source: End, target: End, segments: dict[str, Segment]) -> Iterator[tuple[str, str]]:
    reach = segments[source.segment].may_reach
    if target.segment not in reach:
        yield f"{source.segment} may not reach {target.segment}", f"{source.segment} may reach: {_list(reach)}"
    elif segments[target.segment].own_department_only and (
        not target.department or source.department != target.department
    ):
        whose = f"{target.department}'s" if target.department else "each department's"
        said = f"{whose} {target.segment} network is closed to other departments"
        yield said, "go through a machine in a segment that both may reach"


def _list(names: Iterable[str]) -> str:
    return ", ".join(names) or "nothing"
