"""What the departments have today: machine rooms (机房), declared beside the City and read with file and line."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from itertools import combinations
from pathlib import Path

from pydantic import Field

from citycloud.city.model import City, Id, Noun, Subnets
from citycloud.city.places import Mark, did_you_mean
from citycloud.city.validate import validate
from citycloud.city.yamlfile import read_yaml
from citycloud.errors import BadInput
from citycloud.findings import Finding, Place

MOST_ROOMS = 16
LARGEST = 65536
"""MiB of one room's data."""


class Software(StrEnum):
    """What the lab puts on a room's host; ``gauges`` and ``alarms`` are one application over several hosts."""

    GAUGES_WEB = "gauges-web"
    """Python behind nginx and TLS; its configuration names database and file share by address."""
    GAUGES_DB = "gauges-db"
    """PostgreSQL 13."""
    GAUGES_FILES = "gauges-files"
    """The file share that uploads are written to."""
    ALARMS_WEB = "alarms-web"
    """Python and cron."""
    ALARMS_DB = "alarms-db"
    """MariaDB 10.5 with GBK text."""
    REGISTRY = "registry"
    """One service, source lost: byte code of Python 3.9, flat files and a local SQLite index."""


class RoomHost(Noun):
    """A host of a machine room, and the machine of a System (``system``, ``role``) that it is to become."""

    id: Id
    number: int = Field(ge=2, le=254)
    """Fixes its addresses within the room's network."""
    system: Id
    role: str
    runs: Software


class Room(Noun):
    """A department's machine room: a network behind one rate-limited line to a Carrier."""

    id: Id
    name: str
    department: Id
    carrier: Id
    megabits: int = Field(gt=0)
    """Rate of the line, each way."""
    network: Subnets
    """A /24 and a /64."""
    seed: int
    """What its data is made from: the same seed gives the same rows and files."""
    mebibytes: int = Field(ge=1, le=LARGEST)
    """About how much its database holds; a file share has a fifth on top."""
    hosts: tuple[RoomHost, ...]


def read_rooms(file: Path, city: City) -> tuple[Room, ...]:
    """The rooms declared in ``file``, that ``city`` knows the parts of. Raises BadInput with every fault."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        found = Finding("missing-file", Place(str(file)), f"can't be read: {fault}", "see its path and permissions")
        raise BadInput("No rooms were read.", [found]) from fault
    value, mark, faults = read_yaml(str(file), text)
    rooms, more = _rooms(value, mark)
    findings = [*faults, *more, *(check(rooms, city, _marks(mark)) if not (faults or more) else [])]
    if findings:
        raise BadInput(f"{file}: {len(findings)} fault{'s' if len(findings) != 1 else ''} in the rooms", findings)
    return rooms


def _rooms(value: object, mark: Mark) -> tuple[tuple[Room, ...], list[Finding]]:
    if not isinstance(value, dict) or set(value) != {"rooms"} or not isinstance(value["rooms"], list):
        return (), [Finding("bad-value", mark.place, "the file holds one section, a list", "write `rooms:`")]
    rooms, findings = [], []
    for at, item in enumerate(value["rooms"]):
        read, faults = validate(Room, item, mark.parts["rooms"].parts[at], "rooms", text=False)
        findings += faults
        if isinstance(read, Room):
            rooms.append(read)
    return tuple(rooms), findings


def _marks(mark: Mark) -> Mark:
    return mark.parts.get("rooms", mark)


def check(rooms: tuple[Room, ...], city: City, mark: Mark) -> Iterator[Finding]:
    """Faults of the rooms against the City and each other; ``mark`` is where the list of rooms was read."""
    if len(rooms) > MOST_ROOMS:
        yield Finding(
            "too-many", mark.place, f"{len(rooms)} rooms; the lab has lines for {MOST_ROOMS}", "take some out"
        )
    carriers = {site.carrier for site in city.sites if site.zones}
    departments = {department.id for department in city.departments}
    for at, room in enumerate(rooms):
        yield from _unknown("carrier with a cloud", room.carrier, carriers, mark.at(at, "carrier"))
        yield from _unknown("department", room.department, departments, mark.at(at, "department"))
        yield from _hosts(room, city, mark.parts.get(at, mark))
        if (room.network.ipv4.prefixlen, room.network.ipv6.prefixlen) != (24, 64):
            yield Finding("faulty-range", mark.at(at, "network"), "a room's network is a /24 and a /64", "write those")
    yield from _twice(rooms, city, mark)
    yield from _overlaps(rooms, city, mark)


def _unknown(what: str, word: str, known: set[str], place: Place) -> Iterator[Finding]:
    if word not in known:
        yield Finding("unknown-reference", place, f"there is no {what} {word!r}", did_you_mean(word, known))


def _hosts(room: Room, city: City, mark: Mark) -> Iterator[Finding]:
    systems = {system.id for system in city.systems if system.department == room.department}
    for at, host in enumerate(room.hosts):
        yield from _unknown(f"system of {room.department}", host.system, systems, mark.at("hosts", at, "system"))
    for one, other in combinations(range(len(room.hosts)), 2):
        if room.hosts[one].number == room.hosts[other].number:
            said = f"number {room.hosts[one].number} is {room.hosts[one].id}'s already"
            yield Finding("duplicate-number", mark.at("hosts", other, "number"), said, "give it a number of its own")


def _twice(rooms: tuple[Room, ...], city: City, mark: Mark) -> Iterator[Finding]:
    """Rooms, their hosts, carriers and the lab's hosts share one space of names: each has a network namespace."""
    taken = {carrier.id for carrier in city.carriers} | {f"{site.id}-ctl" for site in city.sites}
    taken |= {host.id for site in city.sites for zone in site.zones for host in zone.hosts}
    for at, room in enumerate(rooms):
        names = [(room.id, mark.at(at, "id"))]
        names += [(host.id, mark.at(at, "hosts", number, "id")) for number, host in enumerate(room.hosts)]
        for name, place in names:
            if name in taken:
                yield Finding("duplicate-id", place, f"{name} is taken already", "choose another")
            taken.add(name)


def _overlaps(rooms: tuple[Room, ...], city: City, mark: Mark) -> Iterator[Finding]:
    seen: list[tuple[str, IPv4Network | IPv6Network]] = []
    declared = [found for site in city.sites for found in (site.management, site.external, site.tenant) if found]
    for subnets in [*declared, *city.operations]:
        seen += [("the city", subnets.ipv4), ("the city", subnets.ipv6)]
    for at, room in enumerate(rooms):
        for mine in (room.network.ipv4, room.network.ipv6):
            for owner, theirs in seen:
                if mine.version == theirs.version and mine.overlaps(theirs):
                    said = f"{mine} overlaps {theirs} of {owner}"
                    yield Finding("overlapping-prefixes", mark.at(at, "network"), said, "give it a range of its own")
            seen.append((room.id, mine))
