"""``quota-above-capacity``: departments were promised more of a site than it has."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from citycloud.city.model import City, Quota, Site
from citycloud.city.places import Places, Step
from citycloud.findings import Finding

SIZES = ("vcpu", "memory_gib", "storage_gib")


def capacity(site: Site, size: str) -> int:
    """What all hosts of the site have of ``size`` (a field of Capacity)."""
    return sum(getattr(host.capacity, size) for zone in site.zones for host in zone.hosts)


def find(city: City, places: Places) -> Iterator[Finding]:
    if not places.whole("sites"):
        return
    for site in city.sites:
        quotas = list(_quotas(city, site.id))
        for size in SIZES:
            total, there_is = sum(getattr(quota, size) for quota, _ in quotas), capacity(site, size)
            if total > there_is:
                # the largest is where a person looks first
                largest, path = max(quotas, key=partial(_share, size))
                said = f"quotas at {site.id} sum to {total} {size}, and it has {there_is}"
                hint = f"the largest is here: {getattr(largest, size)}; take {total - there_is} away, or add hosts"
                yield Finding("quota-above-capacity", places.of(*path, size), said, hint)


def _share(size: str, found: tuple[Quota, tuple[Step, ...]]) -> int:
    return int(getattr(found[0], size))


def _quotas(city: City, site: str) -> Iterator[tuple[Quota, tuple[Step, ...]]]:
    for at, department in enumerate(city.departments):
        for nth, quota in enumerate(department.quotas):
            if quota.site == site:
                yield quota, ("departments", at, "quotas", nth)
