"""Every kind of fault is found in a copy of Wuwei, with its file and line, and says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from planted_faults import MORE, THE_ISSUES_TEN
from planting import Planted, copy_of_wuwei

from citycloud.city.load import load_city, read
from citycloud.errors import BadInput


def kinds(planted: Planted) -> str:
    return f"{planted.kind}: {planted.new.strip()[:40]}"


@pytest.mark.parametrize("planted", THE_ISSUES_TEN + MORE, ids=kinds)
def test_a_planted_fault_is_found_at_its_line_with_a_suggestion(planted: Planted, tmp_path: Path) -> None:
    city = copy_of_wuwei(tmp_path)  # which has no finding: test_city_wuwei.py
    place = planted.into(city)
    found = [finding for finding in read(city)[1] if finding.kind == planted.kind and str(finding.place) == place]
    assert found, f"nothing of kind {planted.kind} at {place}, but:\n" + "\n".join(map(str, read(city)[1]))
    assert any(planted.says in f"{finding.message} {finding.suggestion}" for finding in found), found
    assert all(finding.suggestion for finding in found)


def test_all_ten_kinds_of_faults_in_one_declaration_are_told_at_once(tmp_path: Path) -> None:
    city = copy_of_wuwei(tmp_path)
    for planted in THE_ISSUES_TEN:
        planted.into(city)
    with pytest.raises(BadInput) as told:
        load_city(city)
    assert {planted.kind for planted in THE_ISSUES_TEN} <= {finding.kind for finding in told.value.findings}
    assert told.value.exit_code == 2
    for finding in told.value.findings:
        assert finding.place.file and str(finding) in str(told.value)


def test_a_fault_in_one_item_hides_none_in_the_others(tmp_path: Path) -> None:
    city = copy_of_wuwei(tmp_path)
    first = THE_ISSUES_TEN[0].into(city)  # an unknown field
    second = Planted("bad-value", "departments.yaml", "number: 13", "number: -1", "").into(city)
    places = {str(finding.place) for finding in read(city)[1]}
    assert {first, second} <= places


def test_what_refers_to_an_item_that_could_not_be_read_is_no_fault_of_its_own(tmp_path: Path) -> None:
    city = copy_of_wuwei(tmp_path)
    place = Planted("bad-value", "departments.yaml", "number: 13", "number: 99", "").into(city)
    assert [str(finding.place) for finding in read(city)[1]] == [place]


@pytest.mark.parametrize("name", ["city.yaml", "sites.yaml", "machines.csv", "units.csv", "flows.yaml"])
def test_a_missing_file_is_told_by_the_sections_nothing_declares(name: str, tmp_path: Path) -> None:
    city = copy_of_wuwei(tmp_path)
    (city / name).unlink()
    found, findings = read(city)
    assert found is None
    assert "missing-section" in {finding.kind for finding in findings}


def test_a_directory_that_is_not_there_is_told_in_a_persons_words(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="the declaration is not there"):
        load_city(tmp_path / "nowhere")


def test_an_empty_directory_declares_nothing(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="declares nothing"):
        load_city(tmp_path)
