"""``pair-on-one-carrier``: a pair whose sites one carrier's outage takes away together (同城异网 asks for two)."""

from __future__ import annotations

from collections.abc import Iterator

from citycloud.city.model import City
from citycloud.city.places import Places
from citycloud.findings import Finding


def find(city: City, places: Places) -> Iterator[Finding]:
    carriers = {site.id: site.carrier for site in city.sites}
    for at, pair in enumerate(city.pairs):
        one, other = pair.sites
        if one != other and one in carriers and carriers[one] == carriers.get(other):
            said = f"pair {pair.id!r}: {one} and {other} are both on carrier {carriers[one]!r}"
            place = places.of("pairs", at, "sites")
            yield Finding("pair-on-one-carrier", place, said, "pair sites of two carriers")
