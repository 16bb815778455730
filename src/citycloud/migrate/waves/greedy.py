"""The plain way to waves: units in order, each into the first window that it fits in. Pure, and quick.

Where CP-SAT finds nothing in its limit, or is not installed, this is the plan; else it is where CP-SAT begins.
"""

from __future__ import annotations

from dataclasses import dataclass

from citycloud.migrate.waves.ledger import Ledger
from citycloud.migrate.waves.problem import Problem, Unit
from citycloud.migrate.waves.reasons import Reason


@dataclass(frozen=True)
class Stuck:
    """A unit that no window was left for, and what stood against each."""

    unit: Unit
    against: tuple[Reason, ...]
    """By window, the first reason."""


def greedy(problem: Problem) -> Ledger | Stuck:
    """Everything placed, or the first unit that could not be (which does not prove that no plan exists)."""
    ledger = Ledger(problem)
    for unit in in_order(problem):
        at = next((at for at in range(len(problem.slots)) if ledger.fits(unit, at)), None)
        if at is None:
            return Stuck(unit, tuple(next(ledger.against(unit, at)) for at in range(len(problem.slots))))
        ledger.place(unit, at)
    return ledger


def in_order(problem: Problem) -> list[Unit]:
    """What is needed first; among those that may go, the heaviest with all that waits for it; then by name."""
    weights = _with_followers(problem)
    left = {unit.name: unit for unit in problem.units}
    found = []
    while left:
        free = [unit for unit in left.values() if not set(unit.needs) & left.keys()] or list(left.values())
        best = min(free, key=lambda unit: (-weights[unit.name], len(problem.slots) - len(unit.closed), unit.name))
        found.append(left.pop(best.name))
    return found


def _with_followers(problem: Problem) -> dict[str, int]:
    """Each unit's weight, and that of the heaviest chain of units that wait for it."""
    waiting: dict[str, list[str]] = {unit.name: [] for unit in problem.units}
    weight = {unit.name: unit.weight for unit in problem.units}
    for unit in problem.units:
        for need in unit.needs:
            waiting[need].append(unit.name)
    found: dict[str, int] = {}

    def heavy(name: str) -> int:
        if name not in found:
            found[name] = weight[name]  # so that needs in a circle end here
            found[name] += max((heavy(other) for other in waiting[name]), default=0)
        return found[name]

    return {unit.name: heavy(unit.name) for unit in problem.units}
