"""Stacks in order and side by side; what is said when one fails. Without Pulumi."""

from __future__ import annotations

import io
import json
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from layout_cities import cities
from rich.console import Console

from citycloud import paths
from citycloud.city.load import load_city
from citycloud.city.model import City
from citycloud.cloud import up
from citycloud.cloud.layout import Stack, stacks
from citycloud.cloud.stacks import Workspace, project_root
from citycloud.cloud.stacks_recover import Held, unlock
from citycloud.cloud.up_events import Outcome
from citycloud.errors import BadInput, StepFailed
from citycloud.progress import Progress

ROOT = Path(__file__).parents[3]
STACKS = (Stack("east"), Stack("west"), Stack("east", "water"), Stack("east", "police"), Stack("west", "water"))
NEEDS = {stack.name: stack.needs for stack in STACKS}


def _quiet() -> Progress:
    return Progress(console=Console(file=io.StringIO()))


def _run(work: Callable[[Stack], Outcome], jobs: int = 3) -> up.Report:
    return up._all(STACKS, NEEDS, work, "up", _quiet(), jobs)


def test_a_departments_stack_begins_when_its_sites_is_done_and_not_before() -> None:
    order: list[str] = []

    def work(stack: Stack) -> Outcome:
        time.sleep(0.02)
        order.append(stack.name)
        return Outcome(code=0)

    report = _run(work)
    assert set(report.done) == set(NEEDS)
    for stack in STACKS:
        assert stack.needs is None or order.index(stack.needs) < order.index(stack.name)


def test_no_more_stacks_are_worked_on_at_once_than_was_said() -> None:
    now, most, lock = 0, 0, threading.Lock()

    def work(stack: Stack) -> Outcome:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.03)
        with lock:
            now -= 1
        return Outcome(code=0)

    _run(work, jobs=2)
    assert most == 2


def test_a_sites_failure_leaves_its_departments_alone_and_the_other_site_goes_on() -> None:
    begun: list[str] = []

    def work(stack: Stack) -> Outcome:
        begun.append(stack.name)
        return Outcome(code=1, faults=["no such image"]) if stack.name == "east" else Outcome(code=0)

    with pytest.raises(StepFailed) as failed:
        _run(work)
    assert sorted(begun) == ["east", "west", "west-water"]
    assert failed.value.step == "stack east"
    assert "no such image" in failed.value.seen
    assert "2 not begun" in failed.value.state
    assert "citycloud up --stack east" in failed.value.command


def test_the_stacks_chosen_are_all_those_of_a_site_or_those_named() -> None:
    city = load_city(ROOT / "inventories" / "wuwei" / "city")
    assert {stack.name for stack in up.chosen(city, None, [])} == {stack.name for stack in stacks(city)}
    assert {stack.site for stack in up.chosen(city, "east", [])} == {"east"}
    assert [stack.name for stack in up.chosen(city, None, ["east-water"])] == ["east-water"]
    assert up.chosen(city, None, [])[0].department == "water"  # real instances take longest
    with pytest.raises(BadInput, match="east-nobody"):
        up.chosen(city, None, ["east-nobody"])


@settings(max_examples=20, deadline=None)
@given(cities())
def test_every_stack_of_any_city_is_reached(city: City) -> None:
    wanted = up.chosen(city, None, [])
    report = up._all(
        wanted, {stack.name: stack.needs for stack in wanted}, lambda _: Outcome(code=0), "up", _quiet(), 3
    )
    assert set(report.done) == {stack.name for stack in wanted}


def test_an_outcome_counts_what_changed_and_keeps_what_went_wrong() -> None:
    outcome = Outcome()
    for operation in ("same", "create", "create", "read"):
        outcome.take({"resOutputsEvent": {"metadata": {"op": operation}}})
    urn = "urn:pulumi:east::citycloud::openstack:networking/network:Network::water-inner"
    outcome.take({"diagnosticEvent": {"severity": "error", "message": "409:\n  taken\n", "urn": urn}})
    outcome.take({"diagnosticEvent": {"severity": "debug", "message": "nothing"}})
    assert (outcome.changes["create"], outcome.same) == (2, 1)
    assert outcome.faults == ["water-inner: 409: taken"]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("CITYCLOUD_HOME", str(tmp_path / "home"))
    (tmp_path / "Pulumi.yaml").write_text("name: tried\n")
    return Workspace(tmp_path)


def _lock(workspace: Workspace, pid: int, host: str) -> Path:
    file = workspace.checkpoint("x").parents[2] / "locks/organization/tried/east/one.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"pid": pid, "hostname": host, "username": "somebody"}))
    return file


def test_a_lock_of_another_machine_is_respected(workspace: Workspace) -> None:
    _lock(workspace, os.getpid(), "elsewhere")
    with pytest.raises(Held, match="somebody on elsewhere"):
        unlock(workspace, "east", patience=0)


def test_a_lock_of_a_process_that_is_gone_is_taken_away(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    file = _lock(workspace, 2**22 + 1, socket.gethostname())
    asked: list[tuple[str, ...]] = []

    def pulumi(self: Workspace, *arguments: str) -> None:
        asked.append(arguments)
        file.unlink()

    monkeypatch.setattr(Workspace, "pulumi", pulumi)
    assert unlock(workspace, "east", patience=0)
    assert asked == [("cancel", "--yes", "--stack", "east")]
    assert not unlock(workspace, "east", patience=0)


def test_a_checkout_is_found_from_within_and_its_absence_is_said(tmp_path: Path) -> None:
    assert project_root(ROOT / "infra" / "images") == ROOT
    with pytest.raises(BadInput, match=r"Pulumi\.yaml"):
        project_root(tmp_path)


def test_the_environment_for_pulumi_leaves_the_callers_openstack_credentials_outside(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OS_CLOUD", "production")
    env = workspace.env()
    assert "OS_CLOUD" not in env
    assert env["PULUMI_BACKEND_URL"].startswith("file:///")


def _history(workspace: Workspace, *runs: tuple[str, str, int]) -> None:
    kept = paths.state() / ".pulumi/history/tried/east"
    kept.mkdir(parents=True)
    for number, (kind, result, start) in enumerate(runs):
        told = {"kind": kind, "result": result, "startTime": start}
        (kept / f"east-{number}.history.json").write_text(json.dumps(told))


@pytest.mark.parametrize(
    ("runs", "since"),
    [
        ((), None),
        ((("update", "failed", 10),), 10),
        ((("update", "succeeded", 10), ("update", "failed", 20), ("refresh", "succeeded", 25)), 20),
        ((("update", "failed", 10), ("update", "failed", 20)), 10),
        ((("update", "failed", 10), ("update", "succeeded", 20), ("refresh", "failed", 30)), None),
    ],
)
def test_runs_are_failing_since_the_first_that_failed_after_the_last_good_one(
    workspace: Workspace, runs: tuple[tuple[str, str, int], ...], since: int | None
) -> None:
    _history(workspace, *runs)
    told = workspace.failing_since("east")
    assert (told and told.timestamp()) == since


def test_what_had_been_made_is_written_into_the_state_and_then_read_from_the_cloud(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = {"resources": [{"urn": "parent"}], "pending_operations": [{"resource": {"urn": "a"}, "type": "creating"}]}
    asked: list[tuple[str, ...]] = []
    written: list[dict[str, Any]] = []

    def pulumi(self: Workspace, *arguments: str, stdin: str = "{}", timeout: float = 0) -> SimpleNamespace:
        asked.append(arguments)
        if arguments[:2] == ("stack", "import"):
            written.append(json.loads(stdin)["deployment"])
        return SimpleNamespace(stdout=json.dumps({"deployment": state}))

    monkeypatch.setattr(Workspace, "pulumi", pulumi)
    found = [({"urn": "a", "parent": "parent"}, "1"), ({"urn": "b", "parent": "nobody"}, "2")]
    assert workspace.take_in("east", found) == 1
    made = {"urn": "a", "parent": "parent", "id": "1", "outputs": {"id": "1"}}
    assert written == [{"resources": [{"urn": "parent"}, made]}]
    assert asked[-1][-2:] == ("--target", "a")
