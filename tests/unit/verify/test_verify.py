"""A whole verification without a cloud: one result for each requirement, whatever becomes of its check."""

from __future__ import annotations

import io
import json
from copy import deepcopy
from pathlib import Path

import pytest
from perfect_clouds import perfect
from rich.console import Console
from typer.testing import CliRunner

from citycloud.city.load import load_city
from citycloud.cli import app
from citycloud.cloud import verify_evidence
from citycloud.cloud.requirements import Kind, requirements
from citycloud.cloud.requirements_cloud import clouds
from citycloud.cloud.verify import verify
from citycloud.cloud.verify_instances import Instances
from citycloud.cloud.verify_report import report
from citycloud.cloud.verify_seen import Seen
from citycloud.errors import CitycloudError
from citycloud.progress import Progress
from citycloud.report import Outcome
from citycloud.report.html import render

WUWEI = Path(__file__).parents[3] / "inventories" / "wuwei" / "city"
KINDS = (Kind.CAPACITY_HOST, Kind.QUOTA, Kind.APART)


@pytest.fixture(scope="module")
def laid_out() -> dict[str, Seen]:
    """Both clouds of Wuwei as laid out."""
    city = load_city(WUWEI)
    return {site.id: perfect(city, site) for site in clouds(city)}


@pytest.fixture
def standing(laid_out: dict[str, Seen], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Seen]:
    """Clouds as laid out, in place of those that would be asked; a test changes them to plant a fault."""
    seen = deepcopy(laid_out)
    (tmp_path / "clouds.yaml").write_text("clouds: {east: {auth: {username: admin, password: very-secret}}}")
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "clouds.yaml"))
    monkeypatch.setenv("CITYCLOUD_LAB", str(tmp_path))
    monkeypatch.setattr(verify_evidence, "_observed", seen.__getitem__)
    return seen


def test_a_city_that_stands_as_declared_passes(standing: dict[str, Seen]) -> None:
    done = verify(WUWEI, KINDS)
    assert done.passed(), [result for result in done.results if result.outcome is not Outcome.PASSED]
    wanted = [each.id for each in requirements(load_city(WUWEI)) if each.kind in KINDS]
    assert [result.id for result in done.results] == wanted
    assert all(result.evidence for result in done.results)


def test_a_fault_fails_its_own_requirement_and_tells_what_was_seen(standing: dict[str, Seen]) -> None:
    standing["west"].quotas["water"]["cores"] = 1000  # type: ignore[index]
    done = verify(WUWEI, KINDS)
    failed = [result for result in done.results if result.outcome is Outcome.FAILED]
    assert [(result.id, result.evidence) for result in failed] == [
        ("quota/west/water", "cores is 1000, should be 32\nseen: cores 1000, ram 65536, gigabytes 1024")
    ]
    assert not done.passed()


def test_a_cloud_that_cannot_be_read_fails_every_requirement_of_it_and_no_other(
    standing: dict[str, Seen], monkeypatch: pytest.MonkeyPatch
) -> None:
    def observed(site: str) -> Seen:
        if site == "west":
            raise CitycloudError("west does not answer")
        return standing[site]

    monkeypatch.setattr(verify_evidence, "_observed", observed)
    done = verify(WUWEI, (Kind.CAPACITY_HOST,))
    outcomes = {result.id.split("/")[1]: result.outcome for result in done.results}
    assert outcomes == {"east": Outcome.PASSED, "west": Outcome.FAILED}
    assert any("west does not answer" in str(result.evidence) for result in done.results)


def test_what_cannot_be_proved_here_is_told_and_not_counted_as_passed(
    standing: dict[str, Seen], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*where: object) -> None:
        raise AssertionError("no such machine")

    monkeypatch.setattr(Instances, "host", nobody)
    told = io.StringIO()
    done = verify(WUWEI, (Kind.OPEN,), Progress(console=Console(file=told, width=200)))
    assert done.counts()[Outcome.UNPROVABLE] == 8
    assert not done.passed()
    page = render(report(done))
    assert "capacity without guests" in page and "xinchuang/department-only" in page
    assert "8 unprovable" in told.getvalue()


def test_without_a_lab_nothing_is_checked_and_the_person_told_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "none.yaml"))
    with pytest.raises(CitycloudError, match="is the lab up"):
        verify(WUWEI)


def test_the_command_ends_with_0_or_1_and_writes_the_report_where_it_is_told(
    standing: dict[str, Seen], tmp_path: Path
) -> None:
    page = tmp_path / "reports" / "city.html"
    words = ["verify", str(WUWEI), "--only", "quota", "--report", str(page)]
    good = CliRunner().invoke(app, words)
    assert good.exit_code == 0, good.output
    assert "28 passed" in good.stdout and page.is_file() and page.with_suffix(".json").is_file()
    standing["east"].quotas["water"]["ram"] = 1  # type: ignore[index]
    bad = CliRunner().invoke(app, words)
    assert bad.exit_code == 1
    assert "quota/east/water" in bad.stdout


def test_the_command_prints_json_and_nothing_else_and_part_of_a_verification_is_no_report(
    standing: dict[str, Seen], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITYCLOUD_REPORTS", str(tmp_path / "reports"))
    told = CliRunner().invoke(app, ["verify", str(WUWEI), "--only", "capacity-host", "--json"])
    assert json.loads(told.stdout)["counts"] == {"passed": 10}
    assert not (tmp_path / "reports").exists()


def test_the_report_of_wuwei_is_whole_and_holds_no_secret(standing: dict[str, Seen], tmp_path: Path) -> None:
    page = tmp_path / "city.html"
    CliRunner().invoke(app, ["verify", str(WUWEI), "--only", "quota", "--report", str(page)])
    text = page.read_text(encoding="utf-8")
    assert "very-secret" not in text + page.with_suffix(".json").read_text(encoding="utf-8")
    for words in ("武威市", "中国电信", "18,900", "智慧水利", "east-lxc", "1,000 Mbit/s"):
        assert words in text
