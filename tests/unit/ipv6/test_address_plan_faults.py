"""Each fault of an address plan is found at the line that it is on, alone and together with all the others."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_plans import TODAY, Fault, copy_of_wuwei, findings_of, wuwei

from citycloud.findings import errors
from citycloud.ipv6.read import plan

UNIT = "unit,gulang-010,gulang,3fff:400:8090::/56,2026-11-24,"
SCHEMA_FAULTS = (
    Fault("not-nibble-aligned", "schema.yaml", "region: {reserved: 36", "region: {reserved: 37", "region: {reserved"),
    Fault(
        "not-nested", "schema.yaml", "unit: {reserved: 48, given: 56}", "unit: {reserved: 36, given: 56}", "unit: {r"
    ),
    Fault(
        "bad-value",
        "schema.yaml",
        "network: {reserved: 60, given: 64}",
        "network: {reserved: 60, given: 68}",
        "given: 68",
    ),
    Fault("bad-value", "schema.yaml", '"3fff:400::/32"', '"ff02::/32"', "prefix: "),
    Fault("overlap", "schema.yaml", '"3fff:400::/32"', '"3fff:200::/32"', "prefix: "),
    Fault("duplicate", "schema.yaml", "number: 8", "number: 4  # twice", "- id: service"),
    Fault("exhausted", "schema.yaml", "number: 12", "number: 16", "number: 16"),
    Fault("reserved-name", "schema.yaml", "- id: wireless", "- id: unit", "- id: unit"),
    Fault("duplicate", "schema.yaml", "domain: extranet.wuwei.example", "domain: wuwei.example", "domain: wuwei"),
    Fault("bad-value", "schema.yaml", 'identifier: "::b"', 'identifier: "::c"', "addresses:  # uneven"),
    Fault("unknown-unit", "schema.yaml", "unit: core-2", "unit: core-9", "unit: core-9"),
    Fault(
        "not-nibble-aligned",
        "schema.yaml",
        "unit: core-1, network: interconnect, given: 60",
        "unit: core-1, network: interconnect, given: 61",
        "given: 61",
    ),
    Fault(
        "exhausted",
        "schema.yaml",
        "unit: core-1, network: interconnect, given: 60",
        "unit: core-1, network: interconnect, given: 56",
        "interconnect, given: 56",
    ),
    Fault("unknown-field", "schema.yaml", "rest_days:", "rest_dais:", "rest_dais:"),
    Fault("missing-field", "schema.yaml", "- {id: core-1, name: 核心路由器一}", "- {id: core-1}", "- {id: core-1}"),
    Fault("schema-version", "schema.yaml", "schema_version: 1", "schema_version: 2", "schema_version"),
)
ROW_FAULTS = (
    Fault("overlap", "register.csv", UNIT, UNIT.replace("8090", "8080"), "unit,gulang-010"),
    Fault("not-nibble-aligned", "register.csv", UNIT, UNIT.replace("8090::/56", "8090::/57"), "unit,gulang-010"),
    Fault("not-nibble-aligned", "register.csv", UNIT, UNIT.replace("8090::/56", "8090:100::/56"), "unit,gulang-010"),
    Fault("outside-the-prefix", "register.csv", UNIT, UNIT.replace("8090", "4090"), "unit,gulang-010"),
    Fault("exhausted", "register.csv", UNIT, UNIT.replace("8090::/56", "8090::/44"), "unit,gulang-010"),
    Fault("bad-value", "register.csv", UNIT, UNIT.replace("2026-11-24", "2027-01-01"), "unit,gulang-010"),
    Fault("bad-value", "register.csv", UNIT, f"{UNIT}2026-01-01", "unit,gulang-010"),
    Fault("missing-field", "register.csv", UNIT, UNIT.replace("010,gulang", "010,"), "unit,gulang-010"),
    Fault("duplicate", "register.csv", "", f"{UNIT.replace('8090', '80ff')}\n", "80ff::/56"),
    Fault(
        "reused-too-early",
        "register.csv",
        UNIT,
        f"unit,gone,gulang,3fff:400:8090::/56,2026-01-01,2026-11-20\n{UNIT}",
        "unit,gulang-010",
    ),
    Fault(
        "renumbers", "register.csv", "network,office,,0:0:0:40::/64", "network,office,,0:0:0:50::/64", "network,office"
    ),
    Fault("unknown-unit", "existing.csv", "", "nobody-001,2001:db8:9000::/56,,\n", "nobody-001"),
    Fault("unknown-network", "existing.csv", "", "minqin-004,2001:db8:9000::/56,cafe,\n", "minqin-004"),
    Fault("overlap", "existing.csv", "", "minqin-004,2001:db8:7a00:1::/64,,\n", "minqin-004"),
    Fault("overlap", "existing.csv", "", "minqin-004,3fff:400:8090::/64,,\n", "minqin-004"),
    Fault("overlap", "existing.csv", "", "minqin-004,3fff:400::/32,,\n", "minqin-004"),
    Fault("overlap", "existing.csv", "", "gulang-010,3fff:400:8090:20::/64,office,\n", "8090:20::"),
    Fault("duplicate", "existing.csv", "", "minqin-003,2001:db8:7a00::/48,,again\n", "again"),
)
TOGETHER = (ROW_FAULTS[0], ROW_FAULTS[11], ROW_FAULTS[17], *(SCHEMA_FAULTS[index] for index in (0, 5, 6, 10)))


def _name(fault: Fault) -> str:
    return f"{fault.kind}-{fault.new.strip()[:40]}"


@pytest.mark.parametrize("fault", [*SCHEMA_FAULTS, *ROW_FAULTS], ids=_name)
def test_a_fault_is_found_at_its_line_and_no_plan_is_made(tmp_path: Path, fault: Fault) -> None:
    directory = copy_of_wuwei(tmp_path)
    if "uneven" in fault.at:
        schema = directory / "schema.yaml"
        schema.write_text(
            schema.read_text().replace(
                "    backbone: true\n    addresses:\n      - {id: upper",
                "    backbone: true\n    addresses:  # uneven\n      - {id: upper",
            )
        )
    fault.into(directory)
    made, findings = plan(directory, wuwei(), TODAY)
    assert made is None
    assert fault.found(directory, errors(findings)), "\n".join(map(str, findings))


def test_all_faults_of_all_files_are_said_at_once(tmp_path: Path) -> None:
    directory = copy_of_wuwei(tmp_path)
    for fault in TOGETHER:
        fault.into(directory)
    findings = errors(findings_of(directory))
    assert [fault for fault in TOGETHER if not fault.found(directory, findings)] == [], "\n".join(map(str, findings))


def test_every_finding_says_what_to_do(tmp_path: Path) -> None:
    directory = copy_of_wuwei(tmp_path)
    for fault in TOGETHER:
        fault.into(directory)
    assert [str(one) for one in findings_of(directory) if not one.suggestion] == []


def test_who_finds_no_room_is_counted_and_told_what_would_help(tmp_path: Path) -> None:
    directory = copy_of_wuwei(tmp_path)
    schema = directory / "schema.yaml"
    schema.write_text(
        schema.read_text().replace("region: {reserved: 36, given: 40}", "region: {reserved: 36, given: 44}")
    )
    (directory / "register.csv").unlink()
    found = [one for one in errors(findings_of(directory)) if one.kind == "exhausted"]
    told = " ".join(str(one) for one in found)
    for region, units in (("liangzhou", 115), ("gulang", 89), ("tianzhu", 80), ("municipal", 36), ("minqin", 31)):
        assert f"no room for {units - 16} units of {region}" in told, told


def test_what_is_declared_smaller_than_what_was_given_takes_nothing_away(tmp_path: Path) -> None:
    """Units were given a /56; a schema that says /60 from now on leaves them that, as far as networks still fit."""
    directory = copy_of_wuwei(tmp_path)
    before, _ = plan(directory, wuwei(), TODAY)
    schema = directory / "schema.yaml"
    text = schema.read_text().replace("region: {reserved: 36, given: 40}", "region: {reserved: 36, given: 44}")
    schema.write_text(text)
    after, findings = plan(directory, wuwei(), TODAY)
    assert before is not None and after is not None, findings
    assert after.allotments == before.allotments
