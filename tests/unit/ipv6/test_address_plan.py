"""The extranet's address plan: nothing overlaps, nobody moves, and every fault is said at once."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citycloud.city.load import load_city
from citycloud.city.model import City
from citycloud.errors import BadInput
from citycloud.findings import errors
from citycloud.ipv6.allocate import Inputs, allocate
from citycloud.ipv6.allocate_plan import AddressPlan
from citycloud.ipv6.exports import files, read_addresses, read_prefixes
from citycloud.ipv6.read import load_plan, plan, read

ROOT = Path(__file__).parents[3]
TODAY = date(2026, 11, 25)
LATER = date(2026, 12, 25)


@cache
def wuwei() -> City:
    return load_city(ROOT / "inventories" / "wuwei" / "city")


@cache
def inputs() -> Inputs:
    found, findings = read(ROOT / "ipv6", wuwei(), TODAY)
    assert found is not None and not errors(findings)
    return found


@cache
def whole() -> AddressPlan:
    return load_plan(ROOT / "ipv6", wuwei(), TODAY)


def of_city(city: City, before: AddressPlan, today: date) -> AddressPlan:
    """The plan of another city of units, with the register that ``before`` left."""
    kept = tuple((row, inputs().mark.place) for row in before.holdings)
    made, findings = allocate(Inputs(inputs().schema, city, kept, inputs().existing, inputs().mark), today)
    assert not errors(findings)
    return made


def without(city: City, gone: set[str]) -> City:
    return city.model_copy(update={"units": tuple(unit for unit in city.units if unit.id not in gone)})


def units_of(plan: AddressPlan) -> dict[str, object]:
    return {one.unit: one.prefix for one in plan.allotments if one.kind == "unit"}


def overlapping(plan: AddressPlan) -> list[tuple[object, object]]:
    """Reserves of units and regions that touch each other."""
    found = []
    for kind in ("region", "unit"):
        reserves = sorted(one.reserved for one in plan.allotments if one.kind == kind)
        found += [(one, other) for one, other in pairwise(reserves) if one.overlaps(other)]
    return found


def test_every_unit_of_the_city_has_a_prefix_within_its_region_and_nothing_overlaps() -> None:
    have = units_of(whole())
    assert {unit.id for unit in wuwei().units} <= have.keys() and len(wuwei().units) == 351
    regions = {one.region: one.prefix for one in whole().allotments if one.kind == "region"}
    for one in whole().allotments:
        if one.kind == "unit":
            assert one.prefix.subnet_of(one.reserved) and one.prefix.subnet_of(regions[one.region])
        if one.kind != "kept":
            assert one.prefix.prefixlen % 4 == 0, "not at a digit of the address"
    assert overlapping(whole()) == []
    assert len({one.address for one in whole().addresses}) == len(whole().addresses)


@settings(max_examples=15, deadline=None)
@given(st.sets(st.integers(0, 350), max_size=60), st.sets(st.integers(0, 350), max_size=60))
def test_nobody_moves_when_units_go_and_come_back(first: set[int], then: set[int]) -> None:
    ids = [unit.id for unit in wuwei().units]
    fewer = of_city(without(wuwei(), {ids[number] for number in first}), whole(), TODAY)
    other = of_city(without(wuwei(), {ids[number] for number in then}), fewer, LATER)
    for made in (fewer, other):
        assert overlapping(made) == []
        assert units_of(made).items() <= units_of(whole()).items()
    assert units_of(of_city(wuwei(), other, LATER)) == units_of(whole())


def test_the_same_input_gives_the_same_plan() -> None:
    assert load_plan(ROOT / "ipv6", wuwei(), TODAY) == whole()


def test_what_a_unit_uses_already_is_kept() -> None:
    kept = {str(one.prefix): one.unit for one in whole().allotments if one.kind in ("kept", "unit")}
    assert kept["3fff:400:e042::/56"] == "tianzhu-001"
    assert kept["2001:db8:7a00::/48"] == "minqin-003"
    assert kept["3fff:400:e0a0:1::/64"] == "gulang-010"


def test_what_is_exported_reads_back_the_same() -> None:
    told = files(whole(), inputs().schema, wuwei(), ("ns1.wuwei.example.",))
    assert read_prefixes("prefixes.csv", told["prefixes.csv"]) == whole().allotments
    assert read_addresses("addresses.csv", told["addresses.csv"]) == whole().addresses
    prefixes = json.loads(told["netbox/3-prefixes.json"])
    assert {item["prefix"] for item in prefixes} >= {str(prefix) for prefix in units_of(whole()).values()}
    zone = next(text for name, text in told.items() if name.endswith("ip6.arpa.zone"))
    assert " PTR " in zone.replace("\t", " ")


def test_every_fault_is_said_at_once_with_its_file_and_line(tmp_path: Path) -> None:
    for name in ("schema.yaml", "register.csv", "existing.csv"):
        (tmp_path / name).write_text((ROOT / "ipv6" / name).read_text())
    with (tmp_path / "existing.csv").open("a") as out:
        out.write("nobody-001,3fff:400:f000::/56,,\ntianzhu-002,not-a-prefix,,\ntianzhu-003,3fff:400:e042::/56,,\n")
    made, findings = plan(tmp_path, wuwei(), TODAY)
    assert made is None
    lines = {finding.place.line for finding in errors(findings) if str(finding.place.file).endswith("existing.csv")}
    last = len((tmp_path / "existing.csv").read_text().splitlines())
    assert {last - 2, last - 1, last} <= lines
    with pytest.raises(BadInput):
        load_plan(tmp_path, wuwei(), TODAY)


def test_a_length_that_does_not_end_at_a_digit_is_refused(tmp_path: Path) -> None:
    text = (ROOT / "ipv6" / "schema.yaml").read_text()
    (tmp_path / "schema.yaml").write_text(
        text.replace("unit: {reserved: 48, given: 56}", "unit: {reserved: 48, given: 57}")
    )
    made, findings = plan(tmp_path, wuwei(), TODAY)
    assert made is None and any("57" in finding.message for finding in errors(findings))
