"""``missed-sum``: what is declared does not sum to what the city's plan says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from citycloud.city.model import City
from citycloud.city.places import Places, Step
from citycloud.city.rules.quota_above_capacity import SIZES, capacity
from citycloud.findings import Finding

Sum = tuple[tuple[Step, ...], int, int, str]
"""Where the plan's figure is, the figure, what is declared, and of what."""


def find(city: City, places: Places) -> Iterator[Finding]:
    for path, planned, declared, what in _sums(city, places):
        if planned != declared:
            said = f"the plan says {planned} {what}, {declared} declared"
            gap = abs(planned - declared)
            hint = f"{'declare' if declared < planned else 'take away'} {gap}, or correct this figure"
            yield Finding("missed-sum", places.of(*path), said, hint)


def _sums(city: City, places: Places) -> Iterator[Sum]:
    if places.whole("plan", "systems"):
        yield ("plan", "systems"), city.plan.systems, len(city.systems), "systems"
    if places.whole("plan", "units"):
        yield ("plan", "units"), city.plan.units, len(city.units), "units"
    if places.whole("plan", "sites"):
        for size in SIZES:
            declared = sum(capacity(site, size) for site in city.sites)
            yield ("plan", "capacity", size), getattr(city.plan.capacity, size), declared, f"{size} of capacity"
    if places.whole("plan", "systems", "machines"):
        yield from _first_systems(city)
    if places.whole("regions", "units"):
        units = Counter(unit.region for unit in city.units)
        for at, region in enumerate(city.regions):
            yield ("regions", at, "units"), region.units, units[region.id], f"units in {region.id}"


def _first_systems(city: City) -> Iterator[Sum]:
    """The first systems in use, and their machines: primary halves, each counted once."""
    first = {system.id for system in city.systems if system.wave == "first"}
    yield ("plan", "first_systems"), city.plan.first_systems, len(first), "systems in the first wave"
    for size in ("vcpu", "memory_gib", "system_disk_gib", "data_disk_gib"):
        declared = sum(getattr(machine, size) for machine in city.machines if machine.system in first)
        planned = getattr(city.plan, f"first_{size}")
        yield ("plan", f"first_{size}"), planned, declared, f"{size} for the first systems"
