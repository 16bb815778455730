"""What a person can rely on of a run: counted at the far end, told in the end's own words."""

from __future__ import annotations

import itertools
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from trial_plans import HOSTS, TRIAL, plan, step

from citycloud.drivers.fake import Failing, FarEnd, Put, PutOnHosts, PutTogether, Wipe, nothing
from citycloud.errors import BadInput, CitycloudError, StepFailed, Stopped
from citycloud.journal import Broken, Journal, What, broken_links
from citycloud.journal.entry import Draft
from citycloud.plan import Approval, Fleet, Plan, Window, describe
from citycloud.report.run_facts import spans
from citycloud.run.runner import Busy, Runner
from citycloud.run.state import Status, read

Hook = Callable[[str], None]


class Try:
    """A runner in a directory, and the far end that it acts on."""

    def __init__(self, directory: Path, at: Hook = nothing, inside: Hook = nothing) -> None:
        self.directory = directory
        self.settings, self.setting = TRIAL.setting(directory, at, inside)
        self.far = FarEnd(directory / "far")

    @property
    def journal(self) -> Journal:
        return self.setting.journal

    def run(self, what: Plan, instead_of: str = "") -> str:
        return Runner(self.settings, self.setting).run(what, instead_of)

    def undo(self, run: str, to: str = "") -> str:
        return Runner(self.settings, self.setting).undo(run, to)

    def told(self, run: str, what: What) -> list[str]:
        return [
            entry.step + (f"@{entry.host}" if entry.host else "")
            for entry in self.journal.entries(run)
            if entry.what == what
        ]

    def latest(self) -> str:
        return self.journal.runs()[0].id


@pytest.fixture
def here(tmp_path: Path) -> Try:
    return Try(tmp_path)


def test_a_run_does_every_step_once_in_the_plans_order_and_its_journal_is_whole(here: Try) -> None:
    run = here.run(plan(step("a", Put(name="1")), step("b", Put(name="2", parts=2)), step("c", Put(name="3"))))
    assert here.far.lines() == ["+1", "+2.1", "+2.2", "+3"]
    assert here.told(run, What.DONE) == ["a", "b", "c"]
    assert list(broken_links(here.journal.entries(run))) == []
    assert here.journal.run(run).state == "done"  # type: ignore[union-attr]


def test_what_is_so_already_is_not_done_again_and_an_undo_leaves_it(here: Try) -> None:
    here.far.put("1")
    run = here.run(plan(step("a", Put(name="1")), step("b", Put(name="2"))))
    assert here.far.lines() == ["+1", "+2"]
    here.undo(run)
    assert here.far.here() == {"1"}


def test_a_finished_plan_that_is_run_again_finds_everything_so(here: Try) -> None:
    what = plan(step("a", Put(name="1")))
    first, second = here.run(what), here.run(what)
    assert first != second
    assert here.far.lines() == ["+1"]


def test_a_step_that_fails_says_step_sight_state_and_one_command_and_the_same_run_goes_on(here: Try) -> None:
    what = plan(step("a", Put(name="1")), step("b", Failing(name="2", until="mended")), step("c", Put(name="3")))
    with pytest.raises(StepFailed) as told:
        here.run(what)
    assert told.value.step == "b" and "mended is not there" in told.value.seen
    assert "no later step was begun" in told.value.state and told.value.command.startswith("citycloud run trial-water-")
    assert here.far.here() == {"1"}
    run = here.latest()
    here.far.put("mended")
    assert here.run(what) == run
    assert here.far.lines() == ["+1", "+mended", "+2", "+3"]


def test_a_step_is_tried_as_often_as_the_plan_says_and_no_further_once_it_is_so(here: Try) -> None:
    def at(name: str) -> None:
        if name == "b: acted":  # mended between the first try and the second, however slow the machine is
            here.far.put("mended")

    here.setting.at = at
    soon = timedelta(seconds=0.05)
    never = plan(step("a", Failing(name="1", until="never"), tries=3, wait=soon), subject="never")
    with pytest.raises(StepFailed, match="never is not there"):
        here.run(never)
    assert [told[:18] for told in texts(here)] == ["not yet; try 2 of ", "not yet; try 3 of "]
    here.run(plan(step("b", Failing(name="2", until="mended"), tries=3, wait=soon)))
    assert texts(here) == ["not yet; try 2 of 3 in 0.05 s"]


def texts(here: Try) -> list[str]:
    """What the latest run's actions told."""
    told = [entry.told["lines"] for entry in here.journal.entries(here.latest()) if entry.what == What.TOLD]
    return [line["text"] for lines in told for line in lines if "text" in line]


def test_a_step_that_outlives_its_limit_stops_the_run_in_time_and_says_so(here: Try) -> None:
    hanging = Failing(name="1", until="never", hang=30)
    what = plan(step("a", hanging, time_limit=timedelta(seconds=1)), step("b", Put(name="2")))
    began = time.monotonic()
    with pytest.raises(StepFailed, match="outlived its time limit of 1 s"):
        here.run(what)
    assert time.monotonic() - began < 15
    assert here.far.lines() == []


def test_an_action_that_looks_at_its_limit_stops_by_itself(here: Try) -> None:
    what = plan(step("a", Put(name="1", parts=50, seconds=0.2), time_limit=timedelta(seconds=3)))
    with pytest.raises(StepFailed, match="time limit"):
        here.run(what)
    done = len(here.far.lines())
    assert 1 <= done < 50
    time.sleep(0.5)
    assert len(here.far.lines()) == done


def test_a_step_that_cannot_end_within_its_window_does_not_begin(tmp_path: Path) -> None:
    here = Try(tmp_path)
    now = datetime(2026, 5, 1, 22, 0, tzinfo=UTC)
    window = Window(opens=now, closes=now + timedelta(hours=1))
    what = plan(step("a", Put(name="1"), gates=(window,), time_limit=timedelta(minutes=10)))
    for clock, opened in ((now - timedelta(minutes=1), False), (now + timedelta(minutes=51), False), (now, True)):
        here.setting.clock = lambda clock=clock: clock  # type: ignore[misc]
        if opened:
            here.run(what)
        else:
            with pytest.raises(Stopped, match="window") as told:
                here.run(what)
            assert told.value.exit_code == 3
            assert here.far.lines() == []
    assert here.far.lines() == ["+1"]


def test_a_gated_step_waits_for_its_approvals_and_a_run_that_is_approved_goes_on(here: Try) -> None:
    what = plan(
        step("a", Put(name="1")), step("b", Put(name="2"), gates=(Approval(people=("chief", "deputy"), count=2),))
    )
    with pytest.raises(Stopped, match="2 approval"):
        here.run(what)
    TRIAL.open_gate(here.directory)
    here.run(what)
    assert here.far.lines() == ["+1", "+2"]


def test_a_pause_lets_no_further_step_begin_until_it_is_taken_back(tmp_path: Path) -> None:
    here = Try(tmp_path)

    def at(name: str) -> None:
        if name == "a: recorded":
            here.journal.append(here.latest(), [Draft(What.PAUSED)])

    here.setting.at = at
    what = plan(step("a", Put(name="1")), step("b", Put(name="2")))
    with pytest.raises(Stopped, match="paused"):
        here.run(what)
    assert here.far.lines() == ["+1"]
    here.journal.append(here.latest(), [Draft(What.RESUMED)])
    here.run(what)
    assert here.far.lines() == ["+1", "+2"]


def fleet_plan(stop_over: float, *, undo_failed: bool = False) -> Plan:
    fleet = Fleet(batch=1, at_once=2, stop_over=stop_over, undo_failed=undo_failed)
    first = step("ring/address", PutOnHosts(name="address", failing=("h2",)), hosts=HOSTS, fleet=fleet)
    acl = step("ring/acl", PutTogether(name="acl"), hosts=HOSTS, fleet=Fleet(batch=5), needs=("ring/address",))
    return plan(first, acl, subject="ring-1")


def test_one_failed_host_of_many_is_contained_and_run_again_does_it_alone(here: Try) -> None:
    what = fleet_plan(0.2)
    with pytest.raises(StepFailed, match="h2 does not answer"):
        here.run(what)
    assert here.far.here() == {f"{name}@{host}" for name in ("address", "acl") for host in HOSTS if host != "h2"}
    before = len(here.far.lines())
    here.far.put("mended@h2")
    here.run(what)
    assert here.far.lines()[before + 1 :] == ["+address@h2", "+acl@h2"]


def test_more_failed_hosts_than_declared_stop_the_run(here: Try) -> None:
    with pytest.raises(StepFailed) as told:
        here.run(fleet_plan(0.0))
    assert told.value.step == "ring/address"
    assert not any(name.startswith("acl") for name in here.far.here())


def test_a_host_that_fails_is_put_back_where_the_plan_says_so(here: Try) -> None:
    with pytest.raises(StepFailed):
        here.run(fleet_plan(0.2, undo_failed=True))
    assert here.told(here.latest(), What.UNDONE) == ["ring/address@h2"]


def test_undo_goes_back_in_reverse_order_and_stops_after_the_step_that_is_named(here: Try) -> None:
    what = plan(*(step(name, Put(name=name)) for name in "abcd"))
    run = here.run(what)
    here.undo(run, to="b")
    assert here.far.lines()[4:] == ["-d", "-c"]
    assert here.journal.run(run).state == "open"  # type: ignore[union-attr]
    here.run(what)
    assert here.far.here() == set("abcd")
    here.undo(run)
    assert here.far.here() == set()
    assert here.journal.run(run).state == "undone"  # type: ignore[union-attr]


def test_an_undo_after_a_step_cut_off_in_its_middle_takes_back_its_half(here: Try) -> None:
    half = Put(name="2", parts=60, seconds=0.1)  # never whole within the limit, and begun even on a busy machine
    what = plan(step("a", Put(name="1")), step("b", half, time_limit=timedelta(seconds=3)))
    with pytest.raises(StepFailed):
        here.run(what)
    assert len(here.far.here()) > 1
    here.undo(here.latest())
    assert here.far.here() == set()


def test_what_cannot_be_undone_is_said_before_anything_is_touched(here: Try) -> None:
    gate = Approval(people=("chief",))
    what = plan(step("a", Put(name="1")), step("w", Wipe(name="disk"), gates=(gate,)), step("z", Put(name="2")))
    with pytest.raises(Stopped):
        here.run(what)
    TRIAL.open_gate(here.directory)
    run = here.run(what)
    before = here.far.lines()
    with pytest.raises(BadInput, match="cannot be undone"):
        here.undo(run)
    assert here.far.lines() == before
    here.undo(run, to="w")
    assert here.far.here() == {"1", "wiped-disk"}


def test_a_faulty_plan_is_refused_before_a_run_is_opened(here: Try) -> None:
    with pytest.raises(BadInput):
        here.run(plan(step("w", Wipe(name="disk"))))
    assert here.journal.runs() == [] and here.far.lines() == []


def test_another_plan_for_the_same_subject_is_shown_against_the_open_one_and_can_take_its_place(here: Try) -> None:
    old = plan(step("a", Put(name="1")), step("b", Failing(name="2", until="never")))
    new = plan(step("a", Put(name="1")), step("c", Put(name="3")))
    with pytest.raises(StepFailed):
        here.run(old)
    first = here.latest()
    with pytest.raises(Stopped) as told:
        here.run(new)
    assert "- b" in str(told.value) and "+ c" in str(told.value) and f"--instead-of {first}" in str(told.value)
    second = here.run(new, instead_of=first)
    assert here.journal.run(first).state == "superseded"  # type: ignore[union-attr]
    here.undo(second)
    assert here.far.here() == set(), "what the older run had done is undone with it"


def runner_elsewhere(directory: Path) -> subprocess.Popen[bytes]:
    """A process that runs :func:`twenty` and stays in the middle of its step, for as long as it is let live."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\nfrom pathlib import Path\n"
        "from test_runs import Try, stay, twenty\nTry(Path(sys.argv[2]), inside=stay).run(twenty())"
    )
    argv = [sys.executable, "-c", code, str(Path(__file__).parent), str(directory)]
    return subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def stay(name: str) -> None:
    if name == "after +part.3":
        time.sleep(600)


def until(what: Callable[[], bool]) -> None:
    limit = time.monotonic() + 120
    while not what():
        assert time.monotonic() < limit, "waited too long"
        time.sleep(0.05)


def test_a_second_runner_on_one_run_is_refused_and_a_killed_one_leaves_no_lock(tmp_path: Path) -> None:
    with runner_elsewhere(tmp_path) as first:
        here = Try(tmp_path)
        try:
            until(lambda: len(here.far.lines()) == 3)
            with pytest.raises(Busy, match="another runner is at it"):
                here.run(twenty())
        finally:
            first.kill()
    here.run(twenty())
    assert here.far.lines() == [f"+part.{number}" for number in range(1, 21)]


def twenty() -> Plan:
    return plan(step("a", Put(name="part", parts=20), time_limit=timedelta(minutes=10)))


@pytest.mark.parametrize("statement", ["UPDATE citycloud_journal SET what = 'x'", "DELETE FROM citycloud_journal"])
def test_the_journal_refuses_to_be_changed(here: Try, statement: str) -> None:
    here.run(plan(step("a", Put(name="1"))))
    database = sqlite3.connect(here.settings.file or "")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        database.execute(statement)


def test_a_change_behind_the_triggers_back_is_found(here: Try) -> None:
    run = here.run(plan(step("a", Put(name="1")), step("b", Put(name="2"))))
    database = sqlite3.connect(here.settings.file or "")
    database.execute("DROP TRIGGER citycloud_no_update")
    database.execute("UPDATE citycloud_journal SET step = 'c' WHERE number = 3")
    database.commit()
    assert any("entry 3 was changed" in each for each in broken_links(here.journal.entries(run)))


FULL = """
set -e
mount -t tmpfs -o size=1200k tmpfs "$1"
cd "$2"
exec "$3" -c "
import sys; sys.path.insert(0, '$2')
from test_runs import on_full_disk
from pathlib import Path
on_full_disk(Path('$1'), Path('$4'))
"
"""


def on_full_disk(disk: Path, directory: Path) -> None:
    """Called in a mount namespace of its own, with the journal on a disk that gets full in the middle of the run."""
    from citycloud.journal import Settings, connect

    here = Try(directory)
    here.settings = Settings(f"sqlite:///{disk}/journal/journal.db")
    here.setting.journal = Journal(connect(here.settings))
    filler = disk / "filler"

    def at(name: str) -> None:
        if name == "b: begun":
            with filler.open("wb") as out:
                try:
                    while True:
                        out.write(b"x" * 512)
                        out.flush()
                except OSError:
                    pass

    here.setting.at = at
    what = plan(*(step(name, Put(name=name)) for name in "abcd"))
    try:
        here.run(what)
    except StepFailed as told:
        assert "full" in told.seen, told
        assert "nothing is begun without a journal" in told.state, told
    else:
        raise AssertionError("the disk was not full")
    assert here.far.here() <= {"a", "b"}, here.far.here()
    filler.unlink()
    again = Try(directory)
    again.settings, again.setting.journal = here.settings, Journal(connect(here.settings))
    again.run(what)
    assert again.far.lines() == ["+a", "+b", "+c", "+d"], again.far.lines()
    assert list(broken_links(again.journal.entries(again.latest()))) == []
    print("went on")


def test_a_full_disk_stops_the_run_safely_and_it_goes_on_when_there_is_room(tmp_path: Path) -> None:
    disk, work = tmp_path / "disk", tmp_path / "work"
    disk.mkdir()
    work.mkdir()
    argv = [
        "unshare",
        "-m",
        "bash",
        "-c",
        FULL,
        "full",
        str(disk),
        str(Path(__file__).parent),
        sys.executable,
        str(work),
    ]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0 and "went on" in done.stdout, done.stdout + done.stderr


def test_errors_of_the_runner_are_this_projects_own(here: Try) -> None:
    assert issubclass(Busy, CitycloudError) and issubclass(Broken, CitycloudError)
    with pytest.raises(BadInput):
        here.undo("no-such-run")
    run = here.run(plan(step("a", Put(name="1"))))
    with pytest.raises(BadInput):
        here.undo(run, to="no-such-step")
    assert "a is so" in describe(here.journal.run(run).plan)  # type: ignore[union-attr]


def test_the_state_read_from_the_journal_is_that_of_the_run(here: Try) -> None:
    what = plan(step("a", Put(name="1")), step("b", Failing(name="2", until="never")))
    with pytest.raises(StepFailed):
        here.run(what)
    state = read(what, here.journal.entries(here.latest()))
    assert (state.cell("a").status, state.cell("b").status) == (Status.DONE, Status.FAILED)


def test_a_run_that_was_killed_can_be_gone_back_from_at_once(tmp_path: Path) -> None:
    with runner_elsewhere(tmp_path) as first:
        here = Try(tmp_path)
        try:
            until(lambda: len(here.far.lines()) == 3)
        finally:
            first.kill()
    here.undo(here.latest())
    assert here.far.here() == set()
    assert set(here.far.effects().values()) == {1}
    assert here.journal.run(here.latest()).state == "undone"  # type: ignore[union-attr]


def test_no_more_batches_than_declared_are_under_way_at_once(here: Try) -> None:
    action, begun, pair = PutOnHosts(name="x", seconds=0.3), itertools.count(1), threading.Barrier(2)

    def at(name: str) -> None:
        if name.endswith(": begun") and next(begun) <= 2:
            pair.wait(timeout=60)  # the first two are under way together, however slow the machine is

    here.setting.at = at
    run = here.run(plan(step("ring/x", action, hosts=HOSTS, fleet=Fleet(batch=1, at_once=2)), subject="ring"))
    came = spans(here.journal.entries(run))
    most = max(sum(other.began <= one.began < other.ended for other in came) for one in came)
    assert most == 2


@pytest.mark.long
def test_no_more_batches_than_declared_begin_in_a_minute(here: Try) -> None:
    fleet = Fleet(batch=1, at_once=5, per_minute=3)
    run = here.run(plan(step("ring/x", PutOnHosts(name="x"), hosts=HOSTS, fleet=fleet), subject="ring"))
    begun = [each.began for each in spans(here.journal.entries(run))]
    assert begun[3] - begun[0] >= timedelta(seconds=58)


def test_processes_that_an_action_left_behind_are_ended_with_it() -> None:
    code = (
        "import subprocess, sys\nfrom citycloud.run.limits import end_children\n"
        "child = subprocess.Popen(['sh', '-c', 'sleep 300 & wait'])\nend_children()\nprint(child.wait(timeout=20))"
    )
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert seen.stdout.strip() == "-9"
