"""The ledger and the pure parts: nothing counts before it is on disk; windows and verdicts are exact."""

from __future__ import annotations

import errno
import os
import threading
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citycloud.errors import CitycloudError
from citycloud.load.compare import Found, compare
from citycloud.load.ledger import Ledger, LedgerBroken, read_ledger
from citycloud.load.model import Ack, record_id, record_number, record_value
from citycloud.load.names import FOLLOW, Names, NoAddress
from citycloud.load.windows import SETTLED, Windows


def ack(n: int) -> Ack:
    return Ack(n=n, id=record_id("test1", n), value=record_value("test1", n), at=0, spent=0, attempts=1)


def test_a_line_is_synced_before_it_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        real(handle)
        synced.append(os.fstat(handle).st_size)

    ledger = Ledger(tmp_path / "ledger")
    monkeypatch.setattr(os, "fsync", fsync)
    for n in range(1, 4):
        ledger.put(ack(n))
        assert ledger.durable == n and synced[-1] == (tmp_path / "ledger").stat().st_size
    ledger.close()


def test_lines_of_many_clients_go_down_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = 0
    gate = threading.Event()
    real = os.fsync

    def slow(handle: int) -> None:
        nonlocal count
        count += 1
        gate.wait(5)
        real(handle)

    ledger = Ledger(tmp_path / "ledger")
    monkeypatch.setattr(os, "fsync", slow)
    threads = [threading.Thread(target=ledger.put, args=(ack(n),)) for n in range(1, 51)]
    for thread in threads:
        thread.start()
    assert ledger.durable == 0
    gate.set()
    for thread in threads:
        thread.join(timeout=10)
    ledger.close()
    assert ledger.durable == 50 and count < 50
    assert {one.n for one in read_ledger(tmp_path / "ledger")} == set(range(1, 51))


def test_what_could_not_be_written_never_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    ledger = Ledger(tmp_path / "ledger")
    ledger.put(ack(1))
    monkeypatch.setattr(os, "fsync", full)
    for n in (2, 3):
        with pytest.raises(LedgerBroken, match="No space left"):
            ledger.put(ack(n))
    assert ledger.durable == 1
    ledger.close()


def test_a_line_cut_off_by_a_kill_is_left_out_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "ledger"
    whole = "".join(ack(n).model_dump_json() + "\n" for n in (1, 2, 3))
    for cut in range(1, 60):
        file.write_text(whole[:-cut])
        assert [one.n for one in read_ledger(file)] == [1, 2]
    file.write_text(whole.replace('"n":2', '"n":x'))
    with pytest.raises(CitycloudError, match="ledger:2"):
        list(read_ledger(file))


@given(st.integers(1, 999_999_999), st.integers(1, 999_999_999))
def test_ids_and_values_tell_their_number_and_survive_gbk(one: int, other: int) -> None:
    assert record_number("test1", record_id("test1", one)) == one
    assert record_number("test2", record_id("test1", one)) is None
    assert (record_value("test1", one) == record_value("test1", other)) == (one == other)
    assert record_value("test1", one).encode("gbk").decode("gbk") == record_value("test1", one)


Fates = st.lists(st.sampled_from(["fine", "lost", "altered", "doubled", "half", "unacked", "absent"]), max_size=60)


@given(Fates, st.randoms(use_true_random=False))
def test_a_verdict_names_exactly_what_befell_each_write(fates: list[str], dice: object) -> None:
    written = [ack(n) for n, fate in enumerate(fates, 1) if fate not in ("unacked", "absent")]
    found = []
    for n, fate in enumerate(fates, 1):
        if fate in ("lost", "absent"):
            continue
        value = record_value("test1", n) + ("?" if fate == "altered" else "")
        copies = {"doubled": 2, "half": 0}.get(fate, 1)
        found.append(Found(id=record_id("test1", n), value=value, copies=copies))
    dice.shuffle(found)  # type: ignore[attr-defined]
    verdict = compare("test1", written, found)

    def those(*wanted: str) -> list[str]:
        return [record_id("test1", n) for n, fate in enumerate(fates, 1) if fate in wanted]

    assert list(verdict.lost) == those("lost", "half")
    assert sorted(one.id for one in verdict.altered) == those("altered")
    assert list(verdict.doubled) == those("doubled")
    assert list(verdict.unacknowledged) == those("unacked")
    assert verdict.holds == (not those("lost", "half", "altered", "doubled"))


def test_a_window_lasts_from_the_first_failures_beginning_to_the_success_that_stays() -> None:
    windows = Windows(0)
    windows.succeeded(0.9, 1.0)
    windows.failed(1.1, 1.4, "gone")
    windows.succeeded(1.2, 1.5)  # a client that still got through
    windows.failed(1.3, 2.0, "gone")
    windows.succeeded(2.1, 2.2)
    windows.succeeded(3.3, 3.4)
    (window,), silence = windows.until(3.5)
    assert (window.began, window.ended, window.failures, window.why) == (1.1, 2.2, 2, "gone")
    assert silence == pytest.approx(1.2)


def test_failures_far_apart_are_windows_of_their_own_and_one_without_end_stays_open() -> None:
    windows = Windows(0)
    windows.failed(1, 1.1, "first")
    windows.succeeded(1.1, 1.2)
    windows.failed(1.2 + SETTLED + 0.1, 2.5, "second")
    found, _ = windows.until(4)
    assert [(one.why, one.ended) for one in found] == [("first", 1.2), ("second", None)]


def test_a_success_that_began_before_the_refusal_does_not_end_it() -> None:
    windows = Windows(0)
    windows.failed(1.0, 1.1, "gone")
    windows.succeeded(0.5, 1.2)
    (window,), _ = windows.until(2)
    assert window.ended is None


Attempts = st.lists(st.tuples(st.floats(0.001, 3), st.booleans()), min_size=1, max_size=40)


@given(Attempts)
def test_windows_cover_every_failure_in_order_and_apart(attempts: list[tuple[float, bool]]) -> None:
    """One client, one attempt after the other: as many failures as were seen, windows that don't overlap."""
    windows, now, failed = Windows(0), 0.0, []
    for length, good in attempts:
        began, now = now, now + length
        if good:
            windows.succeeded(began, now)
        else:
            windows.failed(began, now, "gone")
            failed.append((began, now))
    found, silence = windows.until(now)
    assert sum(window.failures for window in found) == len(failed)
    for began, ended in failed:
        assert any(one.began <= began and (one.ended is None or ended <= one.ended) for one in found)
    for one, other in pairwise(found):
        assert one.ended is not None and one.ended <= other.began + 3  # an attempt takes up to 3 s here
    longest = max((one.seconds for one in found if one.seconds is not None), default=0.0)
    assert 0 <= silence <= now and longest <= now


def test_a_name_is_asked_for_every_second_and_the_last_answer_outlives_the_name_server() -> None:
    now, asked, answer = 0.0, 0, ["192.0.2.1"]

    def ask(name: str) -> list[str]:
        nonlocal asked
        asked += 1
        if not answer:
            raise NoAddress(name)
        return list(answer)

    names = Names("far.example", ask, clock=lambda: now)
    assert names.addresses() == names.addresses() == ("192.0.2.1",) and asked == 1
    now, answer[:] = FOLLOW + 0.1, ["192.0.2.2"]
    assert names.addresses() == ("192.0.2.2",)
    now, answer[:] = 3 * FOLLOW, []
    assert names.addresses() == ("192.0.2.2",)
    with pytest.raises(NoAddress):
        Names("far.example", ask, clock=lambda: now).addresses()
