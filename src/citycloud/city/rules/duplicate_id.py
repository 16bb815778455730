"""``duplicate-id``: two things that bear one id, so that nobody knows which is meant.

Hosts and people are unique in the whole city, zones in their site. What a flow may name (machines, systems, segments)
shares one set of ids, ``any`` and ``operations`` included.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from citycloud.city.model import City
from citycloud.city.places import Places, Step
from citycloud.findings import Finding

Named = tuple[str, str, tuple[Step, ...]]
"""What a thing is, its id, and where it is."""


def find(city: City, places: Places) -> Iterator[Finding]:
    for section in ("carriers", "sites", "departments", "regions", "units", "pairs"):
        yield from _twice(_named(city, section), places)
    yield from _twice([one for section in ("segments", "systems", "machines") for one in _named(city, section)], places)
    for at, site in enumerate(city.sites):
        zones = [("zone", zone.id, ("sites", at, "zones", nth, "id")) for nth, zone in enumerate(site.zones)]
        yield from _twice(zones, places)
    yield from _twice(_hosts(city), places)
    yield from _twice(_people(city), places)
    yield from _flows(city, places)


def _named(city: City, section: str) -> Iterator[Named]:
    for at, one in enumerate(getattr(city, section)):
        yield section.removesuffix("s"), one.id, (section, at, "id")


def _hosts(city: City) -> Iterator[Named]:
    for at, site in enumerate(city.sites):
        for nth, zone in enumerate(site.zones):
            for number, host in enumerate(zone.hosts):
                yield "host", host.id, ("sites", at, "zones", nth, "hosts", number, "id")


def _people(city: City) -> Iterator[Named]:
    for at, department in enumerate(city.departments):
        for nth, person in enumerate(department.people):
            yield "person", person.id, ("departments", at, "people", nth, "id")


def _twice(things: Iterable[Named], places: Places) -> Iterator[Finding]:
    first: dict[str, Named] = {}
    for thing in things:
        what, id_, path = thing
        earlier = first.setdefault(id_, thing)
        if earlier is not thing:
            said = f"the {what} {id_!r} has the id of the {earlier[0]} at {places.of(*earlier[2])}"
            yield Finding("duplicate-id", places.of(*path), said, "give one of them another id")


def _flows(city: City, places: Places) -> Iterator[Finding]:
    """Flows have no id; the same connection permitted twice is a slip."""
    first: dict[tuple[str, str, str, int | None], int] = {}
    for at, flow in enumerate(city.flows):
        earlier = first.setdefault((flow.source, flow.target, flow.protocol, flow.port), at)
        if earlier != at:
            said = f"this flow is declared at {places.of('flows', earlier)} already"
            yield Finding("duplicate-id", places.of("flows", at), said, "keep one of the two")
