"""``duplicate-number``: two things whose numbers would give them the same addresses."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator

from citycloud.city.model import City
from citycloud.city.places import Places, Step
from citycloud.findings import Finding


def find(city: City, places: Places) -> Iterator[Finding]:
    for section in ("segments", "departments"):
        numbered = ((one.number, (section, at, "number"), one.id) for at, one in enumerate(getattr(city, section)))
        yield from _twice(numbered, f"another of the {section}", places)
    departments = {system.id: system.department for system in city.systems}
    machines = (
        ((departments[machine.system], machine.segment, machine.number), ("machines", at, "number"), machine.id)
        for at, machine in enumerate(city.machines)
        if machine.system in departments
    )
    yield from _twice(machines, "another machine of its department and segment", places)


def _twice(numbered: Iterable[tuple[Hashable, tuple[Step, ...], str]], other: str, places: Places) -> Iterator[Finding]:
    first: dict[Hashable, tuple[Step, ...]] = {}
    for number, path, id_ in numbered:
        earlier = first.setdefault(number, path)
        if earlier is not path:
            said = f"{id_!r} has the number of {other}, at {places.of(*earlier)}"
            yield Finding("duplicate-number", places.of(*path), said, "a number fixes addresses: take a free one")
