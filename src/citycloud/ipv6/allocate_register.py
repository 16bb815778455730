"""The register (地址台账): which prefix was given to whom, from when, until when. Append-only in spirit: a row is
closed by the day it was given back, and never taken out, so that it can be told for 184 days and longer who held an
address (溯源).

Three kinds of rows: ``region`` (the backbone is one), ``unit`` (a backbone's router is one), and ``network``, a kind of
network with where it lies in every unit (an offset, so its prefix begins with ``::``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from ipaddress import IPv6Address, IPv6Network
from typing import Literal

from citycloud.city.model import City, Id, Noun
from citycloud.findings import Finding, Place
from citycloud.ipv6.schema import AddressSchema, begins_at, is_nibble, reserve

Kind = Literal["region", "unit", "network"]


class Holding(Noun):
    """One row: held from the day ``given`` until the day ``released``, or still."""

    kind: Kind
    id: Id
    region: Id | None = None
    """A unit's, when it was given."""
    prefix: IPv6Network
    given: date
    released: date | None = None

    @property
    def key(self) -> tuple[Kind, str]:
        return self.kind, self.id

    def rests(self, today: date, days: int) -> bool:
        """Whether it was given back so lately that nobody else may have it."""
        return self.released is not None and (today - self.released).days < days


class Existing(Noun):
    """A prefix that a unit uses already, whatever the plan says."""

    unit: Id
    prefix: IPv6Network
    network: Id | None = None
    """The kind of network, where one network's prefix is meant."""
    description: str = ""


Placed = tuple[Holding, Place]


def level_reserve(schema: AddressSchema, kind: Kind) -> int:
    return {"region": schema.region, "unit": schema.unit, "network": schema.network}[kind].reserved


def check(schema: AddressSchema, rows: Sequence[Placed], today: date) -> Iterator[Finding]:
    """Every Finding about a register, each with its row's line. Of a sound schema: see ``check_kinds``."""
    for row, place in rows:
        yield from _dates(row, place, today)
        if row.released is None:
            yield from _shape(schema, row, place)
    yield from _held_twice(rows)
    yield from _overlaps(schema, rows)
    yield from _outside(schema, rows)


def holders(rows: Iterable[Holding], address: IPv6Address, day: date | None = None) -> list[Holding]:
    """Who held a prefix around an address, on ``day`` or ever: the widest first, then the earliest (溯源)."""
    found = [row for row in rows if row.kind != "network" and address in row.prefix]
    if day is not None:
        found = [row for row in found if row.given <= day and (row.released is None or day < row.released)]
    return sorted(found, key=lambda row: (row.prefix.prefixlen, row.given, row.id))


def _dates(row: Holding, place: Place, today: date) -> Iterator[Finding]:
    if row.released is not None and row.released < row.given:
        said = f"{row.id} gave it back on {row.released}, before it was given on {row.given}"
        yield Finding("bad-value", place, said, "see both days")
    if max(row.given, row.released or row.given) > today:
        yield Finding("bad-value", place, f"{row.id}: a day after today, {today}", "is this machine's clock right?")


def _shape(schema: AddressSchema, row: Holding, place: Place) -> Iterator[Finding]:
    length = level_reserve(schema, row.kind)
    if row.kind == "unit" and row.region is None:
        yield Finding("missing-field", place, f"{row.id} lacks 'region'", "the region it was in")
    if row.prefix.prefixlen < length:
        said = f"{row.prefix} of {row.id} is more than a {row.kind}'s reserve, /{length}"
        yield Finding("exhausted", place, said, f"{begins_at(row.prefix, length)}")
    elif not is_nibble(row.prefix.prefixlen):
        said = f"{row.prefix} of {row.id} does not end at a digit of an address"
        yield Finding("not-nibble-aligned", place, said, "a length that four divides")
    elif reserve(row.prefix, length).network_address != row.prefix.network_address:
        said = f"{row.prefix} of {row.id} does not begin where its reserve does"
        yield Finding(
            "not-nibble-aligned", place, said, f"{begins_at(reserve(row.prefix, length), row.prefix.prefixlen)}"
        )


def _held_twice(rows: Sequence[Placed]) -> Iterator[Finding]:
    first: dict[tuple[Kind, str], Place] = {}
    for row, place in rows:
        if row.released is None and first.setdefault(row.key, place) is not place:
            said = f"{row.kind} {row.id} holds another prefix, at {first[row.key]}"
            yield Finding("duplicate", place, said, "close one of the two with the day it was given back")


def _overlaps(schema: AddressSchema, rows: Sequence[Placed]) -> Iterator[Finding]:
    """Two holders of one place at one time, or the second before the first one's rest was over."""
    by_place: dict[tuple[Kind, IPv6Network], list[Placed]] = {}
    for row, place in rows:
        by_place.setdefault((row.kind, reserve(row.prefix, level_reserve(schema, row.kind))), []).append((row, place))
    for (_, around), found in by_place.items():
        last: dict[str, Placed] = {}  # each holder's row that ends last
        for row, place in sorted(found, key=lambda placed: (placed[0].given, placed[1])):
            for other, where in [placed for id_, placed in last.items() if id_ != row.id]:
                yield from _clash(schema, (other, where), (row, place), around)
            if row.id not in last or _end(last[row.id][0]) <= _end(row):
                last[row.id] = row, place


def _end(row: Holding) -> date:
    return row.released or date.max


def _clash(schema: AddressSchema, one: Placed, other: Placed, around: IPv6Network) -> Iterator[Finding]:
    """What is wrong with ``other``, who came to a place after ``one``."""
    (before, where), (row, place) = one, other
    if row.given < _end(before):
        said = f"{row.prefix} of {row.id} overlaps {before.prefix} of {before.id} ({where}) in {around}"
        yield Finding("overlap", place, said, "give one of them a prefix of its own")
    elif before.rests(row.given, schema.rest_days):
        said = f"{row.id} got {row.prefix} on {row.given}; {before.id} had it until {before.released}"
        yield Finding("reused-too-early", place, said, f"it rests for {schema.rest_days} days ({where})")


def _outside(schema: AddressSchema, rows: Sequence[Placed]) -> Iterator[Finding]:
    held = {row.id: row.prefix for row, _ in rows if row.kind == "region" and row.released is None}
    for row, place in rows:
        if row.released is not None or row.kind == "network":
            continue
        around = schema.prefix if row.kind == "region" else held.get(row.region or "")
        if around is None and row.region is not None:
            said = f"{row.prefix} of {row.id}: {row.region} holds no block"
            yield Finding("outside-the-prefix", place, said, "register the region's block")
        elif around is not None and not row.prefix.subnet_of(around):
            whose = "the city's" if row.kind == "region" else f"{row.region}'s"
            said = f"{row.prefix} of {row.id} is outside {whose} {around}"
            yield Finding("outside-the-prefix", place, said, "close the row, or correct the prefix")


def check_kinds(schema: AddressSchema, rows: Sequence[Placed], today: date) -> Iterator[Finding]:
    """A kind of network that would move in every unit, or come to where another kind was too lately. The schema has to
    be without faults."""
    for network in schema.networks:
        at = schema.offset(network).network_address
        for row, place in rows:
            if row.kind != "network":
                continue
            if row.id == network.id and row.released is None and row.prefix.network_address != at:
                said = f"network {row.id} is at {row.prefix}; the schema's number {network.number} would renumber it"
                yield Finding("renumbers", place, said, "keep its number and the reserve's length")
            elif row.id != network.id and row.prefix.network_address == at and _is_kept(row, today, schema):
                said = f"number {network.number} of {network.id} is or was {row.id}'s (until {row.released or 'now'})"
                yield Finding("reused-too-early", place, said, "another number")


def _is_kept(row: Holding, today: date, schema: AddressSchema) -> bool:
    return row.released is None or row.rests(today, schema.rest_days)


def check_existing(schema: AddressSchema, city: City, rows: Sequence[tuple[Existing, Place]]) -> Iterator[Finding]:
    """Every Finding about prefixes in use: faults, and as warnings what is kept but does not fit in."""
    units = {unit.id for unit in city.units} | {node.id for node in schema.backbone.nodes}
    kinds = {network.id for network in schema.networks}
    for row, place in rows:
        if row.unit not in units:
            yield Finding("unknown-unit", place, f"there is no unit {row.unit!r}", "declare it, or correct the id")
        if row.network is not None and row.network not in kinds:
            hint = f"one of: {', '.join(sorted(kinds))}"
            yield Finding("unknown-network", place, f"there is no network type {row.network!r}", hint)
        if row.prefix.prefixlen <= schema.region.reserved and row.prefix.overlaps(schema.prefix):
            said = f"{row.prefix} in use by {row.unit} is as large as a region"
            yield Finding("overlap", place, said, "name what the unit really uses")
    yield from _used_twice(rows)


def _used_twice(rows: Sequence[tuple[Existing, Place]]) -> Iterator[Finding]:
    """In order of address, a prefix can only overlap one of those around it."""
    around: list[tuple[Existing, Place]] = []
    for row, place in sorted(rows, key=lambda found: (found[0].prefix, found[1])):
        while around and not row.prefix.subnet_of(around[-1][0].prefix):
            around.pop()
        for other, where in around:
            if other.unit != row.unit:
                said = f"{row.prefix} in use by {row.unit} overlaps {other.prefix} of {other.unit} ({where})"
                yield Finding("overlap", place, said, "see who really uses it")
            elif other.prefix == row.prefix:
                said = f"{row.prefix} of {row.unit} is there already, at {where}"
                yield Finding("duplicate", place, said, "keep one of the two")
        around.append((row, place))
