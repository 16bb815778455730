"""The City's names, as DNS records: pure values, from the same addresses as everything else.

In the city's own zone (``wuwei.example``):

- ``<machine>.<site>``: a machine's half at a site, wherever it has one (A and AAAA);
- ``<system>``: the first machine of the system's primary half; for a system served from both sites, of both halves;
- ``api.<site>`` and ``ns.<site>``: the site's controller, where its cloud's APIs and its name server are.

And a reverse zone for each range that an address above is in. Every site's name server serves all zones, so that names
outlive the loss of a site.

For a name server::

    for zone in zones(city, {"east": addresses_of_its_controller, "west": ...}):
        write(zone.name, zone_file(zone))
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Literal
from zlib import crc32

from citycloud.city.model import Addresses, City, Site, Subnets
from citycloud.cloud.halves import halves

TTL = 60
"""Seconds: short, as a name may move to the other site."""
RESERVED = frozenset({"api", "ns"})
"""First labels below a site that no machine may bear."""
RecordType = Literal["A", "AAAA", "NS", "PTR"]


@dataclass(frozen=True, order=True)
class Record:
    """One record. Names, also those that are values, are absolute and end with a dot."""

    name: str
    type: RecordType
    value: str


@dataclass(frozen=True)
class DnsZone:
    """One zone: its name (with the dot), the name server its SOA names, and its records, NS among them, in order."""

    name: str
    primary: str
    contact: str
    records: tuple[Record, ...]

    @property
    def serial(self) -> int:
        """Changes whenever a record does (no other server transfers the zone, so it need not grow)."""
        return crc32(repr(self.records).encode()) or 1


def zones(city: City, controllers: Mapping[str, Addresses]) -> tuple[DnsZone, ...]:
    """All of the city's zones; ``controllers`` has each cloud's site id and its controller's addresses."""
    named = {
        f"{label}.{site}.{city.domain}.": [addresses]
        for site, addresses in controllers.items()
        for label in sorted(RESERVED)
    }
    owners = {**_machines(city), **{f"api.{site}.{city.domain}.": [found] for site, found in controllers.items()}}
    forward = [
        record for name, found in {**named, **owners, **_systems(city)}.items() for record in _hosts(name, found)
    ]
    servers = tuple(f"ns.{site}.{city.domain}." for site in controllers)
    reverse = _reverse(city, {name: found[0] for name, found in owners.items()})
    return tuple(_zone(city, name, servers, found) for name, found in [(f"{city.domain}.", forward), *reverse])


def zone_file(zone: DnsZone) -> str:
    """The zone in the format of RFC 1035, section 5."""
    soa = f"{zone.primary} {zone.contact} {zone.serial} 3600 600 604800 {TTL}"
    lines = [f"{record.name} {TTL} IN {record.type} {record.value}" for record in zone.records]
    return "\n".join([f"$ORIGIN {zone.name}", f"$TTL {TTL}", f"@ IN SOA {soa}", *lines, ""])


def _zone(city: City, name: str, servers: tuple[str, ...], records: Iterable[Record]) -> DnsZone:
    served = [Record(name, "NS", server) for server in servers]
    return DnsZone(name, servers[0], f"hostmaster.{city.domain}.", tuple(sorted({*served, *records})))


def _machines(city: City) -> dict[str, list[Addresses]]:
    return {f"{half.machine.id}.{half.site.id}.{city.domain}.": [half.addresses] for half in halves(city)}


def _systems(city: City) -> dict[str, list[Addresses]]:
    """Each system's name, with its first machine's addresses at each site that serves it."""
    found: dict[str, dict[str, Addresses]] = {}
    for half in halves(city):
        if half.primary or half.system.on_both:
            found.setdefault(f"{half.system.id}.{city.domain}.", {}).setdefault(half.site.id, half.addresses)
    return {name: list(by_site.values()) for name, by_site in found.items()}


def _hosts(name: str, found: Iterable[Addresses]) -> Iterator[Record]:
    for addresses in found:
        yield Record(name, "A", str(addresses.ipv4))
        yield Record(name, "AAAA", str(addresses.ipv6))


def _reverse(city: City, owners: Mapping[str, Addresses]) -> list[tuple[str, list[Record]]]:
    """The reverse zones' names and pointers, in order of name."""
    found: dict[str, list[Record]] = {zone: [] for site in city.sites for zone in _reverse_zones(site)}
    for name, addresses in owners.items():
        for address in (addresses.ipv4, addresses.ipv6):
            pointer = f"{address.reverse_pointer}."
            around = [zone for zone in found if pointer.endswith(f".{zone}")]
            if around:
                found[max(around, key=len)].append(Record(pointer, "PTR", name))
    return sorted(found.items())


def _reverse_zones(site: Site) -> list[str]:
    ranges = [found for found in (site.management, site.tenant) if found is not None]
    return [_reverse_zone(network) for found in ranges for network in _both(found)]


def _both(subnets: Subnets) -> tuple[IPv4Network, IPv6Network]:
    return subnets.ipv4, subnets.ipv6


def _reverse_zone(network: IPv4Network | IPv6Network) -> str:
    """The smallest reverse zone around ``network``: cut at an octet (RFC 1035) or at a nibble (RFC 3596)."""
    bits = 8 if isinstance(network, IPv4Network) else 4
    labels = network.network_address.reverse_pointer.split(".")
    host_labels = (network.max_prefixlen // bits) - network.prefixlen // bits
    return ".".join(labels[host_labels:]) + "."
