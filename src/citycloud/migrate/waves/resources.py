"""The resources that moves share, each with its limit in every window, and what each System takes of them. Pure.

A resource is anything of which there is so much in a window: a team's hands, a department's quota, a zone's room, what
a line has carried by then. A System takes ``stays`` of it from its window on, and ``passes`` of it in that window only.
The one rule for all: in each window, what all Systems before and in it take together is within the resource's limit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from citycloud.city.model import City, Department, Site, Zone
from citycloud.migrate.choices import WaveChoices
from citycloud.migrate.waves.calendar import Slot, carried_mib
from citycloud.migrate.waves.demand import SIZES, Moving
from citycloud.report import Text

Kind = Literal["team", "department", "line", "quota", "zone"]
UNITS = {"vcpu": "vCPU", "memory_gib": "GiB", "storage_gib": "GiB"}
SIZE_TITLES = {
    "vcpu": Text("vCPU", "vCPU"),
    "memory_gib": Text("内存", "memory"),
    "storage_gib": Text("存储", "storage"),
}


@dataclass(frozen=True)
class Resource:
    id: str
    """``line east``, ``quota water east vcpu``."""
    kind: Kind
    title: Text
    unit: str
    """Of the figures: ``moves``, ``MiB``, ``vCPU``, ``GiB``."""
    limits: tuple[int, ...]
    """By window."""


@dataclass(frozen=True)
class Take:
    """What a unit takes of a resource."""

    stays: int = 0
    passes: int = 0


def resources_of(
    city: City, waves: WaveChoices, slots: Sequence[Slot], movings: Sequence[Moving]
) -> tuple[Mapping[str, Resource], Mapping[str, Mapping[str, Take]]]:
    """Resources by id, and what each System takes. Those that moved already have made the limits smaller."""
    found = [
        *_people(city, waves, slots),
        *_lines(city, waves, slots),
        *_quotas(city, slots),
        *_zones(city, waves, slots),
    ]
    takes = {moving.id: _takes(waves, moving) for moving in movings}
    gone: Counter[str] = Counter()
    for moving in movings:
        if moving.moved:
            gone.update({id_: take.stays for id_, take in takes[moving.id].items() if not id_.startswith("line ")})
    left = {
        one.id: Resource(one.id, one.kind, one.title, one.unit, tuple(limit - gone[one.id] for limit in one.limits))
        for one in found
    }
    return left, {id_: {name: take for name, take in each.items() if name in left} for id_, each in takes.items()}


def _takes(waves: WaveChoices, moving: Moving) -> dict[str, Take]:
    system = moving.system
    found = {f"team {team.id}": Take(passes=1) for team in waves.teams if _made_by(team.departments, system.department)}
    found[f"department {system.department}"] = Take(passes=1)
    found[f"line {system.site}"] = Take(stays=moving.copy_mib)
    for site in moving.sites:
        for size in SIZES:
            # clones share their disks' blocks with what they are clones of
            clones = waves.rehearsal_percent if site == system.site and size != "storage_gib" else 0
            take = Take(moving.sizes[size], -(-moving.sizes[size] * clones // 100))
            found[f"quota {system.department} {site} {size}"] = take
            found[f"zone {site} {system.zone} {size}"] = take
    return found


def _made_by(departments: Sequence[str], department: str) -> bool:
    return not departments or department in departments


def _people(city: City, waves: WaveChoices, slots: Sequence[Slot]) -> list[Resource]:
    teams = [
        Resource(
            f"team {team.id}",
            "team",
            Text(f"{team.name}每个窗口 {team.moves} 个", f"team {team.id}: {team.moves} moves a window"),
            "moves",
            (team.moves,) * len(slots),
        )
        for team in waves.teams
    ]
    most = waves.moves_of_department
    return teams + [
        Resource(
            f"department {one.id}",
            "department",
            Text(f"{one.name}每个窗口 {most} 个", f"department {one.id}: {most} moves a window"),
            "moves",
            (most,) * len(slots),
        )
        for one in city.departments
    ]


def _lines(city: City, waves: WaveChoices, slots: Sequence[Slot]) -> list[Resource]:
    """What they carry until rehearsals begin. A site that no line is declared for takes in nothing."""
    by_site, ahead = {line.site: line for line in waves.lines}, timedelta(days=waves.ahead_days)
    found = []
    for site in city.sites:
        if site.zones:
            line = by_site.get(site.id)
            limits = tuple(carried_mib(line, waves.begins, slot.begins - ahead) if line else 0 for slot in slots)
            title = Text(f"到 {site.id} 的线路", f"the line to {site.id}")
            found.append(Resource(f"line {site.id}", "line", title, "MiB", limits))
    return found


def _quotas(city: City, slots: Sequence[Slot]) -> list[Resource]:
    """A department without a quota at a site has none of it there."""
    given = {(one.id, quota.site): quota for one in city.departments for quota in one.quotas}
    return [
        _quota(department, site.id, size, getattr(given.get((department.id, site.id)), size, 0), len(slots))
        for department in city.departments
        for site in city.sites
        if site.zones
        for size in SIZES
    ]


def _quota(department: Department, site: str, size: str, limit: int, slots: int) -> Resource:
    title = Text(
        f"{department.name}在 {site} 的{SIZE_TITLES[size].zh}配额",
        f"{department.id}'s quota of {SIZE_TITLES[size].en} at {site}",
    )
    return Resource(f"quota {department.id} {site} {size}", "quota", title, UNITS[size], (limit,) * slots)


def _zones(city: City, waves: WaveChoices, slots: Sequence[Slot]) -> list[Resource]:
    return [_zone(waves, site, zone, size, slots) for site in city.sites for zone in site.zones for size in SIZES]


def _zone(waves: WaveChoices, site: Site, zone: Zone, size: str, slots: Sequence[Slot]) -> Resource:
    whole = sum(getattr(host.capacity, size) for host in zone.hosts)
    limits = tuple(whole * _delivered(waves, site.id, zone.id, slot) // 100 for slot in slots)
    arches = "/".join(sorted({str(host.arch) for host in zone.hosts}))
    title = Text(
        f"{site.id} 的{zone.name}（{arches}）的{SIZE_TITLES[size].zh}",
        f"{SIZE_TITLES[size].en} of zone {zone.id} ({arches}) at {site.id}",
    )
    return Resource(f"zone {site.id} {zone.id} {size}", "zone", title, UNITS[size], limits)


def _delivered(waves: WaveChoices, site: str, zone: str, slot: Slot) -> int:
    """Percent of a zone that is there: all of it where no delivery is named, nothing before the first one."""
    lots = [one for one in waves.deliveries if (one.site, one.zone) == (site, zone)]
    there = [one.percent for one in lots if one.begins <= slot.day]
    return max(there, default=0) if lots else 100
