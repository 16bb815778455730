"""What clashes where no plan keeps to everything: in figures where a sum says it, else the smallest set of constraints
that cannot hold together, found by leaving out one after another. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from citycloud.findings import Finding, Place
from citycloud.migrate.waves.greedy import Stuck
from citycloud.migrate.waves.problem import Problem, Unit
from citycloud.migrate.waves.reasons import Reason
from citycloud.migrate.waves.resources import Take
from citycloud.migrate.waves.solve import Solved, is_possible

TRY_LIMIT = 3.0
"""Of CP-SAT's deterministic time, for each set that is tried."""
SHOWN = 4
HINTS = {
    "team": "more people, more windows, or a later end",
    "department": "more moves of a department in a window, or a later end",
    "line": "a faster line, more hours, or a later end",
    "quota": "raise the quota, or shrink systems",
    "zone": "earlier deliveries, or another zone",
    "needs": "take the need away, or let both move together",
    "closed": "more windows, fewer frozen days, or a later end",
}


def clashes(problem: Problem, solved: Solved | None) -> list[Finding]:
    """What proves that there is no plan. With ``solved`` None, only what plain sums prove."""
    found = [*problem.findings]
    if not found:
        found += [*_no_window(problem), *_sums(problem)]
    if not found:
        found += _chains(problem)
    if not found and solved is not None and solved.status == "infeasible":
        found += _in_words(problem, smallest(problem))
    return found


def stuck_finding(stuck: Stuck) -> Finding:
    said = f"{stuck.unit.title} finds no window: {_counted(stuck.against)}"
    return Finding("no-window", Place(object=stuck.unit.title), said, "loosen one of these")


def _counted(against: tuple[Reason, ...] | list[Reason]) -> str:
    """``12 windows: nothing moves ...; 3 windows: ...``, the most frequent first."""
    counts = Counter((reason.kind, reason.subject) for reason in against)
    last = {(reason.kind, reason.subject): reason for reason in against}
    shown = sorted(counts, key=lambda key: (-counts[key], key))[:SHOWN]
    return "; ".join(f"{counts[key]} window{'s' if counts[key] > 1 else ''}: {last[key].en}" for key in shown)


def _no_window(problem: Problem) -> Iterator[Finding]:
    for unit in problem.units:
        if len(unit.closed) == len(problem.slots):
            said = f"no window is open to {unit.title}"
            if unit.closed:
                said += f": {_counted(list(unit.closed.values()))}"
            yield Finding("no-window", Place(object=unit.title), said, HINTS["closed"])


def _sums(problem: Problem) -> Iterator[Finding]:
    for resource in problem.resources.values():
        taking = [(unit, unit.takes[resource.id]) for unit in problem.units if resource.id in unit.takes]
        most = max(resource.limits, default=0)
        stays, passes = sum(take.stays for _, take in taking), sum(take.passes for _, take in taking)
        said, open_to = "", _open(problem, taking)
        if stays and stays > (resource.limits or (0,))[-1]:
            said = f"all systems take {_figure(stays, resource.unit)}, and there are {_figure(most, resource.unit)}"
        elif not stays and passes > sum(resource.limits[at] for at in open_to):
            room = sum(resource.limits[at] for at in open_to)
            said = f"{passes} moves, and room for {room} in the {len(open_to)} windows that are open to any of them"
        elif large := [unit for unit, take in taking if take.stays + take.passes > most]:
            take = large[0].takes[resource.id]
            need = _figure(take.stays + take.passes, resource.unit)
            said = f"{large[0].title} alone takes {need} in its wave, and there are {_figure(most, resource.unit)}"
        if said:
            hint = HINTS[resource.kind]
            yield Finding(f"{resource.kind}-full", Place(object=resource.id), f"{resource.title.en}: {said}", hint)


def _open(problem: Problem, taking: list[tuple[Unit, Take]]) -> list[int]:
    return [at for at in range(len(problem.slots)) if any(at not in unit.closed for unit, _ in taking)]


def _figure(amount: int, unit: str) -> str:
    return f"{amount / 1024:.0f} GiB" if unit == "MiB" else f"{amount} {unit}"


def _chains(problem: Problem) -> Iterator[Finding]:
    """Units whose windows all lie before what they need can have moved."""
    earliest: dict[str, int] = {}
    by_name = {unit.name: unit for unit in problem.units}

    def first(unit: Unit) -> int:
        if unit.name not in earliest:
            after = max((first(by_name[need]) + problem.apart for need in unit.needs), default=0)
            windows = (at for at in range(after, len(problem.slots)) if at not in unit.closed)
            earliest[unit.name] = next(windows, len(problem.slots))
        return earliest[unit.name]

    for unit in problem.units:
        needed = [by_name[need] for need in unit.needs]
        if first(unit) == len(problem.slots) and all(first(need) < len(problem.slots) for need in needed):
            latest = max(needed, key=lambda need: (first(need), need.name))
            day = problem.slots[first(latest)].day
            said = f"{unit.title} needs {latest.title}, which cannot move before {day}, and has no window after that"
            yield Finding("needs-too-late", Place(object=unit.title), said, HINTS["closed"])


def smallest(problem: Problem) -> list[str]:
    """A smallest set of constraints that no plan keeps together, by name: leaving out any one of it mends the clash.

    Names: a resource's id; ``needs UNIT OTHER``; ``closed UNIT``, for the windows that a unit may not use.
    """
    names = [
        *sorted(problem.resources),
        *(f"needs {unit.name} {need}" for unit in problem.units for need in unit.needs),
        *(f"closed {unit.name}" for unit in problem.units if unit.closed),
    ]
    kept, step = names, max(len(names) // 2, 1)
    while True:
        at = 0
        while at < len(kept):
            tried = kept[:at] + kept[at + step :]
            if is_possible(problem, set(names) - set(tried), TRY_LIMIT).status == "infeasible":
                kept = tried
            else:
                at += step
        if step == 1:
            return kept
        step = max(step // 2, 1)


def _in_words(problem: Problem, names: list[str]) -> Iterator[Finding]:
    """The set in words; units whose windows are closed by the same things are told together."""
    by_name = {unit.name: unit for unit in problem.units}
    alike: dict[tuple[int, str], list[str]] = {}
    for name in names:
        kind, _, rest = name.partition(" ")
        if kind == "needs":
            unit, need = (by_name[one].title for one in rest.split(" "))
            yield Finding("clash", Place(object=name), f"{unit} moves after {need}", HINTS["needs"])
        elif kind == "closed":
            closed = by_name[rest].closed
            left = len(problem.slots) - len(closed)
            alike.setdefault((left, _counted(list(closed.values()))), []).append(by_name[rest].title)
        else:
            yield _full(problem, name)
    for (left, why), titles in sorted(alike.items()):
        said = f"{len(titles)} systems have {left} windows each ({', '.join(titles)}); closed: {why}"
        yield Finding("clash", Place(object="windows"), said, HINTS["closed"])


def _full(problem: Problem, name: str) -> Finding:
    resource = problem.resources[name]
    low, high = min(resource.limits), max(resource.limits)
    limit = _figure(high, resource.unit) if low == high else f"up to {_figure(high, resource.unit)} at the end"
    taking = sum(name in unit.takes for unit in problem.units)
    said = f"{resource.title.en}: {limit}, wanted by {taking} systems"
    return Finding("clash", Place(object=name), said, HINTS[resource.kind])
