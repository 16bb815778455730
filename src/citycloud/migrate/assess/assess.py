"""The assessment of a department's moves: every rule over every move, in one order. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from citycloud.city.model import City
from citycloud.errors import BadInput
from citycloud.findings import Finding
from citycloud.migrate.assess import sizing
from citycloud.migrate.assess.concern import Case, Concern
from citycloud.migrate.assess.rules import (
    addresses,
    certificates,
    hosts,
    mariadb,
    portability,
    postgresql,
    protection,
    trees,
)
from citycloud.migrate.assess.sizing import Sized
from citycloud.migrate.choices import DepartmentChoices
from citycloud.migrate.seen import Observation, Talk, talks

Rule = Callable[[Case], Iterator[Concern]]
RULES: tuple[Rule, ...] = (
    hosts.concerns,
    sizing.concerns,
    portability.concerns,
    postgresql.concerns,
    mariadb.concerns,
    trees.concerns,
    addresses.concerns,
    certificates.concerns,
    protection.concerns,
)
ORDER = {"blocks": 0, "choice": 1, "note": 2}


@dataclass(frozen=True)
class Assessment:
    """What was found of one department's moves."""

    department: str
    concerns: tuple[Concern, ...]
    """What blocks first, then open choices, then the rest."""
    sized: tuple[Sized, ...]
    talks: tuple[Talk, ...]

    @property
    def open(self) -> tuple[Concern, ...]:
        """What keeps a plan from being made."""
        return tuple(one for one in self.concerns if one.open)

    def findings(self) -> list[Finding]:
        return [one.finding() for one in self.concerns]


def assess(city: City, chosen: DepartmentChoices, seen: Observation) -> Assessment:
    """What ``seen`` means for the moves that ``chosen`` describes. Raises BadInput for another department's."""
    if seen.department != chosen.department:
        raise BadInput(f"an Observation of {seen.department}, and choices of {chosen.department}")
    systems = {system.id: system for system in city.systems}
    found: list[Concern] = []
    sizes: list[Sized] = []
    for move in sorted(chosen.moves, key=lambda one: one.order):
        case = Case(city, chosen, move, systems[move.system], seen.of(move.system), seen, seen.ended.date())
        found += [concern for rule in RULES for concern in rule(case)]
        sizes += sizing.sized(case)
    distinct = list(dict.fromkeys(found))
    ranked = sorted(distinct, key=lambda one: (not one.open, ORDER[one.bears], one.place, one.kind, one.en))
    return Assessment(seen.department, tuple(ranked), tuple(sizes), talks(seen))
