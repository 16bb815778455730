"""Everything that is wrong with a Plan, at once. Pure: what actions there are and who is declared are given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import networkx as nx

from citycloud.findings import Finding, Place, Severity
from citycloud.plan.model import ActionValue, Approval, Plan, Step, Weekly, Window


class Known(Protocol):
    """Tells what is wrong with an action's value (``citycloud.kinds.Kinds``)."""

    def faults(self, value: ActionValue) -> list[str]: ...


def check(plan: Plan, known: Known, people: Mapping[str, str] | None = None, city: str | None = None) -> list[Finding]:
    """The Plan's Findings; none of them an error means that it may run.

    ``people``: public keys of the declared persons by id ("" where one has none yet); None leaves them out of it.
    ``city``: the id of the City declared here.
    """
    found = [*_whole(plan, city), *_order(plan)]
    for step in plan.steps:
        found += _action(step, known)
        found += _gates(step, people)
        found += _hosts(step)
    return found


def _fault(kind: str, where: str, message: str, suggestion: str = "") -> Finding:
    return Finding(kind, Place(object=where), message, suggestion)


def _whole(plan: Plan, city: str | None) -> Iterator[Finding]:
    if not plan.steps:
        yield _fault("no-steps", plan.subject, "there is nothing to do in it")
    if city is not None and plan.city != city:
        yield _fault("other-city", plan.subject, f"made for {plan.city}, but {city} is declared here")
    for id_, count in Counter(step.id for step in plan.steps).items():
        if count > 1:
            yield _fault("duplicate-step", id_, f"{count} steps have this id")


def _order(plan: Plan) -> Iterator[Finding]:
    ids, before = {step.id for step in plan.steps}, set[str]()
    loops = _loops(plan)
    for step in plan.steps:
        for need in step.needs:
            if need not in ids:
                yield _fault("missing-need", step.id, f"needs {need}, which is no step of the plan")
            elif need not in before and not any({need, step.id} <= loop for loop in loops):
                yield _fault("wrong-order", step.id, f"stands before {need}, which it needs")
        before.add(step.id)
    for loop in loops:
        yield _fault("cycle", min(loop), f"these need each other: {', '.join(sorted(loop))}")


def _loops(plan: Plan) -> list[set[str]]:
    graph = nx.DiGraph((need, step.id) for step in plan.steps for need in step.needs)
    return [set(part) for part in nx.strongly_connected_components(graph) if len(part) > 1] + [
        {step.id} for step in plan.steps if step.id in step.needs
    ]


def _action(step: Step, known: Known) -> Iterator[Finding]:
    for fault in known.faults(step.action):
        yield _fault("bad-action", step.id, fault)
    if step.action.irreversible and not any(isinstance(gate, Approval) for gate in step.gates):
        yield _fault(
            "unapproved", step.id, "cannot be undone, and nobody has to approve it", "put it behind an approval"
        )


def _gates(step: Step, people: Mapping[str, str] | None) -> Iterator[Finding]:
    for gate in step.gates:
        if isinstance(gate, Approval):
            yield from _approval(step, gate, people)
        else:
            yield from _window(step, gate)


def _approval(step: Step, gate: Approval, people: Mapping[str, str] | None) -> Iterator[Finding]:
    if len(set(gate.people)) < len(gate.people):
        yield _fault("duplicate-approver", step.id, "names a person twice")
    if len(set(gate.people)) < gate.count:
        yield _fault("too-few-approvers", step.id, f"wants {gate.count} approvals of {len(set(gate.people))} people")
    if people is None:
        return
    for person in gate.people:
        if person not in people:
            yield _fault("unknown-approver", step.id, f"{person} is not a declared person")
    able = {people[person] for person in gate.people if people.get(person)}
    if len(able) < gate.count:
        yield Finding(
            "no-key",
            Place(object=step.id),
            f"wants {gate.count} approvals, but {len(able)} of its people have a key of their own",
            "make one with `citycloud keys new`, and declare it as the person's `key`",
            Severity.WARNING,
        )


def _window(step: Step, gate: Window | Weekly) -> Iterator[Finding]:
    if isinstance(gate, Weekly):
        if not gate.days:
            yield _fault("no-day", step.id, "its weekly window has no day")
        try:
            ZoneInfo(gate.zone)
        except (OSError, ValueError, KeyError):
            yield _fault("unknown-zone", step.id, f"there is no time zone {gate.zone}")
    if gate.longest() <= timedelta(0):
        yield _fault("closed-window", step.id, "its window closes before it opens")
    elif gate.longest() < step.longest:
        say = f"may take {step.longest}, but its window is open for {gate.longest()} only"
        yield _fault("window-too-short", step.id, say)


def _hosts(step: Step) -> Iterable[Finding]:
    if len(set(step.hosts)) < len(step.hosts):
        yield _fault("duplicate-host", step.id, "names a host twice")
    if step.fleet is not None and not step.hosts:
        yield _fault("no-hosts", step.id, "says how to act on many hosts, and names none")
