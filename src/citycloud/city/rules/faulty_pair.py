"""``faulty-pair``: a disaster-recovery pair that could not take over, whatever is replicated."""

from __future__ import annotations

from collections.abc import Iterator

from citycloud.city.model import City, Pair, System
from citycloud.city.places import Places
from citycloud.findings import Finding


def find(city: City, places: Places) -> Iterator[Finding]:
    systems = {system.id: system for system in city.systems}
    zones = {site.id: frozenset(zone.id for zone in site.zones) for site in city.sites}
    for at, pair in enumerate(city.pairs):
        if pair.sites[0] == pair.sites[1]:
            place, said = places.of("pairs", at, "sites"), f"pair {pair.id!r} is one site twice"
            yield Finding("faulty-pair", place, said, "name two sites")
        for nth, name in enumerate(pair.systems):
            for said, hint in _faults(pair, systems[name], zones) if name in systems else ():
                yield Finding("faulty-pair", places.of("pairs", at, "systems", nth), said, hint)
    yield from _levels(city, places)


def _faults(pair: Pair, system: System, zones: dict[str, frozenset[str]]) -> Iterator[tuple[str, str]]:
    if system.site not in pair.sites:
        yield f"{system.id}'s site {system.site!r} is not in pair {pair.id!r}", f"it pairs {' and '.join(pair.sites)}"
    for site in pair.sites:
        if site in zones and system.zone not in zones[site] and site != system.site:
            yield f"{site} has no zone {system.zone!r} for {system.id}'s standby half", "add the zone there"


def _levels(city: City, places: Places) -> Iterator[Finding]:
    """A system has a disaster-recovery level if, and only if, a pair holds it."""
    if not places.whole("pairs"):
        return
    paired = {name for pair in city.pairs for name in pair.systems}
    for at, system in enumerate(city.systems):
        if system.id in paired and system.dr_level is None:
            said = f"{system.id} is in a pair and has no dr_level"
            yield Finding("faulty-pair", places.of("systems", at), said, "add `dr_level:`, 1 to 6 of GB/T 20988")
        elif system.id not in paired and (system.dr_level is not None or system.on_both):
            field = "on_both" if system.dr_level is None else "dr_level"
            said = f"{system.id} has {field}, and no pair names it"
            yield Finding("faulty-pair", places.of("systems", at, field), said, "add it to a pair's systems")
