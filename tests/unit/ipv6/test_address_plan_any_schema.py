"""What holds whatever the schema: levels of any width, with room for many units or for too few."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv6Network

from any_schema import DAY, UNITS, changed, city_of, clashes, faults_of, made, own, schemas, uses
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from citycloud.findings import Place, errors
from citycloud.ipv6 import allocate_register
from citycloud.ipv6.allocate_plan import AddressPlan
from citycloud.ipv6.allocate_register import holders
from citycloud.ipv6.read import against
from citycloud.ipv6.schema import AddressSchema

quickly = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
some_units = st.lists(st.sampled_from(UNITS), unique=True, max_size=12)


def _prefixes(plan: AddressPlan) -> dict[str, IPv6Network]:
    return {unit: one.prefix for unit, one in own(plan).items()}


@quickly
@given(schemas(), some_units)
def test_no_two_units_regions_or_networks_overlap_and_all_end_at_a_digit(
    schema: AddressSchema, units: list[str]
) -> None:
    plan, findings = made(schema, city_of(units))
    assert not clashes(plan)
    for one in plan.allotments:
        assert one.prefix.prefixlen % 4 == 0 and one.reserved.prefixlen % 4 == 0
        assert one.prefix.network_address == one.reserved.network_address
        assert one.reserved.subnet_of(schema.prefix)
    assert len({one.address for one in plan.addresses}) == len(plan.addresses)
    assert not findings and not faults_of(schema, city_of(units), plan, DAY)


@quickly
@given(schemas(), st.lists(st.tuples(some_units, st.integers(0, 300)), min_size=2, max_size=6))
def test_who_stays_keeps_its_prefix_while_others_come_and_go(
    schema: AddressSchema, history: list[tuple[list[str], int]]
) -> None:
    today, plan = DAY, made(schema, city_of([]))[0]
    last: dict[str, tuple[IPv6Network, int]] = {}
    for units, days in history:
        today += timedelta(days)
        before = plan
        plan, findings = made(schema, city_of(units), before.holdings, today=today)
        assert not errors(findings) and not clashes(plan)
        assert not faults_of(schema, city_of(units), plan, today)
        stayed = set(units) & set(_prefixes(before))
        assert {unit: _prefixes(before)[unit] for unit in stayed} == {unit: _prefixes(plan)[unit] for unit in stayed}
        for row in before.holdings:  # nothing is taken out of the register
            assert any((row.id, row.prefix, row.given) == (one.id, one.prefix, one.given) for one in plan.holdings)
        for unit, (prefix, left) in last.items():
            if unit in _prefixes(plan) and today.toordinal() - left < schema.rest_days:
                assert _prefixes(plan)[unit] == prefix, "who comes back while its prefix rests has it back"
        last = {unit: found for unit, found in last.items() if unit not in units}
        gone = set(_prefixes(before)) - set(units)
        last.update({unit: (_prefixes(before)[unit], today.toordinal()) for unit in gone if unit in UNITS})


@quickly
@given(schemas(), some_units, st.data())
def test_it_can_be_told_who_held_an_address_on_any_day(
    schema: AddressSchema, units: list[str], data: st.DataObject
) -> None:
    assume(units)
    gone = data.draw(st.sampled_from(units))
    first, _ = made(schema, city_of(units))
    later = DAY + timedelta(days=100)
    second, _ = made(schema, city_of([unit for unit in units if unit != gone]), first.holdings, today=later)
    address = _prefixes(first)[gone].network_address + 1
    assert [row.id for row in holders(second.holdings, address, DAY)][-1] == gone
    assert gone not in [row.id for row in holders(second.holdings, address, later)]
    assert gone in [row.id for row in holders(second.holdings, address)]


@quickly
@given(schemas(), some_units, st.data())
def test_what_grows_grows_in_place_and_moves_nobody(
    schema: AddressSchema, units: list[str], data: st.DataObject
) -> None:
    before, _ = made(schema, city_of(units))
    wider = {
        name: {"reserved": level.reserved, "given": data.draw(st.sampled_from((level.given, level.reserved)))}
        for name, level in (("region", schema.region), ("unit", schema.unit), ("network", schema.network))
    }
    larger = changed(schema, **wider)
    after, findings = made(larger, city_of(units), before.holdings, today=DAY + timedelta(days=1))
    assert not errors(findings) and not clashes(after)
    assert not faults_of(larger, city_of(units), after, DAY + timedelta(days=1))
    for one, grown in zip(before.allotments, after.allotments, strict=True):
        if one.kind != "network":
            assert one.prefix.subnet_of(grown.prefix) and one.prefix.network_address == grown.prefix.network_address
    smaller, _ = made(schema, city_of(units), after.holdings, today=DAY + timedelta(days=2))
    assert _prefixes(smaller) == _prefixes(after), "what was given is not made smaller"


@quickly
@given(schemas(), some_units, some_units, st.data())
def test_what_is_in_use_is_kept_and_nobody_else_is_placed_over_it(
    schema: AddressSchema, units: list[str], before: list[str], data: st.DataObject
) -> None:
    city = city_of(units)
    used = data.draw(uses(schema, units))
    rows = [(row, Place("existing.csv", line)) for line, row in enumerate(used, start=2)]
    held = made(schema, city_of(before))[0].holdings if data.draw(st.booleans()) else ()
    known = [(row, Place("register.csv", line)) for line, row in enumerate(held, start=2)]
    found = [*allocate_register.check_existing(schema, city, rows), *against(schema, known, rows, DAY)]
    assume(not errors(found))
    plan, findings = made(schema, city, held, used)
    if errors(findings):
        assert {one.kind for one in errors(findings)} <= {"exhausted", "overlap"}
        return
    assert not clashes(plan)
    for row in used:
        assert any(row.prefix.subnet_of(one.prefix) for one in plan.of_unit(row.unit)), row
    again, _ = made(schema, city, plan.holdings, used)
    assert again.allotments == plan.allotments and again.holdings == plan.holdings


@quickly
@given(schemas(), st.integers(1, 40))
def test_who_finds_no_room_is_told_and_everybody_else_is_served(schema: AddressSchema, count: int) -> None:
    units = [f"ash-{number:03}" for number in range(count)]
    plan, findings = made(schema, city_of(units))
    room = 1 << (schema.unit.reserved - schema.region.given)
    assert len([unit for unit in own(plan) if unit.startswith("ash")]) == min(count, room)
    assert [one.kind for one in findings] == (["exhausted"] if count > room else [])
    assert not clashes(plan)
