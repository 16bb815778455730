"""Machine rooms as they are declared: every fault at once, each with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from citycloud.city.load import load_city
from citycloud.city.model import City
from citycloud.errors import BadInput
from citycloud.lab.legacy.model import Room, read_rooms

WUWEI = Path(__file__).parents[3] / "inventories" / "wuwei"
TEXT = (WUWEI / "rooms.yaml").read_text()


@pytest.fixture(scope="module")
def city() -> City:
    return load_city(WUWEI / "city")


def faults(tmp_path: Path, city: City, *changes: tuple[str, str]) -> list[tuple[str, int]]:
    """Kinds and lines of what is found in Wuwei's rooms after ``changes`` (old text, new text)."""
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    file = tmp_path / "rooms.yaml"
    file.write_text(text)
    with pytest.raises(BadInput) as caught:
        read_rooms(file, city)
    return [(finding.kind, finding.place.line) for finding in caught.value.findings]


def line(of: str) -> int:
    return next(number for number, text in enumerate(TEXT.splitlines(), 1) if of in text)


def test_wuwei_has_three_rooms_of_three_departments(city: City) -> None:
    rooms = read_rooms(WUWEI / "rooms.yaml", city)
    assert [room.department for room in rooms] == ["water", "emergency", "resources"]
    assert all(isinstance(room, Room) and room.hosts for room in rooms)


def test_a_hosts_system_and_role_are_those_of_a_declared_machine_where_its_system_has_machines(city: City) -> None:
    declared = {(machine.system, machine.role) for machine in city.machines}
    systems = {system for system, _ in declared}
    for room in read_rooms(WUWEI / "rooms.yaml", city):
        for host in room.hosts:
            assert host.system not in systems or (host.system, host.role) in declared


def test_references_that_lead_nowhere_are_found_all_at_once(tmp_path: Path, city: City) -> None:
    found = faults(
        tmp_path,
        city,
        ("department: water", "department: watr"),
        ("carrier: unicom", "carrier: mobile"),
        ("system: land-registry", "system: oa"),
    )
    department = [("unknown-reference", line("department: water"))]
    hosts = [("unknown-reference", line(name)) for name in ("old-hydro-web", "old-hydro-db", "old-hydro-files")]
    rest = [("unknown-reference", line("carrier: unicom")), ("unknown-reference", line("{id: land-registry"))]
    assert sorted(found) == sorted([*department, *hosts, *rest])


def test_a_range_that_the_city_or_another_room_has_is_refused(tmp_path: Path, city: City) -> None:
    found = faults(
        tmp_path,
        city,
        ("ipv4: 192.168.110.0/24", "ipv4: 10.211.4.0/24"),
        ("ipv4: 192.168.130.0/24", "ipv4: 192.168.120.0/24"),
    )
    assert [kind for kind, _ in found] == ["overlapping-prefixes"] * 2


def test_names_and_numbers_are_used_once(tmp_path: Path, city: City) -> None:
    found = faults(tmp_path, city, ("id: old-hydro-db, number: 12", "id: east-ctl, number: 11"))
    assert sorted(kind for kind, _ in found) == ["duplicate-id", "duplicate-number"]


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("megabits: 200", "megabits: 0", "bad-value"),
        ("runs: registry", "runs: register", "bad-value"),
        ("seed: 110", "sed: 110", "unknown-field"),
        ("mebibytes: 64", "mebibytes: 70000", "bad-value"),
        ("rooms:", "room:", "bad-value"),
        ("192.168.110.0/24", "192.168.110.0/25", "faulty-range"),
    ],
)
def test_a_faulty_value_is_told_with_its_kind(tmp_path: Path, city: City, old: str, new: str, kind: str) -> None:
    assert kind in {found for found, _ in faults(tmp_path, city, (old, new))}


def test_a_file_that_is_not_there_is_bad_input(tmp_path: Path, city: City) -> None:
    with pytest.raises(BadInput, match=r"rooms\.yaml"):
        read_rooms(tmp_path / "rooms.yaml", city)
