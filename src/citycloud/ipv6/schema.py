"""How a city's IPv6 addresses are divided: declared, never built in. Frozen values, no I/O.

A prefix is cut four times: city, region, unit, network. Each level says two lengths, both at a nibble (RFC 6177,
section 3; a nibble is one digit of an address and one label below ip6.arpa): how much is *given* now, and how much is
*reserved* around it, in which nothing else is ever placed. What is given begins where its reserve begins, so it grows
in place, digit by digit, and no address changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv6Address, IPv6Network
from typing import Annotated, Literal

from pydantic import Field

from citycloud.city.model import Domain, Id, Noun

SCHEMA_VERSION = 1
NIBBLE = 4
"""Bits."""
LEAST_REST = 184
"""Days that a prefix rests before somebody else may have it: so long it can be told who held which address (溯源)."""
MOST_BITS = 16
"""Between what a level is cut from and its reserve: 65536 places, more than any city has units."""

Length = Annotated[int, Field(ge=0, le=128)]
"""Of a prefix, bits."""


class Level(Noun):
    """What one region, unit or network gets, and what stays free around it so that it can grow."""

    given: Length
    reserved: Length


class FixedAddress(Noun):
    """An address that every network of a kind has, at the same place."""

    id: Id
    name: str = ""
    identifier: IPv6Address
    """Its last 64 bits, written ``::1``."""
    main: bool = False
    """Whether the unit's own name means this address. One in the schema at the most."""


class NetworkType(Noun):
    """A kind of network (网络类型) that each unit has, at the same digit in every unit, so that rules can match it."""

    id: Id
    name: str
    number: int = Field(ge=0, lt=1 << MOST_BITS)
    """Which of the unit's reserves is this kind's; never changed."""
    hosts: Literal["slaac", "dhcpv6", "static"] = "static"
    """How hosts come by their addresses."""
    link: Literal[64, 127, 128] = 64
    """Length that its addresses are configured with: 127 between two routers (RFC 6164), 128 on a loopback."""
    backbone: bool = False
    """Whether the backbone's routers have one too."""
    addresses: tuple[FixedAddress, ...] = ()


class Node(Noun):
    """A router of the backbone (骨干节点): core or aggregation."""

    id: Id
    name: str


class Backbone(Noun):
    """A block of its own, as large as a region's, for what belongs to no unit."""

    id: Id
    name: str
    nodes: tuple[Node, ...] = ()


class Larger(Noun):
    """Who is given more than its level says: a region, a unit, a kind of network, or one unit's network of a kind."""

    region: Id | None = None
    unit: Id | None = None
    network: Id | None = None
    given: Length
    why: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """Region, unit and network; empty where it names none."""
        return self.region or "", self.unit or "", self.network or ""


class AddressSchema(Noun):
    """Everything declared about the extranet's IPv6 addresses: ``schema.yaml``."""

    schema_version: Literal[1]
    prefix: IPv6Network
    """The city's."""
    domain: Domain
    """The DNS zone of the extranet's names, without the dot."""
    rest_days: int = Field(default=LEAST_REST, ge=LEAST_REST, le=36500)
    """How long a prefix that was given back is given to nobody else."""
    region: Level
    unit: Level
    network: Level
    backbone: Backbone
    networks: tuple[NetworkType, ...] = Field(min_length=1)
    larger: tuple[Larger, ...] = ()

    def given(self, *, region: str = "", unit: str = "", network: str = "") -> int:
        """The length that one region, unit or network is to be given: the largest block that anything declares."""
        level = self.network if network else self.unit if unit else self.region
        wider = [(region, unit, network), ("", "", network)] if network else [(region, unit, network)]
        return min([level.given, *(one.given for one in self.larger if one.key in wider)])

    def offset(self, network: NetworkType) -> IPv6Network:
        """Where a kind of network lies in every unit, as a prefix that begins at the unit's first address."""
        begins = network.number << (128 - self.network.reserved)
        return IPv6Network((begins, self.given(network=network.id)))


def is_nibble(length: int) -> bool:
    return length % NIBBLE == 0


def reserve(prefix: IPv6Network, length: int) -> IPv6Network:
    """The place of ``length`` that ``prefix`` lies in; the prefix itself where it is no longer than that."""
    return prefix.supernet(new_prefix=length) if prefix.prefixlen > length else prefix


def begins_at(prefix: IPv6Network, length: int) -> IPv6Network:
    """``length`` bits, from the prefix's first address on."""
    return IPv6Network((int(prefix.network_address), length))


def links(network: IPv6Network) -> Iterator[tuple[IPv6Address, IPv6Address]]:
    """Both ends of each line between two routers that a network has room for: a /127 in each /64 (RFC 6164), at ``::a``
    and ``::b``, which are neither the subnet's anycast address nor reserved (RFC 6164, section 5)."""
    for begins in range(int(network.network_address), int(network.broadcast_address), 1 << 64):
        yield IPv6Address(begins | 0xA), IPv6Address(begins | 0xB)
