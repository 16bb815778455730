"""All stacks on the real clouds: made, unchanged when asked again, cut off and gone on with, gone without a trace."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from counting import Counts, count

from citycloud.city.model import City
from citycloud.cloud import up
from citycloud.cloud.layout import stacks
from citycloud.cloud.stacks import Workspace
from citycloud.progress import Progress

pytestmark = [pytest.mark.lab, pytest.mark.first, pytest.mark.timeout(3600)]
SITE = "west"
"""Taken down and made again; the other site stays as it is."""


@pytest.fixture(scope="module")
def before(workspace: Workspace, city: City) -> Counts:
    """What the site holds before its stacks are made; taken down first where they are there already."""
    up.tear_down(workspace, up.chosen(city, SITE, []), Progress(), release=True)
    return count(SITE)


@pytest.fixture(scope="module")
def standing(before: Counts, workspace: Workspace, city: City) -> Counts:
    """What the site holds with all stacks up."""
    report = up.bring_up(workspace, up.chosen(city, None, []), Progress())
    assert set(report.done) == {stack.name for stack in stacks(city)}
    return count(SITE)


def test_all_stacks_come_up(standing: Counts, before: Counts) -> None:
    assert standing.total() > before.total() + 200


def test_nothing_has_drifted_from_what_was_declared(standing: Counts, workspace: Workspace, city: City) -> None:
    report = up.compare(workspace, up.chosen(city, SITE, []), Progress(), refresh=True)
    assert {name: dict(outcome.changes) for name, outcome in report.done.items() if outcome.changes} == {}


def test_what_holds_data_goes_only_when_it_is_asked_for_by_name(standing: Counts, workspace: Workspace) -> None:
    done = _citycloud(workspace, "destroy", "--site", SITE)
    assert done.returncode == 2
    assert "hydro-files" in done.stderr and "--release wuwei" in done.stderr
    assert count(SITE) == standing


def test_after_destroy_the_counts_are_those_of_before(
    standing: Counts, before: Counts, workspace: Workspace, city: City
) -> None:
    done = _citycloud(workspace, "destroy", "--site", SITE, "--release", city.id)
    assert done.returncode == 0, done.stderr
    after = count(SITE)
    assert {what: (before[what], after[what]) for what in {*before, *after} if before[what] != after[what]} == {}


def test_a_killed_up_is_gone_on_with_and_makes_nothing_twice(
    standing: Counts, workspace: Workspace, city: City
) -> None:
    _kill_in_the_middle(workspace)
    report = up.bring_up(workspace, up.chosen(city, SITE, []), Progress())
    assert set(report.done) == {stack.name for stack in up.chosen(city, SITE, [])}
    after = count(SITE)
    assert {what: (standing[what], after[what]) for what in {*standing, *after} if standing[what] != after[what]} == {}


def _kill_in_the_middle(workspace: Workspace) -> None:
    """Begin to make the site's shared layer, and kill Pulumi and all that it started, once some of it is there."""
    workspace.ensure(SITE)
    argv = ["pulumi", "up", "--stack", SITE, "--yes", "--skip-preview", "--non-interactive"]
    quiet = subprocess.DEVNULL
    pulumi = subprocess.Popen(
        argv, cwd=workspace.root, env=workspace.env(), stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
    )
    end = time.monotonic() + 120
    while len(workspace.resources(SITE)) < 60:
        assert pulumi.poll() is None and time.monotonic() < end, "it ended before it could be killed"
        time.sleep(0.1)
    os.killpg(pulumi.pid, signal.SIGKILL)
    pulumi.wait(10)
    assert workspace.locks(SITE) and workspace.pending(SITE)


def _citycloud(workspace: Workspace, *arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [str(Path(sys.executable).with_name("citycloud")), *arguments]
    return subprocess.run(argv, cwd=workspace.root, capture_output=True, text=True, timeout=900)
