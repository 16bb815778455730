"""The generator against far ends that lose, alter, double and lie: each is caught, and nothing else is."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from far_ends import Application, Fault, every, name_server, serving

from citycloud.cli import main
from citycloud.errors import StepFailed
from citycloud.load.compare import Verdict, compare, fetch
from citycloud.load.generator import LEDGER, Generator
from citycloud.load.ledger import LedgerBroken, read_ledger
from citycloud.load.line import Line
from citycloud.load.model import Ack, Settings, Summary
from citycloud.load.names import FOLLOW, Names, fixed, of

FAR = Names("far.example", fixed("127.0.0.1"))
MANY = 200


def settings(url: str, **changes: float) -> Settings:
    given = {"rate": 2000, "clients": 8, "seconds": 120, "writes": MANY, "reads": 0, "patience": 0, "timeout": 30}
    return Settings.model_validate({"run": "test1", "url": url, **given, **changes})


def load(application: Application, home: Path, **changes: float) -> Summary:
    generator = Generator(settings(application.url, **changes), home, FAR)
    generator.start()
    return generator.join()


def verdict(application: Application, home: Path) -> Verdict:
    line = Line(application.url, FAR, None, 5)
    return compare("test1", read_ledger(home / LEDGER), fetch(line, "test1"))


def tried(fault: Fault, home: Path, **changes: float) -> tuple[Summary, Verdict]:
    with serving(Application(fault)) as application:
        return load(application, home, **changes), verdict(application, home)


def numbers(ids: tuple[str, ...]) -> list[int]:
    return [int(id_.rpartition("-")[2]) for id_ in ids]


NTH = list(range(50, MANY + 1, 50))


def test_an_honest_application_holds_and_every_write_is_counted(tmp_path: Path) -> None:
    summary, found = tried(every(MANY + 1, "lose"), tmp_path)
    assert found.holds and not found.unacknowledged
    assert summary.acknowledged == summary.begun == found.found == MANY
    assert summary.windows == () and summary.given_up == 0


def test_writes_that_are_acknowledged_and_lost_are_named(tmp_path: Path) -> None:
    _, found = tried(every(50, "lose"), tmp_path)
    assert not found.holds and numbers(found.lost) == NTH
    assert not (found.altered or found.doubled or found.unacknowledged)


def test_a_value_that_differs_is_told_with_both_values(tmp_path: Path) -> None:
    _, found = tried(every(50, "alter"), tmp_path)
    assert not found.holds and numbers(tuple(one.id for one in found.altered)) == NTH
    assert all(one.found == one.written + "!" for one in found.altered)
    assert not (found.lost or found.doubled)


def test_a_write_that_stands_there_twice_is_named(tmp_path: Path) -> None:
    _, found = tried(every(50, "double"), tmp_path)
    assert not found.holds and numbers(found.doubled) == NTH
    assert not (found.lost or found.altered)


def test_an_answer_that_does_not_repeat_what_was_sent_counts_as_none(tmp_path: Path) -> None:
    summary, found = tried(every(50, "lie"), tmp_path)
    assert summary.acknowledged == MANY - len(NTH) and summary.given_up == len(NTH)
    assert found.holds and numbers(found.unacknowledged) == NTH


def test_a_write_stored_without_an_answer_is_listed_and_is_no_fault(tmp_path: Path) -> None:
    summary, found = tried(every(50, "cut"), tmp_path)
    assert summary.given_up == len(NTH)
    assert found.holds and numbers(found.unacknowledged) == NTH


def test_an_unanswered_write_that_was_altered_is_a_fault_all_the_same(tmp_path: Path) -> None:
    with serving(Application(every(50, "cut"))) as application:
        load(application, tmp_path)
        application.records["test1-000000050"] = "spoilt"
        found = verdict(application, tmp_path)
    assert not found.holds and [one.id for one in found.altered] == ["test1-000000050"]


def test_a_row_that_the_load_never_made_is_named(tmp_path: Path) -> None:
    with serving(Application()) as application:
        load(application, tmp_path)
        application.write("test1-x", "from somewhere")
        found = verdict(application, tmp_path)
    assert found.strange == ("test1-x",) and not found.holds


def test_rows_of_another_load_are_left_alone(tmp_path: Path) -> None:
    with serving(Application()) as application:
        application.write("test11-000000001", "another's")
        load(application, tmp_path)
        found = verdict(application, tmp_path)
    assert found.holds and found.found == MANY


def test_reads_notice_a_lost_write_while_the_load_runs(tmp_path: Path) -> None:
    summary, _ = tried(every(2, "lose"), tmp_path, reads=1)
    assert summary.reads > MANY / 2 and summary.reads_wrong > summary.reads / 4
    told = [json.loads(line) for line in (tmp_path / "failures.jsonl").read_text().splitlines()]
    assert {line["why"] for line in told} == {"read: not there"}


def test_a_refused_write_is_tried_again_under_its_id_and_counted_once(tmp_path: Path) -> None:
    def twice_refused(application: Application, id_: str, value: str) -> str:
        return "503" if application.posts[id_] <= 2 else ""

    with serving(Application(twice_refused)) as application:
        summary = load(application, tmp_path, patience=60, writes=40)
        found = verdict(application, tmp_path)
        assert set(application.posts.values()) == {3}
    assert summary.acknowledged == 40 and summary.given_up == 0 and found.holds
    assert {ack.attempts for ack in read_ledger(tmp_path / LEDGER)} == {3}


def test_the_refused_window_is_as_long_as_the_refusal(tmp_path: Path) -> None:
    length = 0.9
    refused: list[float] = []
    taken: list[float] = []

    def refuse(application: Application, id_: str, value: str) -> str:
        now = time.time()
        if len(taken) >= 20 and (not refused or now < refused[0] + length):
            refused.append(now)
            return "503"
        taken.append(now)
        return ""

    summary, found = tried(refuse, tmp_path, patience=60, rate=100, writes=200)
    assert found.holds and summary.acknowledged == summary.begun
    (window,) = summary.windows
    first = min(moment for moment in taken if moment > refused[-1])
    assert window.ended is not None
    assert window.began <= refused[0] and first <= window.ended < first + 5
    assert window.why == "HTTP 503" and window.failures == len(refused) > 3
    assert summary.silence > length / 2  # the last answer before may come after the first refusal


def test_a_name_that_leads_elsewhere_is_followed_and_nothing_is_lost(tmp_path: Path) -> None:
    old, new = Application(), Application()
    answers = {"far.example": "127.0.0.1"}
    with serving(old) as first, serving(new, "127.0.0.2", first.port), name_server(answers) as port:
        names = Names("far.example", of(["127.0.0.1"], port))
        generator = Generator(settings(old.url, rate=100, writes=700), tmp_path, names)
        generator.start()
        while generator.summary().acknowledged < 100:
            time.sleep(0.02)
        answers["far.example"] = "127.0.0.2"
        moved = time.time()
        summary = generator.join()
    assert summary.windows == () and summary.acknowledged == summary.begun
    assert len(new.records) > 100 and len(old.records) + len(new.records) == summary.acknowledged
    last = max(ack.at for ack in read_ledger(tmp_path / LEDGER) if ack.id in old.records)
    assert last < moved + FOLLOW + 3  # asked for every second; the rest is for a busy machine


def test_an_application_that_is_gone_is_left_for_where_the_name_leads_at_once(tmp_path: Path) -> None:
    new, answers = Application(), {"far.example": "127.0.0.1"}  # nobody listens there
    with serving(new, "127.0.0.2") as there, name_server(answers) as port:
        names = Names("far.example", of(["127.0.0.1"], port))
        generator = Generator(settings(there.url, rate=100, writes=150, patience=60), tmp_path, names)
        generator.start()
        time.sleep(0.5)
        answers["far.example"] = "127.0.0.2"
        summary = generator.join()
    assert summary.acknowledged == summary.begun == len(new.records)
    (window,) = summary.windows
    assert window.seconds is not None and 0.4 < window.seconds < 5 and "refused" in window.why.lower()


def test_a_load_ends_at_its_limits_and_when_it_is_told_to(tmp_path: Path) -> None:
    with serving(Application()) as application:
        summary = load(application, tmp_path / "short", seconds=0.5, rate=100, writes=10_000)
        assert summary.state == "done" and summary.begun <= 51
        generator = Generator(settings(application.url, rate=100, seconds=3600), tmp_path / "told", FAR)
        generator.start()
        time.sleep(0.3)
        generator.stop()
        summary = generator.join()
    assert summary.state == "stopped" and 1 <= summary.acknowledged == summary.begun < MANY


def test_an_outage_does_not_end_in_a_flood(tmp_path: Path) -> None:
    def hang(application: Application, id_: str, value: str) -> str:
        if len(application.records) == 20:
            time.sleep(1.2)  # all other writes wait for the application's lock
        return ""

    summary, found = tried(hang, tmp_path, rate=100, writes=10_000, seconds=2.5)
    assert found.holds and summary.missed > 30
    assert summary.begun + summary.missed <= 250
    assert summary.silence > 1


def test_a_killed_load_has_counted_nothing_that_is_not_in_its_ledger(tmp_path: Path) -> None:
    home = tmp_path / "load"
    with serving(Application()) as application:
        argv = [sys.executable, "-m", "citycloud.cli", "load", "run", application.url, "-o", str(home), "--rate", "500"]
        process = subprocess.Popen([*argv, "--at", "127.0.0.1"], stderr=subprocess.DEVNULL)
        end = time.monotonic() + 180
        while not (home / "summary.json").exists() and time.monotonic() < end:
            time.sleep(0.05)
        counted = Summary.model_validate_json((home / "summary.json").read_text())
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=30)
        acks = list(read_ledger(home / LEDGER))
        run = counted.settings.run
        found = compare(run, acks, fetch(Line(application.url, FAR, None, 5), run))
    assert len(acks) >= counted.acknowledged > 0
    assert found.holds and found.acknowledged == len(acks)


def test_a_full_disk_ends_the_load_and_nothing_counts_after_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0
    real = os.fsync

    def full(handle: int) -> None:
        nonlocal calls
        calls += 1
        if calls > 20:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    with serving(Application()) as application:
        generator = Generator(settings(application.url, rate=100, writes=10_000), tmp_path, FAR)
        monkeypatch.setattr(os, "fsync", full)
        generator.start()
        with pytest.raises(LedgerBroken, match="No space left"):
            generator.join()
        summary = generator.summary()
        assert 20 <= summary.acknowledged < 20 * 8 + 1 and summary.begun < 1000
        assert len(application.records) > summary.acknowledged


def test_pages_that_never_end_are_given_up(tmp_path: Path) -> None:
    class Endless(Application):
        def page(self, run: str, after: str, limit: int) -> list[dict[str, object]]:
            return [{"id": "test1-000000001", "value": "again", "copies": 1}]

    with serving(Endless()) as application, pytest.raises(StepFailed, match="do not end"):
        list(fetch(Line(application.url, FAR, None, 5), "test1"))


def test_two_loads_do_not_share_a_directory(tmp_path: Path) -> None:
    with serving(Application()) as application:
        load(application, tmp_path, writes=5)
        with pytest.raises(FileExistsError):
            Generator(settings(application.url), tmp_path, FAR)
    assert len(list(read_ledger(tmp_path / LEDGER))) == 5


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., int]]:
    """`citycloud load ...` within this process; gives its exit code. Signals are as before afterwards."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def run(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["citycloud", "load", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0)

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_the_command_line_tells_by_its_exit_code_whether_it_holds(
    tmp_path: Path, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    home = str(tmp_path / "load")
    with serving(Application()) as application:
        at = ["--at", "127.0.0.1"]
        assert command("run", application.url, "-o", home, "--writes", "20", *at) == 0
        assert command("compare", home, *at) == 0
        assert command("run", application.url, "-o", home, *at) == 2
        assert command("run", "ftp://x", "-o", f"{home}-2", *at) == 2
        application.records.popitem()
        capsys.readouterr()
        assert command("compare", home, *at, "--json") == 1
        assert len(json.loads(capsys.readouterr().out)["lost"]) == 1


def test_a_directory_without_a_load_is_told_in_words(
    tmp_path: Path, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("compare", str(tmp_path)) == 1
    assert "no summary of a load" in capsys.readouterr().err


def test_every_acknowledgement_carries_what_compare_needs(tmp_path: Path) -> None:
    tried(every(MANY + 1, ""), tmp_path, writes=3)
    acks = sorted(read_ledger(tmp_path / LEDGER), key=lambda ack: ack.n)
    assert [ack.n for ack in acks] == [1, 2, 3]
    assert all(isinstance(ack, Ack) and abs(ack.at - time.time()) < 60 and ack.spent > 0 for ack in acks)
