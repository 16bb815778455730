"""What a schema has to keep to. A rule sees whatever could be read, and names the line."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from ipaddress import IPv6Network
from itertools import pairwise

from citycloud.city.model import City
from citycloud.city.places import Mark, did_you_mean
from citycloud.city.rules.overlapping_prefixes import RANGES
from citycloud.findings import Finding, Place
from citycloud.ipv6.schema import MOST_BITS, AddressSchema, FixedAddress, Larger, NetworkType, is_nibble

UNICAST = (IPv6Network("2000::/3"), IPv6Network("fc00::/7"))
"""Global (RFC 4291, section 2.5.4; RFC 3513's 2000::/3 as IANA gives it out) and unique local (RFC 4193)."""
LEVELS = ("city", "region", "unit")
"""No kind of network may bear these names: they are roles of prefixes, too."""
LONGEST_DOMAIN = 150
"""Characters: three ids of 32 and their dots go before it, and a name has 253."""
RESERVED_FROM = 0xFDFFFFFFFFFFFF80
"""Interface identifiers from here to ``fdff:ffff:ffff:ffff`` are reserved for anycast (RFC 2526, RFC 5453)."""


def check(schema: AddressSchema, city: City, mark: Mark) -> Iterator[Finding]:
    """Every Finding about a schema. ``mark`` has its lines; positions are those of the schema's tuples."""
    yield from _lengths(schema, mark)
    yield from _prefix(schema, city, mark)
    yield from _names(schema, city, mark)
    for at, network in enumerate(schema.networks):
        yield from _network(schema, network, mark.parts.get("networks", mark).parts.get(at, mark))
    for at, larger in enumerate(schema.larger):
        yield from _larger(schema, city, larger, mark.at("larger", at))


def levels(schema: AddressSchema) -> list[tuple[str, str, int]]:
    """From the city's prefix down: level, field and length."""
    found = [("prefix", "", schema.prefix.prefixlen)]
    for name in ("region", "unit", "network"):
        level = getattr(schema, name)
        found += [(name, "reserved", level.reserved), (name, "given", level.given)]
    return found


def _lengths(schema: AddressSchema, mark: Mark) -> Iterator[Finding]:
    for name, field, length in levels(schema):
        if not is_nibble(length):
            low = length - length % 4
            said = f"/{length} does not end at a digit of an address"
            yield Finding("not-nibble-aligned", mark.at(name, field), said, f"/{low} or /{low + 4}")
    for (above, field, wide), (name, other, narrow) in pairwise(levels(schema)):
        where = f"{above}{f'.{field}' if field else ''} is /{wide}"
        if narrow < wide or (other == "reserved" and narrow == wide):
            said = f"{name}.{other} /{narrow} does not lie within: {where}"
            yield Finding("not-nested", mark.at(name, other), said, f"longer than /{wide}")
        elif other == "reserved" and narrow - wide > MOST_BITS:
            said = f"{narrow - wide} bits of {name}s where {where}"
            yield Finding("bad-value", mark.at(name, other), said, f"at the most {MOST_BITS}: cut it at more levels")
    if schema.network.given > 64:
        said = f"a network of /{schema.network.given} has no room for 64 bits of interface identifier (RFC 7421)"
        yield Finding("bad-value", mark.at("network", "given"), said, "/64")


def _prefix(schema: AddressSchema, city: City, mark: Mark) -> Iterator[Finding]:
    place = mark.at("prefix")
    if not any(schema.prefix.subnet_of(space) for space in UNICAST):
        said = f"{schema.prefix} is no unicast prefix"
        yield Finding("bad-value", place, said, "one of 2000::/3, or unique local: fc00::/7")
    for name, taken in _taken(city):
        if schema.prefix.overlaps(taken):
            yield Finding("overlap", place, f"{schema.prefix} overlaps {name} {taken}", "take a prefix of its own")


def _taken(city: City) -> Iterator[tuple[str, IPv6Network]]:
    """The City's other IPv6 ranges."""
    for site in city.sites:
        for name in RANGES:
            if (subnets := getattr(site, name)) is not None:
                yield f"{site.id}'s {name} range", subnets.ipv6
    yield from (("operations", subnets.ipv6) for subnets in city.operations)


def _twice(found: Iterable[tuple[Hashable, Place]], what: str) -> Iterator[Finding]:
    first: dict[Hashable, Place] = {}
    for key, place in found:
        if key in first:
            yield Finding("duplicate", place, f"{what} {key} is there already, at {first[key]}", "keep one of the two")
        first.setdefault(key, place)


def _names(schema: AddressSchema, city: City, mark: Mark) -> Iterator[Finding]:
    if schema.domain == city.domain:
        said = f"{schema.domain} is the zone of the city's clouds"
        yield Finding("duplicate", mark.at("domain"), said, f"a zone of its own, such as extranet.{city.domain}")
    if len(schema.domain) > LONGEST_DOMAIN or any(len(label) > 63 for label in schema.domain.split(".")):
        said = f"{schema.domain[:40]}...: names below it would be longer than DNS allows (RFC 1035, section 2.3.4)"
        yield Finding("bad-value", mark.at("domain"), said, f"{LONGEST_DOMAIN} characters, 63 a label")
    nodes = [(node.id, mark.at("backbone", "nodes", at)) for at, node in enumerate(schema.backbone.nodes)]
    yield from _twice(nodes, "the node")
    units = {unit.id for unit in city.units}
    for id_, place in nodes:
        if id_ in units:
            yield Finding("duplicate", place, f"{id_} is a unit of the city already", "another id for the node")
    if schema.backbone.id in {region.id for region in city.regions}:
        said = f"{schema.backbone.id} is a region of the city already"
        yield Finding("duplicate", mark.at("backbone", "id"), said, "another id for the backbone")
    kinds = [(network, mark.at("networks", at)) for at, network in enumerate(schema.networks)]
    for network, place in kinds:
        if network.id in LEVELS:
            yield Finding("reserved-name", place, f"{network.id} is the name of a level", "another id")
    yield from _twice(((network.id, place) for network, place in kinds), "the network type")
    yield from _twice(((network.number, place) for network, place in kinds), "the number")
    mains = [place for network, place in kinds for address in network.addresses if address.main]
    for place in mains[1:]:
        yield Finding("duplicate", place, f"a main address is named already, at {mains[0]}", "keep one of the two")
    yield from _twice(((one.key, mark.at("larger", at)) for at, one in enumerate(schema.larger)), "larger")


def _network(schema: AddressSchema, network: NetworkType, mark: Mark) -> Iterator[Finding]:
    room = 1 << max(schema.network.reserved - schema.unit.given, 0)
    if network.number >= room:
        said = f"number {network.number} of {network.id}: a unit's /{schema.unit.given} has room for {room}"
        yield Finding("exhausted", mark.at("number"), said, "a smaller number, or more for each unit")
    if network.hosts == "slaac" and network.link != 64:
        said = f"{network.id}: SLAAC needs a link of /64 (RFC 4862; RFC 7421), not /{network.link}"
        yield Finding("bad-value", mark.at("link"), said, "link: 64")
    places = [(one, mark.at("addresses", at)) for at, one in enumerate(network.addresses)]
    yield from _twice(((one.id, place) for one, place in places), f"{network.id}: the address")
    yield from _twice(((int(one.identifier), place) for one, place in places), f"{network.id}: the identifier")
    for one, place in places:
        yield from _identifier(one, network.link, place)
    if network.link == 127 and len({int(one.identifier) >> 1 for one, _ in places}) > 1:
        said = f"{network.id}: its addresses are not in one /127"
        yield Finding("bad-value", mark.at("addresses"), said, "an even identifier and the next one")


def _identifier(address: FixedAddress, link: int, place: Place) -> Iterator[Finding]:
    identifier = int(address.identifier)
    if identifier >= 1 << 64 or address.identifier.scope_id:
        yield Finding("bad-value", place, f"{address.identifier} is no interface identifier", "64 bits: ::1")
    elif identifier == 0 and link != 128:
        said = "the identifier :: is every router's (subnet-router anycast, RFC 4291, section 2.6.1)"
        yield Finding("bad-value", place, said, "::1")
    elif RESERVED_FROM <= identifier <= RESERVED_FROM + 0x7F:
        yield Finding("bad-value", place, f"the identifier {address.identifier} is reserved (RFC 2526)", "::1")


def _larger(schema: AddressSchema, city: City, larger: Larger, place: Place) -> Iterator[Finding]:
    regions = [schema.backbone.id, *(region.id for region in city.regions)]
    units = [*(node.id for node in schema.backbone.nodes), *(unit.id for unit in city.units)]
    kinds = [network.id for network in schema.networks]
    for what, given, known in (("region", larger.region, regions), ("unit", larger.unit, units)):
        if given is not None and given not in known:
            yield Finding(f"unknown-{what}", place, f"there is no {what} {given!r}", did_you_mean(given, known))
    if larger.network is not None and larger.network not in kinds:
        said = f"there is no network type {larger.network!r}"
        yield Finding("unknown-network", place, said, did_you_mean(larger.network, kinds))
    if larger.region is not None and (larger.unit or larger.network):
        yield Finding("bad-value", place, "a region goes alone", "name the unit, without its region")
    elif not any(larger.key):
        yield Finding("bad-value", place, "it names nobody", "region:, unit: or network:")
    else:
        yield from _larger_length(schema, larger, place)


def _larger_length(schema: AddressSchema, larger: Larger, place: Place) -> Iterator[Finding]:
    level = schema.network if larger.network else schema.unit if larger.unit else schema.region
    if not is_nibble(larger.given):
        low = larger.given - larger.given % 4
        said = f"/{larger.given} does not end at a digit of an address"
        yield Finding("not-nibble-aligned", place, said, f"/{low} or /{low + 4}")
    if larger.given < level.reserved:
        said = f"/{larger.given} is more than what is reserved for it, /{level.reserved}"
        yield Finding("exhausted", place, said, f"at the most /{level.reserved}")
    elif larger.given > level.given:
        said = f"/{larger.given} is less than everybody's /{level.given}"
        yield Finding("bad-value", place, said, "what was given is not made smaller")
