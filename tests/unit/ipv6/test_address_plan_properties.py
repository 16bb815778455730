"""What holds of every address plan, whatever the schema, the units, and what they use already."""

from __future__ import annotations

import json
from datetime import date, timedelta
from functools import cache
from ipaddress import IPv6Network
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from small_plans import SCHEMA, city_of, write

from citycloud.city.model import City
from citycloud.findings import Place, errors
from citycloud.ipv6.allocate import Inputs, allocate
from citycloud.ipv6.allocate_plan import AddressPlan
from citycloud.ipv6.allocate_register import Existing, Holding, check, check_kinds
from citycloud.ipv6.exports import files
from citycloud.ipv6.read import plan, read
from citycloud.ipv6.schema import AddressSchema, Larger

TODAY = date(2026, 11, 25)
PLACE = Place("register.csv", 2)
REGIONS = ("north", "south", "west")
UNITS = [f"{region}-{number}" for region in REGIONS for number in range(1, 10)]
few = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


@cache
def schema() -> AddressSchema:
    """Room for 16 units in a region and 16 regions, so that both can run short."""
    with TemporaryDirectory() as directory:
        text = SCHEMA.replace("region: {reserved: 36, given: 40}", "region: {reserved: 36, given: 44}")
        found, findings = read(write(Path(directory), text, "unit,prefix\n"), city_of({"north": ("north-2",)}), TODAY)
    assert found is not None and not errors(findings)
    return found.schema


def city(units: set[str]) -> City:
    return city_of({region: sorted(unit for unit in units if unit.startswith(region)) for region in REGIONS})


def made(
    units: set[str],
    rows: tuple[Holding, ...] = (),
    used: tuple[Existing, ...] = (),
    today: date = TODAY,
    by: AddressSchema | None = None,
) -> AddressPlan:
    inputs = Inputs(
        by or schema(),
        city(units),
        tuple((row, PLACE) for row in rows),
        tuple((row, Place("existing.csv", at)) for at, row in enumerate(used, 2)),
    )
    plan, findings = allocate(inputs, today)
    assert not errors(findings), findings
    return plan


def sound(plan: AddressPlan, today: date) -> list[str]:
    """What the reader of a register would say of the one that this plan leaves."""
    rows = [(row, Place("register.csv", at)) for at, row in enumerate(plan.holdings, 2)]
    return [str(one) for one in (*check(schema(), rows, today), *check_kinds(schema(), rows, today))]


def _of(row: Holding) -> tuple[str, str, str, date]:
    return row.kind, row.id, str(row.prefix), row.given


def prefix_of(plan: AddressPlan) -> dict[str, IPv6Network]:
    return {one.unit: one.prefix for one in plan.allotments if one.kind == "unit" and one.region != "backbone"}


def strangers(plan: AddressPlan) -> list[str]:
    """Pairs of different units, one of which has something in the other's reserve."""
    blocks = [(one.reserved, one.unit) for one in plan.allotments if one.kind in ("unit", "kept")]
    found = []
    for (wide, owner), (narrow, other) in pairwise(sorted(blocks)):
        if owner != other and wide.overlaps(narrow):
            found.append(f"{wide} of {owner}, {narrow} of {other}")
    return found


places = st.builds(
    lambda region, unit, sub, length: IPv6Network(
        ((0x3FFF0500 << 96) | (region << 92) | (unit << 80) | (sub << 72 if length > 48 else 0), length), strict=False
    ),
    *(st.integers(0, 15), st.integers(0, 15), st.integers(0, 3), st.sampled_from((48, 52, 56, 60, 64))),
)
uses = st.lists(st.builds(Existing, unit=st.sampled_from(UNITS), prefix=places), max_size=12)
units = st.sets(st.sampled_from(UNITS))


def apart(found: list[Existing]) -> tuple[Existing, ...]:
    """Only what overlaps nothing before it: a reader refuses the rest."""
    kept: list[Existing] = []
    for one in found:
        if not any(one.prefix.overlaps(other.prefix) for other in kept):
            kept.append(one)
    return tuple(kept)


@few
@given(units, uses)
def test_no_unit_is_given_what_another_uses_and_each_keeps_what_it_uses(there: set[str], found: list[Existing]) -> None:
    used = tuple(one for one in apart(found) if one.unit in there)
    plan = made(there, used=used)
    assert strangers(plan) == []
    assert sound(plan, TODAY) == []
    for one in used:
        own = [each.prefix for each in plan.of_unit(one.unit) if each.kind in ("unit", "kept")]
        assert any(one.prefix.subnet_of(prefix) for prefix in own), f"{one} was lost"


@few
@given(st.lists(st.tuples(units, st.integers(0, 200)), min_size=1, max_size=6))
def test_through_years_nobody_moves_and_what_was_given_back_rests(steps: list[tuple[set[str], int]]) -> None:
    rows: tuple[Holding, ...] = ()
    today, before = TODAY, dict[str, IPv6Network]()
    left: dict[IPv6Network, tuple[str, date]] = {}
    for there, days in steps:
        today += timedelta(days=days)
        plan = made(there, rows, today=today)
        now = prefix_of(plan)
        assert sound(plan, today) == [] and strangers(plan) == []
        assert {unit: now[unit] for unit in before.keys() & now.keys()} == {
            unit: prefix for unit, prefix in before.items() if unit in now
        }
        for unit, prefix in now.items():
            owner, since = left.pop(prefix, (unit, date.min))
            assert owner == unit or (today - since).days >= schema().rest_days
        left |= {prefix: (unit, today) for unit, prefix in before.items() if unit not in now}
        assert {_of(row) for row in rows} <= {_of(row) for row in plan.holdings}, "a row of the register went"
        assert {row for row in rows if row.released} <= set(plan.holdings), "a closed row was changed"
        rows, before = plan.holdings, now


@few
@given(units, st.sets(st.sampled_from(UNITS)), st.sampled_from((48, 52)))
def test_who_grows_grows_in_place_and_moves_nobody(there: set[str], growing: set[str], length: int) -> None:
    before = made(there)
    larger = tuple(Larger(unit=unit, given=length) for unit in sorted(growing & there))
    wider = schema().model_copy(update={"larger": (*schema().larger, *larger)})
    after = made(there, before.holdings, by=wider)
    for unit, prefix in prefix_of(after).items():
        was = prefix_of(before)[unit]
        assert prefix.network_address == was.network_address and was.subnet_of(prefix)
        assert prefix.prefixlen == min(was.prefixlen, length) if unit in growing else prefix == was
    assert after.addresses == before.addresses
    assert strangers(after) == [] and sound(after, TODAY) == []


@few
@given(units, uses)
def test_the_order_of_declaration_and_of_use_changes_nothing(there: set[str], found: list[Existing]) -> None:
    used = tuple(one for one in apart(found) if one.unit in there)
    one, other = made(there, used=used), made(there, used=tuple(reversed(used)))
    assert prefix_of(one) == prefix_of(other) and one.addresses == other.addresses


@few
@given(units)
def test_what_netbox_is_told_comes_back_as_in_use_and_gives_the_same_plan(there: set[str]) -> None:
    """A register that was lost can be had again from what was exported."""
    assume(there)
    with TemporaryDirectory() as directory:
        where = write(Path(directory), existing="unit,prefix\n")
        schema = where / "schema.yaml"
        schema.write_text(schema.read_text().split("larger:")[0])
        first, findings = plan(where, city(there), TODAY)
        inputs, _ = read(where, city(there), TODAY)
        assert first is not None and inputs is not None, findings
        told = json.loads(files(first, inputs.schema, city(there), ["ns.example."])["netbox/3-prefixes.json"])
        nodes = {node.id for node in inputs.schema.backbone.nodes}
        seen = [item for item in told if item.get("tenant") not in nodes]
        (where / "netbox.json").write_text(json.dumps(seen))
        again, findings = plan(where, city(there), TODAY, where / "netbox.json")
        assert again is not None, findings
        assert prefix_of(again) == prefix_of(first) and again.addresses == first.addresses
