"""An address plan as DNS zones: names of fixed addresses (AAAA, RFC 3596) and one reverse zone for each region's
reserve and the backbone's, cut at a digit, so that a county can be given its own to keep and it stays the same when
it grows."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv6Network

from citycloud.city.names import DnsZone, Record
from citycloud.ipv6.allocate_plan import AddressPlan

DIGITS = 32
"""Of an address."""


def zones(plan: AddressPlan, servers: Sequence[str], contact: str) -> tuple[DnsZone, ...]:
    """The extranet's own zone, then the reverse zones in order of prefix. Names of ``servers`` end with a dot."""
    forward = [Record(f"{one.name}.", "AAAA", str(one.address)) for one in plan.addresses]
    found = [_zone(f"{plan.domain}.", forward, servers, contact)]
    for block in sorted(one.reserved for one in plan.allotments if one.kind == "region"):
        pointers = [
            Record(f"{one.address.reverse_pointer}.", "PTR", f"{one.name}.")
            for one in plan.addresses
            if one.address in block
        ]
        found.append(_zone(reverse_zone(block), pointers, servers, contact))
    return tuple(found)


def reverse_zone(block: IPv6Network) -> str:
    """The zone below ip6.arpa of a prefix that ends at a digit (RFC 3596, section 2.5)."""
    labels = block.network_address.reverse_pointer.split(".")
    return ".".join(labels[DIGITS - block.prefixlen // 4 :]) + "."


def _zone(name: str, records: Sequence[Record], servers: Sequence[str], contact: str) -> DnsZone:
    served = [Record(name, "NS", server) for server in servers]
    return DnsZone(name, servers[0], contact, tuple(sorted({*served, *records})))
