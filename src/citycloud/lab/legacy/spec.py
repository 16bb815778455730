"""The rooms as part of a lab: hosts, lines and addresses. Pure, as lab/spec.py is."""

from __future__ import annotations

from collections.abc import Sequence

from citycloud.city.model import Addresses, Noun, Subnets
from citycloud.lab.legacy.model import Room, RoomHost
from citycloud.lab.spec import GATEWAY_NUMBER, LabHost, LabSpec, Line, Role, at, host_mac, line

FIRST_LINE = 48
"""Number of the first room's line; those below are the carriers' and the links'."""


class LabRoom(Noun):
    """A room in the lab: a router (a network namespace of the room's id) with the room's network behind it."""

    room: Room
    number: int
    """Its position among the rooms."""
    gateway: Addresses
    """The router's on the room's network."""
    line: Line
    """To the carrier (first end)."""
    hosts: tuple[LabHost, ...]

    @property
    def port(self) -> str:
        """The carrier's device at its end of the line."""
        return f"room{self.number}"

    def pairs(self) -> list[tuple[RoomHost, LabHost]]:
        """Each host as it is declared, and as it is in the lab."""
        return list(zip(self.room.hosts, self.hosts, strict=True))

    def address(self, runs: str) -> str:
        """IPv4 address of the room's host that runs ``runs``. Raises KeyError."""
        for declared, host in self.pairs():
            if declared.runs == runs:
                return str(host.addresses.ipv4)
        raise KeyError(runs)


class RoomsSpec(Noun):
    """All rooms, and the lab that they are added to."""

    lab: LabSpec
    rooms: tuple[LabRoom, ...]

    @property
    def hosts(self) -> tuple[LabHost, ...]:
        return tuple(host for room in self.rooms for host in room.hosts)

    def prefixes(self) -> tuple[Subnets, ...]:
        return tuple(room.room.network for room in self.rooms)


def rooms_spec(lab: LabSpec, rooms: Sequence[Room]) -> RoomsSpec:
    """``rooms`` (checked) as part of ``lab``."""
    return RoomsSpec(lab=lab, rooms=tuple(_room(lab, number, room) for number, room in enumerate(rooms)))


def _room(lab: LabSpec, number: int, room: Room) -> LabRoom:
    return LabRoom(
        room=room,
        number=number,
        gateway=at(room.network, GATEWAY_NUMBER),
        line=line(lab.infrastructure, FIRST_LINE + number),
        hosts=tuple(_host(room, host) for host in room.hosts),
    )


def _host(room: Room, host: RoomHost) -> LabHost:
    addresses = at(room.network, host.number)
    return LabHost(
        name=host.id,
        site=room.id,
        role=Role.ROOM,
        carrier=room.id,
        addresses=addresses,
        mac=host_mac(addresses.ipv4, 0),
        provider_mac=None,
    )
