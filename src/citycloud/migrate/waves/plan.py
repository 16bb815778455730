"""The plan of waves as a value, and how it is made: greedy first, then CP-SAT from there, each placement explained.

Pure. The same City, choices and measurements always give the same plan, in any order of input, in any process.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from citycloud.city.model import City, Noun
from citycloud.errors import BadInput
from citycloud.migrate.choices import Migrations, WaveChoices
from citycloud.migrate.waves.calendar import Slot, shared
from citycloud.migrate.waves.conflict import clashes, stuck_finding
from citycloud.migrate.waves.copying import copying
from citycloud.migrate.waves.demand import Measured, Moving
from citycloud.migrate.waves.explain import Bound, bounds
from citycloud.migrate.waves.greedy import Stuck, greedy
from citycloud.migrate.waves.ledger import Ledger
from citycloud.migrate.waves.problem import Problem, Unit, problem_of
from citycloud.migrate.waves.solve import LIMIT, Solved, solve

How = Literal["optimal", "feasible", "greedy"]
"""CP-SAT proved that none is better; CP-SAT's best within its limit; or the greedy planner's."""


class Placement(Noun):
    """One System's place, and why it is there."""

    system: str
    name: str
    department: str
    site: str
    zone: str
    wave: int
    begins: datetime
    ends: datetime
    opens: datetime
    """The part of the wave's window that is open to this System: its department's own window, where it has one."""
    closes: datetime
    copy_mib: int
    copy_begins: datetime | None
    """When its data is sent; None where there is nothing to send."""
    copy_ends: datetime | None
    cutover_minutes: int
    sizes: dict[str, int]
    known_from: str
    """How its sizes are known: ``choices``, ``measured``, ``machines``, ``defaults``."""
    needs: tuple[str, ...]
    together: tuple[str, ...]
    """Systems that are in this wave because it is."""
    why_zh: str
    why_en: str
    earlier: tuple[Bound, ...]
    """What stood against each earlier window."""


class Wave(Noun):
    """Systems that move together."""

    number: int
    begins: datetime
    ends: datetime
    systems: tuple[str, ...]


class WavePlan(Noun):
    schema_version: Literal[1] = 1
    kind: Literal["waves"] = "waves"
    city: str
    how: How
    limit: float
    """CP-SAT's deterministic limit that this was made with."""
    begins: datetime
    """The first window there is."""
    windows: int
    waves: tuple[Wave, ...]
    placements: tuple[Placement, ...]
    """By wave, then System."""
    moved: tuple[str, ...] = ()
    """Systems that are there already."""

    def canonical(self) -> str:
        return json.dumps(self.model_dump(mode="json"), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical form, hexadecimal."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()

    def of(self, system: str) -> Placement | None:
        return next((one for one in self.placements if one.system == system), None)


@dataclass(frozen=True)
class _Made:
    ledger: Ledger
    how: How


def plan_waves(
    city: City, migrations: Migrations, measured: Mapping[str, Measured] | None = None, limit: float = LIMIT
) -> WavePlan:
    """All Systems of ``city`` into waves. ``measured``: what was seen of some, by System.

    Raises BadInput, with what clashes, where the choices hold no waves or no plan keeps to all of them.
    """
    if migrations.waves is None:
        raise BadInput("nothing says how all systems may move: write waves.yaml beside the departments' choices")
    problem = problem_of(city, migrations, measured)
    made = _made(problem, limit)
    return _plan(city, migrations.waves, problem, made, limit)


def _made(problem: Problem, limit: float) -> _Made:
    if found := clashes(problem, solved=None):
        raise BadInput("no plan keeps to all choices; these clash:", found)
    first = greedy(problem)
    if isinstance(first, Stuck):
        return _after_stuck(problem, first, limit)
    first.pull_forward()
    return _better(problem, first, "greedy", limit)


def _after_stuck(problem: Problem, stuck: Stuck, limit: float) -> _Made:
    """The greedy planner found nothing: CP-SAT finds a plan, proves that there is none, or cannot tell."""
    found = solve(problem, None, limit)
    if found.placed:
        ledger = Ledger(problem, found.placed)
        ledger.pull_forward()
        return _better(problem, ledger, "feasible", limit)
    said = "no plan keeps to all choices; these clash:"
    if found.status != "infeasible":
        said = "no plan was found, and it is not proved that there is none; the planner got stuck here:"
    raise BadInput(said, clashes(problem, solved=found) or [stuck_finding(stuck)])


def _better(problem: Problem, begun: Ledger, how: How, limit: float) -> _Made:
    """CP-SAT's plan where it is no worse than the one begun with."""
    found: Solved = solve(problem, begun, limit)
    if not found.placed:
        return _Made(begun, how)
    ledger = Ledger(problem, found.placed)
    ledger.pull_forward()
    if _cost(problem, ledger) > _cost(problem, begun):
        return _Made(begun, how)
    return _Made(ledger, "optimal" if found.status == "optimal" else "feasible")


def _cost(problem: Problem, ledger: Ledger) -> tuple[int, int]:
    """What is made small: the last window, then weight times window."""
    placed = ledger.placed
    return max(placed.values(), default=0), sum(unit.weight * placed[unit.name] for unit in problem.units)


def _plan(city: City, choices: WaveChoices, problem: Problem, made: _Made, limit: float) -> WavePlan:
    moved = tuple(sorted(one.id for one in choices.systems if one.moved))
    used = sorted(set(made.ledger.placed.values()))
    number = {at: nth for nth, at in enumerate(used, start=1)}
    found = [one for unit in problem.units for one in _placements(problem, made.ledger, unit, number)]
    found = _with_copying(choices, found)
    placements = tuple(sorted(found, key=lambda one: (one.wave, one.system)))
    waves = tuple(
        Wave(
            number=number[at],
            begins=problem.slots[at].begins,
            ends=problem.slots[at].ends,
            systems=tuple(one.system for one in placements if one.wave == number[at]),
        )
        for at in used
    )
    return WavePlan(
        city=city.id,
        how=made.how,
        limit=limit,
        begins=problem.slots[0].begins,
        windows=len(problem.slots),
        waves=waves,
        placements=placements,
        moved=moved,
    )


def _open(member: Moving, slot: Slot) -> Slot:
    return shared(slot, member.move.windows if member.move else ()) or slot


def _with_copying(choices: WaveChoices, placements: list[Placement]) -> list[Placement]:
    spans = copying(choices, [(one.system, one.site, one.copy_mib, one.begins) for one in placements])
    return [
        one.model_copy(update={"copy_begins": spans[one.system][0], "copy_ends": spans[one.system][1]})
        if one.system in spans
        else one
        for one in placements
    ]


def _placements(problem: Problem, ledger: Ledger, unit: Unit, number: Mapping[int, int]) -> list[Placement]:
    at = ledger.placed[unit.name]
    earlier, why = bounds(problem, ledger, unit)
    slot = problem.slots[at]
    return [
        Placement(
            system=member.id,
            name=member.system.name,
            department=member.system.department,
            site=member.system.site,
            zone=member.system.zone,
            wave=number[at],
            begins=slot.begins,
            ends=slot.ends,
            opens=_open(member, slot).begins,
            closes=_open(member, slot).ends,
            copy_mib=member.copy_mib,
            copy_begins=None,
            copy_ends=None,
            cutover_minutes=member.cutover_minutes,
            sizes=dict(member.sizes),
            known_from=member.known_from,
            needs=tuple(sorted(member.system.needs)),
            together=tuple(other.id for other in unit.members if other is not member),
            why_zh=why.zh,
            why_en=why.en,
            earlier=earlier,
        )
        for member in unit.members
    ]
