"""``faulty-range``: a site with a cloud that lacks a range, or has one too small for the addresses cut from it.

The sizes follow from ``cloud/addresses.py``: 63 departments with a /22 and a /56 each, routers from offset 16 and 0x100
on the provider network, and IPv6 addresses by SLAAC, which takes a /64.
"""

from __future__ import annotations

from collections.abc import Iterator

from citycloud.city.model import City, Subnets
from citycloud.city.places import Places
from citycloud.city.rules.overlapping_prefixes import RANGES
from citycloud.findings import Finding

_LONGEST = {"management": (24, 64), "external": (24, 64), "tenant": (16, 48)}


def find(city: City, places: Places) -> Iterator[Finding]:
    for at, site in enumerate(city.sites):
        for name in RANGES:
            subnets: Subnets | None = getattr(site, name)
            if subnets is None and site.zones:
                said = f"site {site.id!r} has zones, but no {name} range"
                yield Finding("faulty-range", places.of("sites", at), said, f"add `{name}: {{ipv4: ..., ipv6: ...}}`")
            elif subnets is not None:
                for family, longest in zip(("ipv4", "ipv6"), _LONGEST[name], strict=True):
                    network = getattr(subnets, family)
                    if network.prefixlen > longest:
                        place = places.of("sites", at, name, family)
                        said = f"{network} is too small for {site.id}'s {name} range"
                        yield Finding("faulty-range", place, said, f"a /{longest} at least")
