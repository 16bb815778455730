"""What the ends of flows stand for: machines, systems, segments, ``any`` and ``operations``. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network

from citycloud.city.model import City, Subnets
from citycloud.cloud.addresses import segment_subnets
from citycloud.cloud.halves import Half, halves

ANY, OPERATIONS = "any", "operations"
EVERYWHERE = Subnets(ipv4=IPv4Network("0.0.0.0/0"), ipv6=IPv6Network("::/0"))


@dataclass(frozen=True)
class Ends:
    """The ends of a City's flows."""

    city: City

    @cached_property
    def halves(self) -> tuple[Half, ...]:
        return halves(self.city)

    @cached_property
    def segments(self) -> frozenset[str]:
        return frozenset(segment.id for segment in self.city.segments)

    @cached_property
    def _members(self) -> Mapping[str, list[Half]]:
        found: dict[str, list[Half]] = {}
        for half in self.halves:
            for name in dict.fromkeys((half.machine.id, half.system.id, half.segment.id)):
                found.setdefault(name, []).append(half)
        return found

    def wide(self, name: str) -> bool:
        """Whether the end is more than a system: the same for every department."""
        return name in (ANY, OPERATIONS) or name in self.segments

    def members(self, name: str) -> list[Half]:
        """The halves that an end names; none for ``any`` and ``operations``, nor where no machine is declared yet."""
        return [] if name in (ANY, OPERATIONS) else self._members.get(name, [])

    def prefixes(self, name: str, department: str | None, *, closed: bool | None = None) -> list[Subnets]:
        """What an end looks like from the other side.

        Only what is ``department``'s, where one is given; only what is in segments that are closed to other
        departments, or only what is not, where ``closed`` says so.
        """
        if name == ANY:
            return [EVERYWHERE]
        if name == OPERATIONS:
            return list(self.city.operations)
        shown = _network if name in self.segments else _address
        found = [
            shown(half)
            for half in self.members(name)
            if department in (None, half.department.id) and closed in (None, half.segment.own_department_only)
        ]
        return list(dict.fromkeys(found))


def _address(half: Half) -> Subnets:
    own = half.addresses
    return Subnets(ipv4=IPv4Network(own.ipv4), ipv6=IPv6Network(own.ipv6))


def _network(half: Half) -> Subnets:
    return segment_subnets(half.site, half.department, half.segment)
