"""The problem of waves as plain values: units that move whole, windows they may use, and resources they share. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from citycloud.city.model import City
from citycloud.findings import Finding, Place
from citycloud.migrate.choices import Migrations
from citycloud.migrate.waves import reasons
from citycloud.migrate.waves.calendar import Slot, frozen_by, shared, slots
from citycloud.migrate.waves.demand import Measured, Moving, movings, zone_arches
from citycloud.migrate.waves.reasons import Reason
from citycloud.migrate.waves.resources import Resource, Take, resources_of


@dataclass(frozen=True)
class Unit:
    """Systems that move together: one, as a rule."""

    members: tuple[Moving, ...]
    takes: Mapping[str, Take]
    closed: Mapping[int, Reason]
    """Windows that it cannot move in whatever the others do, and the first reason why."""
    needs: tuple[str, ...]
    """Other units, by name, that move before it."""

    @property
    def name(self) -> str:
        return self.members[0].id

    @property
    def title(self) -> str:
        return " + ".join(member.id for member in self.members)

    @property
    def weight(self) -> int:
        return sum(member.weight for member in self.members)


@dataclass(frozen=True)
class Problem:
    slots: tuple[Slot, ...]
    units: tuple[Unit, ...]
    """By name."""
    resources: Mapping[str, Resource]
    apart: int
    """How many windows a unit has to be after what it needs: 0 or 1."""
    findings: tuple[Finding, ...] = ()
    """What makes it no problem at all: needs in a circle."""


def problem_of(city: City, migrations: Migrations, measured: Mapping[str, Measured] | None = None) -> Problem:
    """What ``migrations`` (whose ``waves`` are there) says, over all Systems of ``city``."""
    waves = migrations.waves
    assert waves is not None
    all_of_them = movings(city, migrations, measured or {})
    windows = slots(waves)
    groups = _groups([moving for moving in all_of_them if not moving.moved], waves.together)
    resources, takes = resources_of(city, waves, windows, all_of_them)
    unit_of = {member.id: group[0].id for group in groups for member in group}
    units = tuple(
        Unit(
            members=group,
            takes=_summed(takes[member.id] for member in group),
            closed=_closed(city, migrations, windows, group, resources),
            needs=_needs(group, unit_of),
        )
        for group in groups
    )
    apart = 1 if waves.needed_first == "earlier-wave" else 0
    return Problem(windows, units, resources, apart, tuple(_circles(units)))


def _groups(moving: Iterable[Moving], together: Iterable[Iterable[str]]) -> list[tuple[Moving, ...]]:
    """Each with its members by id; the groups by their first member."""
    left = {one.id: one for one in moving}
    groups = []
    for wanted in together:
        members = sorted(id_ for id_ in wanted if id_ in left)
        if members:
            groups.append(tuple(left.pop(id_) for id_ in members))
    groups += [(one,) for one in left.values()]
    return sorted(groups, key=lambda group: group[0].id)


def _summed(takes: Iterable[Mapping[str, Take]]) -> dict[str, Take]:
    found: dict[str, Take] = {}
    for one in takes:
        for id_, take in one.items():
            have = found.get(id_, Take())
            found[id_] = Take(have.stays + take.stays, have.passes + take.passes)
    return dict(sorted(found.items()))


def _needs(group: tuple[Moving, ...], unit_of: Mapping[str, str]) -> tuple[str, ...]:
    needed = {unit_of[need] for member in group for need in member.system.needs if need in unit_of}
    return tuple(sorted(needed - {group[0].id}))


def _closed(
    city: City,
    migrations: Migrations,
    windows: tuple[Slot, ...],
    group: tuple[Moving, ...],
    resources: Mapping[str, Resource],
) -> dict[int, Reason]:
    found: dict[int, Reason] = {}
    for at, slot in enumerate(windows):
        for member in group:
            reason = _against(city, migrations, slot, at, member, resources)
            if reason is not None:
                found[at] = reason
                break
    return found


def _against(
    city: City, migrations: Migrations, slot: Slot, at: int, member: Moving, resources: Mapping[str, Resource]
) -> Reason | None:
    """The first thing that keeps ``member`` from moving in a window, whatever the others do."""
    assert migrations.waves is not None
    system, move, chosen = member.system, member.move, member.chosen
    arches = zone_arches(city, system.site, system.zone)
    if member.arches and not member.arches & arches:
        where = f"{system.site}/{system.zone}"
        return reasons.wrong_arch(system.id, ", ".join(sorted(member.arches)), where, ", ".join(sorted(arches)))
    if chosen is not None and chosen.not_before is not None and slot.day < chosen.not_before:
        return reasons.not_before(system.id, str(chosen.not_before))
    if frozen := frozen_by(slot, migrations.waves.frozen, system.department):
        return reasons.is_frozen(frozen)
    own = move.windows if move is not None else ()
    part = shared(slot, own)
    have = part.minutes if part else 0
    if have < member.cutover_minutes:
        return reasons.too_short(system.id, have, member.cutover_minutes, bool(own))
    line = resources.get(f"line {system.site}")
    if move is not None and line is not None:
        short = member.copy_mib - line.limits[at] * move.bandwidth_percent // 100
        if short > 0:
            return reasons.share_too_small(system.id, move.bandwidth_percent, system.site, short / 1024)
    if line is not None and member.copy_mib > line.limits[at]:
        return reasons.line_too_slow(line.title, system.id, (member.copy_mib - line.limits[at]) / 1024, str(slot.day))
    return None


def _circles(units: tuple[Unit, ...]) -> list[Finding]:
    """Units that need each other in a circle, found by taking away those whose needs are all gone."""
    left = {unit.name: set(unit.needs) for unit in units}
    while free := [name for name, needs in left.items() if not needs & left.keys()]:
        for name in free:
            del left[name]
    if not left:
        return []
    names = ", ".join(sorted(left))
    hint = "let them move together (`together:`), or take one of the needs away"
    return [Finding("dependency-cycle", Place(object="needs"), f"these need each other in a circle: {names}", hint)]
