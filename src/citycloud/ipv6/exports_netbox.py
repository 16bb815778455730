"""An address plan for NetBox's bulk import: one list for each kind of object, to be imported in this order.

Fields are named as NetBox's import forms name them (read in its source, release 4.6.8: ``TenantImportForm``,
``RoleImportForm``, ``PrefixImportForm``, ``IPAddressImportForm``); a role and a tenant are referred to by name. A
unit is a tenant under its id, so that what NetBox exports can be read as prefixes in use again. Reserves are prefixes
of status ``reserved``: nobody is to give them away.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv6Network
from typing import TypeAlias

from citycloud.city.model import City
from citycloud.ipv6.allocate_plan import AddressPlan, Allotment, PlannedAddress
from citycloud.ipv6.schema import AddressSchema

Item: TypeAlias = dict[str, str | int | bool]

LEVEL_ROLES = {"city": "市", "region": "区县", "unit": "接入单位"}
LONGEST_PREFIX = 127
"""NetBox's ``PREFIX_LENGTH_MAX``: a single address is no prefix there."""
LONGEST = 200
"""Characters of a description there."""


def netbox(plan: AddressPlan, schema: AddressSchema, city: City) -> dict[str, list[Item]]:
    """By file, in the order in which they are imported."""
    return {
        "1-tenants": list(_tenants(plan)),
        "2-roles": list(_roles(schema)),
        "3-prefixes": list(_prefixes(plan)),
        "4-ip-addresses": [*map(_address, plan.addresses), *_single(plan)],
    }


def _tenants(plan: AddressPlan) -> Iterator[Item]:
    seen: set[str] = set()
    for one in plan.allotments:
        if one.unit and one.unit not in seen:
            seen.add(one.unit)
            yield {"name": one.unit, "slug": one.unit, "description": one.description if one.kind == "unit" else ""}


def _roles(schema: AddressSchema) -> Iterator[Item]:
    """NetBox orders roles by weight."""
    names = {**LEVEL_ROLES, **{network.id: network.name for network in schema.networks}}
    for weight, (id_, name) in enumerate(names.items(), start=1):
        yield {"name": id_, "slug": id_, "weight": weight * 100, "description": " ".join(name.split())[:LONGEST]}


def _prefixes(plan: AddressPlan) -> Iterator[Item]:
    """Each prefix once: NetBox refuses a second one of the same (``ENFORCE_GLOBAL_UNIQUE``)."""
    seen: set[IPv6Network] = {one.prefix for one in plan.allotments}
    written: set[IPv6Network] = set()
    for one in plan.allotments:
        if one.prefix.prefixlen > LONGEST_PREFIX:
            continue
        if one.reserved not in seen:
            seen.add(one.reserved)
            yield _item(one, one.reserved, "reserved")
        if one.prefix not in written:
            written.add(one.prefix)
            yield _item(one, one.prefix, "container" if one.kind in LEVEL_ROLES else "active")


def _item(one: Allotment, prefix: IPv6Network, status: str) -> Item:
    role = one.network or (one.kind if one.kind in LEVEL_ROLES else "")
    tenant: Item = {"tenant": one.unit} if one.unit else {}
    named: Item = {"role": role} if role else {}
    return {
        "prefix": str(prefix),
        "status": status,
        **named,
        **tenant,
        "is_pool": False,
        "description": one.description,
    }


def _single(plan: AddressPlan) -> Iterator[Item]:
    """Single addresses in use that are kept."""
    planned = {one.address for one in plan.addresses}
    for one in plan.allotments:
        address = one.prefix.network_address
        if one.prefix.prefixlen > LONGEST_PREFIX and address not in planned:
            planned.add(address)
            said = {"tenant": one.unit, "dns_name": "", "description": one.description}
            yield {"address": str(one.prefix), "status": "active", **said}


def _address(one: PlannedAddress) -> Item:
    """A role of an address is one of NetBox's own; only loopbacks have one here."""
    role: Item = {"role": "loopback"} if one.link == 128 else {}
    return {
        "address": f"{one.address}/{one.link}",
        "status": "active",
        **role,
        "tenant": one.unit,
        "dns_name": one.name,
        "description": one.description,
    }
