"""Choices are read with every fault at once, each with its file and line, and Wuwei's have none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from migrate_cases import MIGRATIONS, chosen, copy_of_choices, wuwei

from citycloud.errors import BadInput
from citycloud.findings import errors
from citycloud.lab.legacy.model import read_rooms
from citycloud.migrate.choices import load_migrations, read


@dataclass(frozen=True)
class Fault:
    kind: str
    file: str
    old: str
    new: str
    says: str

    def into(self, folder: Path) -> str:
        file = folder / self.file
        text = file.read_text()
        assert text.count(self.old) == 1, self.old
        file.write_text(text.replace(self.old, self.new))
        return f"{file}:{text[: text.index(self.old)].count(chr(10)) + 1}"


WATER, WAVES = "water/choices.yaml", "waves.yaml"
FAULTS = (
    Fault("unknown-field", WATER, "decides: water-owner", "decides: water-owner\ncolour: red", "colour"),
    Fault("missing-field", WATER, "    method: replicate\n", "", "method"),
    Fault("unknown-reference", WATER, "decides: water-owner", "decides: nobody", "nobody"),
    Fault("unknown-reference", WATER, "becomes: [hydro-db]", "becomes: [hydro-base]", "hydro-db"),
    Fault("unknown-reference", WATER, "system: hydro", "system: hydra", "hydro"),
    Fault("not-theirs", WATER, "system: hydro", "system: fire-control", "emergency"),
    Fault("window-too-short", WATER, "cutover_minutes: 30", "cutover_minutes: 300", "240 min"),
    Fault("bad-value", WATER, "way_back_days: 30", "way_back_days: 3", "acceptance takes 7"),
    Fault("bad-value", WATER, "bandwidth_percent: 60", "bandwidth_percent: 160", "100"),
    Fault("bad-value", WATER, "cutover: [water-owner, bigdata-operator]", "cutover: [civil-owner, civil-owner]", "one"),
    Fault("bad-value", WATER, "decommission: [water-owner, bigdata-owner]", "decommission: [water-owner]", "2"),
    Fault("rehearsal-too-early", WATER, "days_before: 5", "days_before: 9", "7 days"),
    Fault("bad-value", WATER, 'begins: "22:00"', 'begins: "25:00"', "25:00"),
    Fault("bad-yaml", WATER, "moves:", "moves: [", ""),
    Fault("schema-version", WATER, "schema_version: 1", "schema_version: 2", "2"),
    Fault("bad-value", WATER, "department: water", "department: emergency", "folder"),
    Fault("unknown-reference", WAVES, "site: east\n    hours", "site: easy\n    hours", "east"),
    Fault("unknown-reference", WAVES, "{id: hydro,", "{id: hydra,", "hydro"),
    Fault("bad-value", WAVES, 'ends: "19:00", megabits: 20}\n      - {begins: "19:00", ends: "24:00", megabits: 100',
          'ends: "20:00", megabits: 20}\n      - {begins: "19:00", ends: "24:00", megabits: 100', "over each other"),
    Fault("bad-value", WAVES, "ends: 2027-08-31\n\n", "ends: 2026-08-31\n\n", "before they begin"),
    Fault("duplicate-id", WAVES, "{id: fire-control,", "{id: hydro,", "2 times"),
    Fault("unknown-reference", WAVES, "departments: [party, resources]", "departments: [parts, resources]", "party"),
)  # fmt: skip


def test_wuweis_choices_have_no_fault_and_are_three_departments() -> None:
    found, findings = read(MIGRATIONS, wuwei())
    assert errors(findings) == []
    assert {finding.kind for finding in findings} <= {"no-key"}
    assert {one.department for one in found.departments} == {"water", "emergency", "resources"}
    assert found.waves is not None


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.kind}: {fault.new.strip()[:30]}")
def test_a_planted_fault_is_found_with_its_file_and_a_suggestion(fault: Fault, tmp_path: Path) -> None:
    folder = copy_of_choices(tmp_path)
    place = fault.into(folder)
    found = [one for one in errors(read(folder, wuwei())[1]) if one.kind == fault.kind]
    assert found, read(folder, wuwei())[1]
    assert any(fault.says in f"{one.message} {one.suggestion}" for one in found), found
    assert all(one.place.file == place.rsplit(":", 1)[0] and one.place.line > 0 for one in found)


def test_a_finding_names_the_very_line(tmp_path: Path) -> None:
    folder = copy_of_choices(tmp_path)
    for fault in (FAULTS[2], FAULTS[8]):
        place = fault.into(folder)
        assert place in {str(one.place) for one in errors(read(folder, wuwei())[1])}


def test_faults_of_several_files_are_told_at_once(tmp_path: Path) -> None:
    folder = copy_of_choices(tmp_path)
    planted = [FAULTS[0], FAULTS[2], FAULTS[6], FAULTS[17], FAULTS[19]]
    for fault in planted:
        fault.into(folder)
    with pytest.raises(BadInput) as told:
        load_migrations(folder, wuwei())
    assert {fault.kind for fault in planted} <= {one.kind for one in told.value.findings}


def test_a_faulty_move_hides_no_fault_of_the_departments_own(tmp_path: Path) -> None:
    folder = copy_of_choices(tmp_path)
    FAULTS[1].into(folder)
    FAULTS[2].into(folder)
    kinds = {one.kind for one in read(folder, wuwei())[1]}
    assert {"missing-field", "unknown-reference"} <= kinds


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="not there"):
        load_migrations(tmp_path / "nowhere", wuwei())


def test_every_source_is_a_host_of_the_machine_rooms_and_of_the_same_system() -> None:
    """What is to be moved in the lab is what stands in the lab."""
    rooms = read_rooms(MIGRATIONS.parent / "inventories" / "wuwei" / "rooms.yaml", wuwei())
    there = {host.id: (room.department, host.system) for room in rooms for host in room.hosts}
    for one in chosen().departments:
        for move in one.moves:
            for source in move.sources:
                assert there[source.id] == (one.department, move.system)


def test_a_department_without_choices_is_no_fault() -> None:
    assert chosen().of("health") is None
