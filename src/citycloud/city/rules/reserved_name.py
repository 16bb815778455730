"""``reserved-name``: an id that means something else already."""

from __future__ import annotations

from collections.abc import Iterator

from citycloud.city.model import City
from citycloud.city.names import RESERVED
from citycloud.city.places import Places
from citycloud.city.rules.unknown_reference import ANY, FLOW_ENDS, OPERATIONS
from citycloud.findings import Finding


def find(city: City, places: Places) -> Iterator[Finding]:
    for section in FLOW_ENDS:
        for at, one in enumerate(getattr(city, section)):
            why = ""
            if one.id in (ANY, OPERATIONS):
                why = "is a flow's source"
            elif section == "machines" and one.id in RESERVED:
                why = "names the site's controller in DNS"
            if why:
                said = f"{one.id!r} {why}: no {section.removesuffix('s')} may be called so"
                yield Finding("reserved-name", places.of(section, at, "id"), said, "give it another id")
