"""What units use already: kept, read back from where it was exported, and never silently under somebody else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_plans import TODAY, Fault, city_of, copy_of_wuwei, findings_of, write, wuwei

from citycloud.city.model import City
from citycloud.findings import errors
from citycloud.ipv6.allocate_plan import AddressPlan
from citycloud.ipv6.exports import files
from citycloud.ipv6.read import plan, read

UNITS = {"north": ("north-1", "north-2"), "south": ("south-1",)}
PREFIX = {"prefix": "2001:db8:7b00::/48", "description": "一段"}
AS_IMPORTED = [{**PREFIX, "tenant": "north-2", "status": "active", "role": "office"}]
AS_TOLD_BY_THE_API = {
    "count": 1,
    "next": None,
    "previous": None,
    "results": [
        {
            **PREFIX,
            "id": 7,
            "tenant": {"id": 3, "name": "North 2", "slug": "north-2"},
            "status": {"value": "active", "label": "Active"},
            "role": {"id": 4, "name": "办公", "slug": "office"},
        }
    ],
}


def small() -> City:
    return city_of(UNITS)


@pytest.mark.parametrize("length", [44, 40, 48])
def test_a_wide_prefix_in_use_over_what_others_hold_is_a_fault(tmp_path: Path, length: int) -> None:
    directory = copy_of_wuwei(tmp_path)
    fault = Fault("overlap", "existing.csv", "", f"minqin-004,3fff:400:8000::/{length},,\n", "minqin-004")
    fault.into(directory)
    found = errors(findings_of(directory))
    assert fault.found(directory, found), found
    assert len(found) == 1, "one finding for one line, however many it lies over"
    # a /48 is one unit's place; the wider ones lie over several
    assert ("more" in found[0].message) == (length < 48)


def test_a_wide_prefix_may_lie_over_its_units_own(tmp_path: Path) -> None:
    directory = copy_of_wuwei(tmp_path)
    with (directory / "existing.csv").open("a") as out:
        out.write("gulang-001,3fff:400:8000::/48,,\n")
    assert not errors(findings_of(directory))


def test_a_lost_register_comes_back_from_what_netbox_was_told_with_the_backbones_routers(tmp_path: Path) -> None:
    where = write(tmp_path, existing="unit,prefix\n")
    first, _ = plan(where, small(), TODAY)
    inputs, _ = read(where, small(), TODAY)
    assert first is not None and inputs is not None
    (where / "netbox.json").write_text(files(first, inputs.schema, small(), ["ns.example."])["netbox/3-prefixes.json"])
    again, findings = plan(where, small(), TODAY, where / "netbox.json")
    assert again is not None, findings
    assert again == first and not findings


def test_wuweis_whole_plan_comes_back_from_what_netbox_was_told(tmp_path: Path) -> None:
    directory = copy_of_wuwei(tmp_path)
    first, _ = plan(directory, wuwei(), TODAY)
    inputs, _ = read(directory, wuwei(), TODAY)
    assert first is not None and inputs is not None
    (directory / "register.csv").unlink()
    file = tmp_path / "netbox.json"
    file.write_text(files(first, inputs.schema, wuwei(), ["ns.example."])["netbox/3-prefixes.json"])
    again, findings = plan(directory, wuwei(), TODAY, file)
    assert again is not None, "\n".join(map(str, errors(findings)))
    assert _who_has_what(again) == _who_has_what(first) and again.addresses == first.addresses


def _who_has_what(plan: AddressPlan) -> set[tuple[str, str, str]]:
    return {(one.unit or one.region, one.network, str(one.prefix)) for one in plan.allotments}


@pytest.mark.parametrize("told", [AS_IMPORTED, AS_TOLD_BY_THE_API], ids=["import", "api"])
def test_prefixes_in_use_are_read_as_netbox_imports_them_and_as_its_api_tells_them(
    tmp_path: Path, told: object
) -> None:
    file = tmp_path / "netbox.json"
    file.write_text(json.dumps(told))
    inputs, findings = read(write(tmp_path / "plan"), small(), TODAY, file)
    assert inputs is not None and not errors(findings), findings
    [(row, place)] = inputs.existing
    assert (row.unit, str(row.prefix), row.network) == ("north-2", "2001:db8:7b00::/48", "office")
    assert place.file == str(file)


def test_one_page_of_netboxs_many_is_not_taken_for_all_of_them(tmp_path: Path) -> None:
    file = tmp_path / "netbox.json"
    file.write_text(json.dumps({**AS_TOLD_BY_THE_API, "count": 90, "next": "there are more"}))
    _, findings = read(write(tmp_path / "plan"), small(), TODAY, file)
    assert [one.kind for one in errors(findings)] == ["not-whole"]
