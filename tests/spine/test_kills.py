"""A run that is SIGKILLed anywhere goes on to the same end, and nothing is done twice: counted at the far end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from trial_plans import TRIAL, every_sort

from citycloud.drivers.fake import FarEnd
from citycloud.journal import Journal, broken_links, connect

HERE = Path(__file__).parent
LIMIT = 900
SEED = 20260311


def killed(directory: Path, *arguments: str, limit: int = LIMIT) -> dict[str, Any]:
    argv = [sys.executable, "killing.py", "trial_plans:TRIAL", str(directory), *arguments]
    done = subprocess.run(argv, cwd=HERE, capture_output=True, text=True, timeout=limit, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(json.loads(done.stdout))


def tell(capsys: pytest.CaptureFixture[str], what: str, done: dict[str, Any]) -> None:
    with capsys.disabled():
        print(f"\n{what}: killed at {len(done['killed'])} points")


def everything() -> set[str]:
    """Every effect that the plan has."""
    names = {"a1", "a2.1", "a2.2", "b1.1", "b1.2", "b1.3", "d1", "e1", "f1.1", "f1.2", "d2", "g1", "h1", "i1.1", "i1.2"}
    return names | {f"{name}@h{number}" for name in ("c1", "c2") for number in range(1, 6)}


def sound(directory: Path, state: str) -> None:
    """One run, in ``state``, whose journal is whole."""
    journal = Journal(connect(TRIAL.settings(directory)))
    (row,) = journal.runs()
    assert row.state == state
    assert list(broken_links(journal.entries(row.id))) == []


def test_a_run_killed_at_every_boundary_in_turn_comes_to_its_end_with_each_effect_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = killed(tmp_path, "run")
    tell(capsys, "run", done)
    assert done["effects"] == {f"+{name}": 1 for name in everything()}
    steps = [step.id for step in every_sort(tmp_path).steps]
    assert len(steps) >= 12
    for step in steps:
        assert any(place.startswith(step) for place in done["killed"]), f"{step} was never killed"
    assert len(done["killed"]) >= 7 * 12
    assert done["processes"] > len(done["killed"])
    sound(tmp_path, "done")


def test_an_undo_killed_at_every_boundary_in_turn_leaves_nothing_and_undoes_each_effect_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = killed(tmp_path, "undo")
    tell(capsys, "undo", done)
    assert done["effects"] == {f"{sign}{name}": 1 for name in everything() for sign in "+-"}
    assert FarEnd(tmp_path / "far").here() == frozenset()
    assert len(done["killed"]) >= 5 * 12
    sound(tmp_path, "undone")


@pytest.mark.parametrize("what", ["run", "undo"])
def test_kills_inside_of_effects_at_places_taken_by_lot_do_nothing_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    done = killed(tmp_path, what, "--inside", f"{SEED}:12")
    tell(capsys, f"{what}, inside of effects, seed {SEED}", done)
    assert len(done["killed"]) == 12
    assert set(done["effects"].values()) == {1}
    assert {name[1:] for name in done["effects"]} == everything()
    sound(tmp_path, "done" if what == "run" else "undone")


@pytest.mark.long
@pytest.mark.parametrize("what", ["run", "undo"])
def test_kills_inside_of_every_effect_do_nothing_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    done = killed(tmp_path, what, "--inside", "all", limit=3600)
    tell(capsys, f"{what}, inside of every effect", done)
    assert len(done["killed"]) == 2 * len(everything())
    assert set(done["effects"].values()) == {1}
    assert {name[1:] for name in done["effects"]} == everything()


@pytest.mark.long
@pytest.mark.parametrize("what", ["run", "undo"])
def test_for_each_boundary_a_run_of_its_own_that_is_killed_there_once_comes_to_the_same_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    done = killed(tmp_path, what, "--apart", limit=7200)
    tell(capsys, f"{what}, a run for each boundary", done)
    assert set(done["effects"].values()) == {1}
    assert {name[1:] for name in done["effects"]} == everything()
