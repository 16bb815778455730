"""``citycloud check``, ``show`` and ``new`` as a person at a terminal, or a script, meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from planted_faults import THE_ISSUES_TEN
from planting import WUWEI, copy_of_wuwei
from typer.testing import CliRunner

from citycloud.city.cli import check, register
from citycloud.city.load import load_city
from citycloud.errors import BadInput


@pytest.fixture
def app() -> typer.Typer:
    found = typer.Typer()
    register(found)
    found.command("check")(check)
    return found


def test_check_says_ok_in_a_line(app: typer.Typer) -> None:
    done = CliRunner().invoke(app, ["check", str(WUWEI)])
    assert done.exit_code == 0
    assert len(done.stdout.splitlines()) == 1
    assert "OK" in done.stdout and "48 systems" in done.stdout and "351 units" in done.stdout


def test_check_tells_all_faults_with_file_and_line_and_exits_2(app: typer.Typer, tmp_path: Path) -> None:
    city = copy_of_wuwei(tmp_path)
    places = [planted.into(city) for planted in THE_ISSUES_TEN]
    done = CliRunner().invoke(app, ["check", str(city)])
    assert done.exit_code == 2
    for planted in THE_ISSUES_TEN:
        assert f"[{planted.kind}]" in done.stdout
    assert len(places) == 10
    assert "Nothing was touched" in done.stdout


def test_check_as_json_is_one_document_of_findings(app: typer.Typer, tmp_path: Path) -> None:
    city = copy_of_wuwei(tmp_path)
    place = THE_ISSUES_TEN[1].into(city)
    done = CliRunner().invoke(app, ["check", "--json", str(city)])
    assert done.exit_code == 2
    told = json.loads(done.stdout)
    assert not told["ok"]
    assert [f"{one['place']['file']}:{one['place']['line']}" for one in told["findings"]] == [place]
    assert told["findings"][0]["kind"] == "unknown-reference"


def test_check_without_a_city_takes_the_one_named_by_the_environment(
    app: typer.Typer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITYCLOUD_CITY", str(tmp_path / "nowhere"))
    done = CliRunner().invoke(app, ["check"])
    assert done.exit_code == 2
    assert f"{tmp_path}/nowhere" in done.stdout


def test_show_names_every_site_department_system_and_region(app: typer.Typer) -> None:
    done = CliRunner().invoke(app, ["show", str(WUWEI)])
    assert done.exit_code == 0
    city = load_city(WUWEI)
    for section in (city.sites, city.segments, city.departments, city.systems, city.regions):
        for one in section:
            assert one.name in done.stdout
    assert "18,900 vCPU" in done.stdout


def test_show_machines_gives_each_halfs_addresses(app: typer.Typer) -> None:
    done = CliRunner().invoke(app, ["show", "--machines", str(WUWEI)])
    assert done.exit_code == 0
    assert "hydro-web.west.wuwei.example" in done.stdout
    assert "10.212.4.10" in done.stdout
    assert "2001:db8:1100:100:c1:aff:fed3:40a" in done.stdout


def test_show_takes_no_declared_word_for_markup(app: typer.Typer, tmp_path: Path) -> None:
    city = copy_of_wuwei(tmp_path)
    for file, old in (("systems.yaml", "智慧消防"), ("sites.yaml", "东城云数据中心"), ("departments.yaml", "市水务局")):
        text = (city / file).read_text()
        (city / file).write_text(text.replace(f"name: {old}", 'name: "[red]:100:[/nothing]"', 1))
    done = CliRunner().invoke(app, ["show", str(city)])
    assert done.exit_code == 0
    assert done.stdout.count("[red]:100:[/nothing]") == 3


def test_show_as_json_is_the_whole_city(app: typer.Typer) -> None:
    done = CliRunner().invoke(app, ["show", "--json", str(WUWEI)])
    assert done.exit_code == 0
    assert json.loads(done.stdout) == load_city(WUWEI).model_dump(mode="json")


def test_show_of_a_faulty_city_refuses_with_its_faults(app: typer.Typer, tmp_path: Path) -> None:
    city = copy_of_wuwei(tmp_path)
    THE_ISSUES_TEN[2].into(city)
    done = CliRunner().invoke(app, ["show", str(city)])
    assert isinstance(done.exception, BadInput)


def test_new_writes_a_declaration_that_checks_and_bears_the_directorys_name(app: typer.Typer, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["new", str(tmp_path / "newtown")])
    assert done.exit_code == 0
    checked = CliRunner().invoke(app, ["check", str(tmp_path / "newtown")])
    assert checked.exit_code == 0, checked.stdout
    assert load_city(tmp_path / "newtown").id == "newtown"
    assert all("#" in file.read_text() for file in (tmp_path / "newtown").glob("[cdfms]*"))


def test_new_overwrites_nothing(app: typer.Typer, tmp_path: Path) -> None:
    city = copy_of_wuwei(tmp_path)
    before = {file.name: file.read_bytes() for file in city.iterdir()}
    done = CliRunner().invoke(app, ["new", str(city)])
    assert isinstance(done.exception, BadInput)
    assert {file.name: file.read_bytes() for file in city.iterdir()} == before


def test_new_refuses_a_name_that_is_no_id(app: typer.Typer, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["new", str(tmp_path / "New Town")])
    assert isinstance(done.exception, BadInput)
    assert list(tmp_path.iterdir()) == []
