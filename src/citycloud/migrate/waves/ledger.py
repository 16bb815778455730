"""Who has which window so far, what that takes of every resource, and what stands against one more. Pure.

The rule that is kept: for each resource and window, what stays of all units up to then, and what passes in it, is
within the limit. Everything else asks here: the greedy planner, the words that explain, the check of a finished plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from citycloud.migrate.waves import reasons
from citycloud.migrate.waves.problem import Problem, Unit
from citycloud.migrate.waves.reasons import Reason
from citycloud.migrate.waves.resources import Resource, Take


@dataclass
class Ledger:
    problem: Problem
    placed: dict[str, int] = field(default_factory=dict)
    """Window by unit's name."""
    _load: dict[str, list[int]] = field(default_factory=dict)
    _units: dict[str, Unit] = field(default_factory=dict)
    _needed_by: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._units = {unit.name: unit for unit in self.problem.units}
        for unit in self.problem.units:
            for need in unit.needs:
                self._needed_by.setdefault(need, []).append(unit.name)
        windows = len(self.problem.slots)
        self._load = {id_: [0] * windows for id_ in self.problem.resources}
        given, self.placed = self.placed, {}
        for name, at in given.items():
            self.place(self._units[name], at)

    def place(self, unit: Unit, at: int) -> None:
        self.placed[unit.name] = at
        self._add(unit, at, 1)

    def take_back(self, unit: Unit) -> int:
        at = self.placed.pop(unit.name)
        self._add(unit, at, -1)
        return at

    def _add(self, unit: Unit, at: int, sign: int) -> None:
        for id_, take in unit.takes.items():
            load = self._load[id_]
            load[at] += sign * take.passes
            if take.stays:
                for later in range(at, len(load)):
                    load[later] += sign * take.stays

    def fits(self, unit: Unit, at: int) -> bool:
        return next(self.against(unit, at), None) is None

    def against(self, unit: Unit, at: int) -> Iterator[Reason]:
        """What keeps ``unit``, which is not placed, out of a window, others staying where they are."""
        if at in unit.closed:
            yield unit.closed[at]
            return
        yield from self._order(unit, at)
        for id_, take in unit.takes.items():
            over = self._over(self.problem.resources[id_], take, at)
            if over is not None:
                yield self._full(self.problem.resources[id_], unit, at, *over)

    def _order(self, unit: Unit, at: int) -> Iterator[Reason]:
        apart = self.problem.apart
        for need in unit.needs:
            if self.placed.get(need, -1) + apart > at:
                yield reasons.needed_later(unit.title, self._units[need].title, self._day(self.placed[need]))
        for other in self._needed_by.get(unit.name, ()):
            if other in self.placed and at + apart > self.placed[other]:
                yield reasons.needed_by(unit.title, self._units[other].title, self._day(self.placed[other]))

    def _over(self, resource: Resource, take: Take, at: int) -> tuple[int, int] | None:
        """The first window in which the limit would be passed, and by how much."""
        load = self._load[resource.id]
        if load[at] + take.stays + take.passes > resource.limits[at]:
            return at, load[at] + take.stays + take.passes - resource.limits[at]
        if take.stays:
            for later in range(at + 1, len(load)):
                if load[later] + take.stays > resource.limits[later]:
                    return later, load[later] + take.stays - resource.limits[later]
        return None

    def _full(self, resource: Resource, unit: Unit, at: int, later: int, short: int) -> Reason:
        day = self._day(later)
        if resource.unit == "moves":
            others = ", ".join(self._taking(resource.id, at)) or unit.title
            return Reason(
                resource.kind,
                resource.id,
                f"{resource.title.zh}，已有 {others}",
                f"{resource.title.en}, and {others} {'has' if ',' not in others else 'have'} it",
            )
        figure = f"{short / 1024:.0f} GiB" if resource.unit == "MiB" else f"{short} {resource.unit}"
        if resource.kind == "line":
            zh, en = (
                f"{resource.title.zh}在 {day} 的演练前还差 {figure}",
                f"{resource.title.en} would be {figure} short in time for {day}",
            )
        else:
            zh = f"{resource.title.zh}在 {day} 不足，差 {figure}（含演练副本）"
            en = f"{resource.title.en} would be {figure} short on {day}, clones for the rehearsal included"
        return Reason(resource.kind, resource.id, zh, en)

    def _taking(self, id_: str, at: int) -> list[str]:
        """Units that take of a resource in that very window."""
        return sorted(
            self._units[name].title
            for name, when in self.placed.items()
            if when == at and id_ in self._units[name].takes
        )

    def _day(self, at: int) -> str:
        return str(self.problem.slots[at].day)

    def pull_forward(self) -> None:
        """Move units to earlier windows for as long as any can go alone: afterwards none can.

        Each round takes the units in order of name; it ends, for each move makes the sum of windows smaller.
        """
        moved = True
        while moved:
            moved = False
            for name in sorted(self.placed):
                unit = self._units[name]
                was = self.take_back(unit)
                now = next((at for at in range(was) if self.fits(unit, at)), was)
                self.place(unit, now)
                moved |= now < was
