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
    short: bool = False,
) -> AddressPlan:
    """``short``: units may find no room."""
    inputs = Inputs(
        by or schema(),
        city(units),
        tuple((row, PLACE) for row in rows),
        tuple((row, Place("existing.csv", at)) for at, row in enumerate(used, 2)),
    )
    plan, findings = allocate(inputs, today)
    assert not [one for one in errors(findings) if not (short and one.kind == "exhausted")], findings
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


FIRST_REGIONS = (0x8, 0x4, 0xC)
"""Where north, south and west come to lie (RFC 3531's order, after the backbone): uses are drawn there, to collide."""


def _place(region: int, unit: int, sub: int, length: int) -> IPv6Network:
    begins = (0x3FFF0500 << 96) | (region << 92) | (unit << 80) | (sub << 72 if length > 48 else 0)
    return IPv6Network((begins, length), strict=False)


places = st.builds(
    _place,
    st.sampled_from((*FIRST_REGIONS, *FIRST_REGIONS, 1)),
    st.sampled_from(range(16)),
    st.sampled_from(range(4)),
    st.sampled_from((48, 52, 56, 60, 64)),
)


def apart(found: list[Existing]) -> tuple[Existing, ...]:
    """Only what overlaps nothing before it: a reader refuses the rest."""
    kept: list[Existing] = []
    for one in found:
        if not any(one.prefix.overlaps(other.prefix) for other in kept):
            kept.append(one)
    return tuple(kept)


units = st.sets(st.sampled_from(UNITS), min_size=6)


@st.composite
def used_by(draw: st.DrawFn) -> tuple[set[str], tuple[Existing, ...]]:
    """Units, and what some of them use already; nothing of it overlaps (a reader refuses what does)."""
    there = draw(units)
    ids = st.sampled_from(sorted(there))
    return there, apart(draw(st.lists(st.builds(Existing, unit=ids, prefix=places), min_size=4, max_size=14)))


@few
@given(used_by())
def test_no_unit_is_given_what_another_uses_and_each_keeps_what_it_uses(
    case: tuple[set[str], tuple[Existing, ...]],
) -> None:
    there, used = case
    plan = made(there, used=used)
    assert strangers(plan) == []
    assert sound(plan, TODAY) == []
    for one in used:
        own = [each.prefix for each in plan.of_unit(one.unit) if each.kind in ("unit", "kept")]
        assert any(one.prefix.subnet_of(prefix) for prefix in own), f"{one} was lost"


CROWD = [f"north-{number:02}" for number in range(24)]
"""More than one region's 16 places: those that come late can only have what others gave back."""


@few
@given(
    st.lists(
        st.tuples(st.sets(st.sampled_from(CROWD), min_size=6, max_size=9), st.sampled_from((0, 40, 183, 184, 400))),
        min_size=3,
        max_size=7,
    )
)
def test_through_years_nobody_moves_and_what_was_given_back_rests(steps: list[tuple[set[str], int]]) -> None:
    rows: tuple[Holding, ...] = ()
    today, before = TODAY, dict[str, IPv6Network]()
    left: dict[IPv6Network, tuple[str, date]] = {}
    for there, days in steps:
        today += timedelta(days=days)
        plan = made(there, rows, today=today, short=True)
        now = prefix_of(plan)
        assert sound(plan, today) == [] and strangers(plan) == []
        assert {unit: now.get(unit) for unit in before.keys() & there} == {
            unit: prefix for unit, prefix in before.items() if unit in there
        }
        left |= {prefix: (unit, today) for unit, prefix in before.items() if unit not in there}
        for unit, prefix in now.items():
            owner, since = left.pop(prefix, (unit, date.min))
            assert owner == unit or (today - since).days >= schema().rest_days
        homesick = {owner for owner, _ in left.values()} & now.keys()
        assert not homesick, "its last place was free, and it was given another"
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
@given(used_by())
def test_the_order_in_which_uses_are_told_changes_nothing(case: tuple[set[str], tuple[Existing, ...]]) -> None:
    there, used = case
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
