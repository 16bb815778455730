"""``grade-outside-zone``: a system that stands in a zone not assessed for its 等保 level (GB/T 22239-2019)."""

from __future__ import annotations

from collections.abc import Iterator

from citycloud.city.model import City
from citycloud.city.places import Places
from citycloud.cloud.halves import sites_of
from citycloud.findings import Finding


def find(city: City, places: Places) -> Iterator[Finding]:
    zones = {(site.id, zone.id): zone for site in city.sites for zone in site.zones}
    for at, system in enumerate(city.systems):
        for site in sites_of(city, system):
            zone = zones.get((site, system.zone))
            if zone is not None and system.grade not in zone.grades:
                said = f"{system.id} is of level {system.grade}, and {site}/{zone.id} takes {_list(zone.grades)}"
                fit = [id_ for (where, id_), other in zones.items() if where == site and system.grade in other.grades]
                hint = f"zones of {site} that take it: {', '.join(fit) or 'none'}"
                yield Finding("grade-outside-zone", places.of("systems", at, "zone"), said, hint)


def _list(grades: tuple[int, ...]) -> str:
    return "level " + " and ".join(str(grade) for grade in grades) if grades else "none"
