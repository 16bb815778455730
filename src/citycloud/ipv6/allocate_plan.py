"""An address plan (地址规划), as a value: who has which prefix, which addresses are fixed, and the register behind
it."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network
from typing import Literal

from citycloud.city.model import Noun
from citycloud.ipv6.allocate_register import Holding


class Allotment(Noun):
    """One prefix and whose it is. Region, unit and network are ids, empty above their level."""

    kind: Literal["city", "region", "unit", "network", "kept"]
    """``kept``: in use before, and left as it is."""
    region: str = ""
    unit: str = ""
    network: str = ""
    prefix: IPv6Network
    reserved: IPv6Network
    """What it may grow to in place; never anybody else's."""
    description: str = ""


class PlannedAddress(Noun):
    """One fixed address, and the name that means it."""

    region: str
    unit: str
    network: str
    id: str
    address: IPv6Address
    link: Literal[64, 127, 128]
    """Length it is configured with."""
    name: str
    """In DNS, without the last dot."""
    description: str = ""


class AddressPlan(Noun):
    """Allotments in order of city, then each region with its units and their networks; addresses likewise."""

    prefix: IPv6Network
    domain: str
    allotments: tuple[Allotment, ...]
    addresses: tuple[PlannedAddress, ...]
    holdings: tuple[Holding, ...]
    """The register as it has to be kept from now on."""

    def of_unit(self, unit: str) -> tuple[Allotment, ...]:
        """The unit's prefix, its networks', and what it keeps."""
        return tuple(one for one in self.allotments if one.unit == unit)
