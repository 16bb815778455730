"""``unknown-reference``: a word that stands for another thing, where there is no such thing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from citycloud.city.model import City
from citycloud.city.places import Places, Step, did_you_mean
from citycloud.findings import Finding

ANY, OPERATIONS = "any", "operations"
FLOW_ENDS = ("machines", "systems", "segments")
Reference = tuple[tuple[Step, ...], str, tuple[str, ...]]
"""Where a reference is, what it says, and the sections that it may mean."""


def find(city: City, places: Places) -> Iterator[Finding]:
    ids = {section: frozenset(one.id for one in getattr(city, section)) for section in _TARGETS}
    for path, word, sections in _references(city):
        known = frozenset().union(*(ids[section] for section in sections))
        if word not in known and not any(places.is_unread(section, word) for section in sections):
            what = " or ".join(section.removesuffix("s") for section in sections)
            yield _finding(places, path, word, what, known)
    yield from _zones(city, places)
    yield from _owners(city, places)


_TARGETS = ("carriers", "sites", "segments", "departments", "systems", "machines", "regions")


def _finding(places: Places, path: Iterable[Step], word: str, what: str, known: Iterable[str]) -> Finding:
    said = f"there is no {what} {word!r}"
    return Finding("unknown-reference", places.of(*path), said, did_you_mean(word, frozenset(known)))


def _references(city: City) -> Iterator[Reference]:
    yield from _of_places(city)
    yield from _of_tenants(city)
    for at, flow in enumerate(city.flows):
        if flow.source not in (ANY, OPERATIONS):
            yield ("flows", at, "source"), flow.source, FLOW_ENDS
        yield ("flows", at, "target"), flow.target, FLOW_ENDS
    for at, unit in enumerate(city.units):
        yield ("units", at, "region"), unit.region, ("regions",)


def _of_places(city: City) -> Iterator[Reference]:
    for at, site in enumerate(city.sites):
        yield ("sites", at, "carrier"), site.carrier, ("carriers",)
    for at, link in enumerate(city.links):
        for end, word in enumerate(link.sites):
            yield ("links", at, "sites", end), word, ("sites",)
    for at, segment in enumerate(city.segments):
        for nth, word in enumerate(segment.may_reach):
            yield ("segments", at, "may_reach", nth), word, ("segments",)
    for at, pair in enumerate(city.pairs):
        for nth, word in enumerate(pair.sites):
            yield ("pairs", at, "sites", nth), word, ("sites",)
        for nth, word in enumerate(pair.systems):
            yield ("pairs", at, "systems", nth), word, ("systems",)


def _of_tenants(city: City) -> Iterator[Reference]:
    for at, department in enumerate(city.departments):
        for nth, quota in enumerate(department.quotas):
            yield ("departments", at, "quotas", nth, "site"), quota.site, ("sites",)
    for at, system in enumerate(city.systems):
        yield ("systems", at, "department"), system.department, ("departments",)
        yield ("systems", at, "site"), system.site, ("sites",)
        for nth, word in enumerate(system.needs):
            yield ("systems", at, "needs", nth), word, ("systems",)
    for at, machine in enumerate(city.machines):
        yield ("machines", at, "system"), machine.system, ("systems",)
        yield ("machines", at, "segment"), machine.segment, ("segments",)


def _zones(city: City, places: Places) -> Iterator[Finding]:
    """A system's zone is one of its site's."""
    zones = {site.id: [zone.id for zone in site.zones] for site in city.sites}
    for at, system in enumerate(city.systems):
        if system.site in zones and system.zone not in zones[system.site]:
            what = f"zone at site {system.site!r}"
            yield _finding(places, ("systems", at, "zone"), system.zone, what, zones[system.site])


def _owners(city: City, places: Places) -> Iterator[Finding]:
    """A department's owner is one of its people."""
    for at, department in enumerate(city.departments):
        people = [person.id for person in department.people]
        if department.owner not in people:
            what = f"person in department {department.id!r}"
            yield _finding(places, ("departments", at, "owner"), department.owner, what, people)
