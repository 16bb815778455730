"""Address schemas, cities and prefixes in use of any shape, for properties of address plans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from ipaddress import IPv6Address, IPv6Network
from pathlib import Path

from hypothesis import strategies as st

from citycloud.city.load import load_city
from citycloud.city.model import City, Region, Unit
from citycloud.findings import Finding, Place, errors
from citycloud.ipv6 import allocate_register, schema_rules
from citycloud.ipv6.allocate import Inputs, allocate
from citycloud.ipv6.allocate_plan import AddressPlan, Allotment
from citycloud.ipv6.allocate_register import Existing, Holding
from citycloud.ipv6.schema import AddressSchema

ROOT = Path(__file__).parents[3]
WUWEI = ROOT / "inventories" / "wuwei" / "city"
DAY = date(2026, 11, 25)
"""The day of every plan that names no other."""
CITY = load_city(WUWEI)
REGIONS = ("ash", "birch", "cedar")
UNITS = tuple(f"{region}-{number}" for region in REGIONS for number in range(7))
NODES = ("core-1", "core-2")
_BEGINS = 0xFD42 << 112
_NETWORKS = (
    {"id": "loop", "name": "环回", "number": 0, "link": 128, "backbone": True},
    {"id": "office", "name": "办公", "number": 3, "hosts": "slaac"},
)
_FIXED = {"loop": {"id": "router", "identifier": "::1", "main": True}, "office": {"id": "gateway", "identifier": "::1"}}


def city_of(units: Iterable[str]) -> City:
    """A City whose units are ``units``, each in the region that its id begins with, or that follows an ``@``."""
    of = {unit.partition("@")[0]: unit.partition("@")[2] or unit.partition("-")[0] for unit in units}
    return CITY.model_copy(
        update={
            "regions": tuple(Region(id=id_, name=id_, units=0) for id_ in REGIONS),
            "units": tuple(Unit(id=id_, name=id_, region=region) for id_, region in of.items()),
        }
    )


def changed(schema: AddressSchema, **fields: object) -> AddressSchema:
    return AddressSchema.model_validate({**schema.model_dump(mode="json"), **fields})


@st.composite
def schemas(draw: st.DrawFn) -> AddressSchema:
    """A schema without faults, in which a region may have no more than 16 places for units."""
    nibbles = st.sampled_from((4, 8))
    prefix = draw(st.sampled_from((20, 24, 28)))
    region = prefix + draw(nibbles)
    block = region + draw(st.sampled_from((0, 4)))
    unit = block + draw(nibbles)
    own = unit + draw(st.sampled_from((0, 4, 8)))
    network = own + draw(nibbles)
    link = draw(st.sampled_from((network, 64)))
    return AddressSchema.model_validate(
        {
            "schema_version": 1,
            "prefix": f"{IPv6Address(_BEGINS)}/{prefix}",
            "domain": "extranet.any.example",
            "region": {"reserved": region, "given": block},
            "unit": {"reserved": unit, "given": own},
            "network": {"reserved": network, "given": link},
            "backbone": {"id": "trunk", "name": "骨干", "nodes": [{"id": one, "name": one} for one in NODES]},
            "networks": [{**one, "addresses": [_FIXED[str(one["id"])]]} for one in _NETWORKS],
        }
    )


@st.composite
def uses(draw: st.DrawFn, schema: AddressSchema, units: Sequence[str]) -> list[Existing]:
    """Prefixes that units use: some at a place of the plan, some across its places, some from elsewhere."""
    found = []
    for unit in draw(st.lists(st.sampled_from(units), max_size=5)) if units else []:
        begins = int(schema.prefix.network_address) if draw(st.booleans()) else 0x20010DB8 << 96
        for level in (schema.region.reserved, schema.unit.reserved, schema.network.reserved):
            begins += draw(st.sampled_from((0, 0, 1, 3, 8))) << (128 - level)
        lengths = (schema.region.given, schema.unit.reserved, schema.unit.given, schema.unit.given + 2, 64, 128)
        prefix = IPv6Network((begins, draw(st.sampled_from(lengths))), strict=False)
        kind = draw(st.sampled_from((None, None, "loop", "office")))
        found.append(Existing(unit=unit, prefix=prefix, network=kind))
    return found


def placed(rows: Iterable[Holding]) -> tuple[tuple[Holding, Place], ...]:
    return tuple((row, Place("register.csv", line)) for line, row in enumerate(rows, start=2))


def made(
    schema: AddressSchema,
    city: City,
    held: Iterable[Holding] = (),
    used: Iterable[Existing] = (),
    today: date = DAY,
) -> tuple[AddressPlan, list[Finding]]:
    """The plan of values that no file holds."""
    existing = tuple((row, Place("existing.csv", line)) for line, row in enumerate(used, start=2))
    return allocate(Inputs(schema, city, placed(held), existing), today)


def faults_of(schema: AddressSchema, city: City, plan: AddressPlan, today: date) -> list[Finding]:
    """What the rules find wrong with a schema, and with the register that a plan leaves behind."""
    mark = Inputs(schema, city).mark
    found = list(schema_rules.check(schema, city, mark))
    found += allocate_register.check_kinds(schema, placed(plan.holdings), today)
    found += allocate_register.check(schema, placed(plan.holdings), today)
    return errors(found)


def own(plan: AddressPlan) -> dict[str, Allotment]:
    """Each unit's own allotment."""
    return {one.unit: one for one in plan.allotments if one.kind == "unit"}


def clashes(plan: AddressPlan) -> list[tuple[Allotment, Allotment]]:
    """Pairs that overlap though neither lies in the other by right: two regions, two units, a unit's two networks."""
    found = []
    whole = sorted((one for one in plan.allotments if one.kind != "city"), key=lambda one: one.reserved)
    for at, one in enumerate(whole):
        for other in whole[at + 1 :]:
            if not one.reserved.overlaps(other.reserved):
                if other.reserved.network_address > one.reserved.broadcast_address:
                    break
                continue
            if _apart(one, other):
                found.append((one, other))
    return found


def _apart(one: Allotment, other: Allotment) -> bool:
    kinds = {one.kind, other.kind}
    if "region" in kinds:
        # what a unit uses somewhere in another region stays there, and its own prefix must not be there
        return kinds == {"region"} or ("kept" not in kinds and one.region != other.region)
    if one.unit != other.unit:
        return True
    named = one.network and other.network  # a prefix in use of no named kind may be around its unit's networks
    return kinds == {"network"} or bool(kinds == {"network", "kept"} and named and one.network != other.network)
