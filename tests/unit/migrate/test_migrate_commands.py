"""``observe migrate``, ``plan migrate --all`` and ``notice`` as a person at a terminal, or a script, meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from migrate_cases import MIGRATIONS, WUWEI, captured
from typer.testing import CliRunner

from citycloud.errors import BadInput
from citycloud.migrate import cli
from citycloud.migrate.seen import to_json

HERE = ["--city", str(WUWEI), "--migrations", str(MIGRATIONS)]


@pytest.fixture
def app() -> typer.Typer:
    found, observe, plan = typer.Typer(), typer.Typer(), typer.Typer()
    cli.register(observe, plan)
    for group, name in ((observe, "observe"), (plan, "plan")):
        group.command("other")(lambda: None)  # a group of one command would need no name for it
        found.add_typer(group, name=name)
    cli.register_notice(found)
    return found


def test_waves_are_planned_kept_shown_and_reported_and_a_notice_gets_its_dates(
    app: typer.Typer, tmp_path: Path
) -> None:
    kept, page = tmp_path / "kept.json", tmp_path / "waves.html"
    done = CliRunner().invoke(app, ["plan", "migrate", "--all", *HERE, "-o", str(kept), "--report", str(page)])
    assert done.exit_code == 0, done.output
    told = json.loads(kept.read_text())
    assert told["digest"] in done.stdout and len(told["placements"]) == 48
    report = json.loads(page.with_suffix(".json").read_text())
    assert report["passed"] and report["counts"] == {"passed": 11}
    assert page.read_text().count("<svg") >= 2 and "http://" not in page.read_text().replace("http://www.w3.org", "")
    notice = CliRunner().invoke(app, ["notice", "water", *HERE, "--waves", str(kept)])
    assert notice.exit_code == 0 and "切换窗口（第" in notice.stdout
    kept.write_text(kept.read_text().replace('"hydro"', '"hydra"', 1))
    altered = CliRunner().invoke(app, ["notice", "water", *HERE, "--waves", str(kept)])
    assert isinstance(altered.exception, BadInput)


def test_a_plan_and_its_reports_own_json_are_never_written_to_one_file(app: typer.Typer, tmp_path: Path) -> None:
    words = ["-o", str(tmp_path / "waves.json"), "--report", str(tmp_path / "waves.html")]
    done = CliRunner().invoke(app, ["plan", "migrate", "--all", *HERE, *words])
    assert isinstance(done.exception, BadInput) and not list(tmp_path.iterdir())


def test_an_observation_counts_in_the_waves_and_a_lifted_machine_is_refused_another_architecture(
    app: typer.Typer, tmp_path: Path
) -> None:
    host = captured().hosts[0].model_copy(update={"id": "land-registry", "system": "land-registry"})
    seen = captured().model_copy(update={"department": "resources", "hosts": (host,)})
    file = tmp_path / "seen.json"
    file.write_text(to_json(seen))
    altered = tmp_path / "city"
    altered.mkdir()
    for one in WUWEI.iterdir():
        (altered / one.name).write_text(one.read_text())
    systems = (altered / "systems.yaml").read_text()
    before, _, after = systems.partition("- id: land-registry")
    own, _, rest = after.partition("- id:")
    own = own.replace("zone: general", "zone: xinchuang")
    (altered / "systems.yaml").write_text(f"{before}- id: land-registry{own}- id:{rest}")
    given = ["--city", str(altered), "--migrations", str(MIGRATIONS), "--seen", str(file)]
    done = CliRunner().invoke(app, ["plan", "migrate", "--all", *given])
    assert isinstance(done.exception, BadInput)
    assert "land-registry runs on x86_64 only" in str(done.exception)


def test_what_was_seen_before_is_assessed_without_looking(app: typer.Typer, tmp_path: Path) -> None:
    file = tmp_path / "seen.json"
    file.write_text(to_json(captured()))
    done = CliRunner().invoke(app, ["observe", "migrate", "water", *HERE, "--read", str(file)])
    assert done.exit_code == 0, done.output
    assert "[keyless-tables]" in done.stdout and "stand against the move" in done.stdout
    chinese = CliRunner().invoke(app, ["observe", "migrate", "water", *HERE, "--read", str(file), "--zh"])
    assert "待选择" in chinese.stdout and "没有主键" in chinese.stdout
    as_json = CliRunner().invoke(app, ["observe", "migrate", "water", *HERE, "--read", str(file), "--json"])
    assert json.loads(as_json.stdout)["open"] > 0


@pytest.mark.parametrize(
    "words",
    [
        ["plan", "migrate"],
        ["plan", "migrate", "water", "--all"],
        ["observe", "migrate", "health"],
        ["notice", "health"],
    ],
)
def test_what_is_asked_for_wrongly_is_refused(app: typer.Typer, words: list[str]) -> None:
    done = CliRunner().invoke(app, [*words, *HERE])
    assert isinstance(done.exception, BadInput)


def test_without_a_lab_and_without_a_configuration_it_is_said_what_is_missing(
    app: typer.Typer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITYCLOUD_LAB", str(tmp_path))
    done = CliRunner().invoke(app, ["observe", "migrate", "water", *HERE])
    assert isinstance(done.exception, BadInput) and "--ssh-config" in str(done.exception)


PURE = ("seen", "assess", "waves", "notice", "choices")
FORBIDDEN = ("subprocess", "citycloud.drivers", "citycloud.proc", "paramiko", "openstack", "pulumi", "socket", "time")


@pytest.mark.parametrize("package", PURE)
def test_planning_imports_no_driver_no_subprocess_and_no_clock(package: str) -> None:
    home = Path(cli.__file__).parent / package
    files = list(home.rglob("*.py"))
    assert files
    for file in files:
        text = file.read_text()
        for line in text.splitlines():
            words = line.split()
            if words[:1] in (["import"], ["from"]):
                assert not any(words[1] == name or words[1].startswith(f"{name}.") for name in FORBIDDEN), (file, line)
        assert "datetime.now" not in text and "date.today" not in text, file
