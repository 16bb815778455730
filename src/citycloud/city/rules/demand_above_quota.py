"""``demand-above-quota``: a department's machines, its standby halves included, need more than its quota at a site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from citycloud.city.model import City, Department, Machine
from citycloud.city.places import Places
from citycloud.city.rules.quota_above_capacity import SIZES
from citycloud.cloud.halves import sites_of
from citycloud.findings import Finding

Demand = dict[tuple[str, str], Counter[str]]
"""By department and site, what the machines there need of each size."""


def needed(machine: Machine, size: str) -> int:
    """What a machine needs of ``size``; storage is both its disks."""
    if size == "storage_gib":
        return machine.system_disk_gib + machine.data_disk_gib
    return int(getattr(machine, size))


def demand(city: City) -> Demand:
    systems = {system.id: system for system in city.systems}
    found: Demand = {}
    for machine in city.machines:
        system = systems.get(machine.system)
        for site in sites_of(city, system) if system else ():
            sizes = found.setdefault((system.department if system else "", site), Counter())
            sizes.update({size: needed(machine, size) for size in SIZES})
    return found


def find(city: City, places: Places) -> Iterator[Finding]:
    needs = demand(city)
    for at, department in enumerate(city.departments):
        for site in city.sites:
            if (department.id, site.id) in needs:
                yield from _site(department, at, site.id, needs[department.id, site.id], places)


def _site(department: Department, at: int, site: str, needs: Counter[str], places: Places) -> Iterator[Finding]:
    nth = next((nth for nth, quota in enumerate(department.quotas) if quota.site == site), None)
    if nth is None:
        said = f"{department.id} has machines at {site}, and no quota there"
        hint = "add `- {site: %s, vcpu: %d, memory_gib: %d, storage_gib: %d}`"
        place = places.of("departments", at, "quotas")
        yield Finding("demand-above-quota", place, said, hint % (site, *(needs[size] for size in SIZES)))
        return
    for size in SIZES:
        quota = getattr(department.quotas[nth], size)
        if needs[size] > quota:
            said = f"{department.id}'s machines at {site} need {needs[size]} {size}, its quota is {quota}"
            place = places.of("departments", at, "quotas", nth, size)
            yield Finding("demand-above-quota", place, said, f"raise the quota to {needs[size]}, or shrink machines")
