"""``overlapping-prefixes``: two ranges that share addresses."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network
from itertools import combinations
from typing import NamedTuple

from citycloud.city.model import City
from citycloud.city.places import Places
from citycloud.findings import Finding, Place

RANGES = ("management", "external", "tenant")


class Range(NamedTuple):
    name: str
    network: IPv4Network | IPv6Network
    place: Place


def find(city: City, places: Places) -> Iterator[Finding]:
    for one, other in combinations(_ranges(city, places), 2):
        if one.network.version == other.network.version and one.network.overlaps(other.network):
            said = f"{other.name} {other.network} overlaps {one.name} {one.network} ({one.place})"
            yield Finding("overlapping-prefixes", other.place, said, "give one of them a range of its own")


def _ranges(city: City, places: Places) -> Iterator[Range]:
    for at, site in enumerate(city.sites):
        for name in RANGES:
            subnets = getattr(site, name)
            if subnets is not None:
                for family in ("ipv4", "ipv6"):
                    place = places.of("sites", at, name, family)
                    yield Range(f"{site.id}'s {name} range", getattr(subnets, family), place)
