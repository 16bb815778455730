"""The generator: bounded clients, each in a thread of its own, that write at a given rate until a limit is reached."""

from __future__ import annotations

import json
import random
import ssl
import statistics
import threading
import time
from array import array
from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import TextIO

from citycloud.load.ledger import Ledger, LedgerBroken
from citycloud.load.line import Line, Missing, Refused
from citycloud.load.model import Ack, Settings, Summary, record_id, record_value
from citycloud.load.names import Names
from citycloud.load.windows import Windows

LEDGER, FAILURES, SUMMARY = "ledger.jsonl", "failures.jsonl", "summary.json"
LATE = 0.25
"""Seconds by which a write may begin late; one that is due longer is left out, or an outage would end in a flood."""
PAUSE = 0.05
"""Seconds before a refused write is tried again."""
MOST_FAILURES = 1_000_000
"""Lines of failures that are written down; windows take in all of them."""


class Pace:
    """Gives out the writes' numbers, each at its time."""

    def __init__(self, settings: Settings, stop: threading.Event) -> None:
        self._settings, self._stop = settings, stop
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._slot = 0
        self.begun = self.missed = 0

    def next(self) -> int | None:
        """The number of the next write, once it is due; None when the load is over."""
        with self._lock:
            due = self._began + self._slot / self._settings.rate
            late = time.monotonic() - due
            if late > LATE:
                left = ceil(self._settings.seconds * self._settings.rate) - self._slot
                skipped = min(int(late * self._settings.rate), max(0, left))
                self._slot += skipped
                self.missed += skipped
                due = self._began + self._slot / self._settings.rate
            if due - self._began >= self._settings.seconds or self.begun >= self._settings.writes:
                return None
            self._slot += 1
            if self._stop.wait(max(0.0, due - time.monotonic())):
                return None
            self.begun += 1
            return self.begun


class Generator:
    """One load into the directory ``home``: ``start``, then ``join`` (or ``stop`` and ``join``)."""

    def __init__(self, settings: Settings, home: Path, names: Names, tls: ssl.SSLContext | None = None) -> None:
        """Raises FileExistsError where ``home`` holds a load already."""
        home.mkdir(parents=True, exist_ok=True)
        self.settings, self._home, self._names, self._tls = settings, home, names, tls
        self._ledger = Ledger(home / LEDGER)
        self._failures: TextIO = (home / FAILURES).open("x", encoding="utf-8")
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._offset = time.time() - time.monotonic()
        self._began = self._now()
        self._windows = Windows(self._began)
        self._known: list[int] = []
        self._spent = array("d")
        self._given_up = self._reads = self._wrong = self._unread = self._lines = 0
        self._state = "running"
        self._threads: list[threading.Thread] = []

    def _now(self) -> float:
        """Seconds since the epoch, on a clock that nobody sets meanwhile."""
        return time.monotonic() + self._offset

    def start(self) -> None:
        self._pace = Pace(self.settings, self._stop)
        self._threads = [
            threading.Thread(target=self._client, args=(number,), name=f"client-{number}", daemon=True)
            for number in range(self.settings.clients)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self, why: str = "stopped") -> None:
        """No more writes are begun; those under way get their answer or time out."""
        with self._lock:
            if self._state == "running":
                self._state = why
        self._stop.set()

    def join(self, told: Callable[[Summary], None] = lambda summary: None) -> Summary:
        """Wait for the end; ``told`` gets the summary every second, and the file is renewed. Gives the last one.

        Raises LedgerBroken where the ledger could not be written.
        """
        while any(thread.is_alive() for thread in self._threads):
            end = time.monotonic() + 1
            for thread in self._threads:
                thread.join(timeout=max(0.0, end - time.monotonic()))
            told(self._save())
        with self._lock:
            if self._state == "running":
                self._state = "done"
        self._ledger.close()
        self._failures.close()
        summary = self._save()
        if self._state.startswith("the ledger"):
            raise LedgerBroken(self._state)
        return summary

    def summary(self) -> Summary:
        with self._lock:
            windows, silence = self._windows.until(self._now())
            spent = self._spent[-100_000:]
            return Summary(
                settings=self.settings,
                state=self._state,
                began=self._began,
                ended=self._now(),
                begun=self._pace.begun,
                acknowledged=self._ledger.durable,
                given_up=self._given_up,
                missed=self._pace.missed,
                reads=self._reads,
                reads_wrong=self._wrong,
                reads_failed=self._unread,
                silence=silence,
                median_ms=statistics.median(spent) * 1000 if spent else 0.0,
                slowest_ms=max(self._spent, default=0.0) * 1000,
                windows=windows,
            )

    def _save(self) -> Summary:
        summary = self.summary()
        fresh = self._home / f"{SUMMARY}.new"
        fresh.write_text(summary.model_dump_json(indent=2), encoding="utf-8")
        fresh.rename(self._home / SUMMARY)
        return summary

    def _client(self, number: int) -> None:
        line = Line(self.settings.url, self._names, self._tls, self.settings.timeout)
        dice = random.Random(f"{self.settings.run}/{number}")  # noqa: S311  a sample, not a secret
        try:
            while (n := self._pace.next()) is not None:
                self._write(line, n)
                if dice.random() < self.settings.reads:
                    self._read(line, dice)
        except LedgerBroken as fault:
            self.stop(str(fault))
        finally:
            line.close()

    def _write(self, line: Line, n: int) -> None:
        """Try until it is acknowledged, patience ends or the load is stopped. Raises LedgerBroken."""
        id_, value = record_id(self.settings.run, n), record_value(self.settings.run, n)
        first, attempts = self._now(), 0
        while True:
            began, attempts = self._now(), attempts + 1
            try:
                line.write(id_, value)
            except Refused as fault:
                self._failed(id_, began, str(fault))
                if self._now() - first > self.settings.patience or self._stop.wait(PAUSE):
                    with self._lock:
                        self._given_up += 1
                    return
                continue
            ended = self._now()
            self._ledger.put(Ack(n=n, id=id_, value=value, at=ended, spent=ended - first, attempts=attempts))
            with self._lock:
                self._windows.succeeded(began, ended)
                self._spent.append(ended - first)
                self._known.append(n)
            return

    def _read(self, line: Line, dice: random.Random) -> None:
        """Read one of the acknowledged writes, which has to be there as it was written."""
        with self._lock:
            n = dice.choice(self._known) if self._known else 0
        if not n:
            return
        id_, began = record_id(self.settings.run, n), self._now()
        try:
            right = line.read(id_) == record_value(self.settings.run, n)
            why = "" if right else "read: another value"
        except Missing:
            why = "read: not there"
        except Refused as fault:
            with self._lock:
                self._unread += 1
            self._note(id_, began, f"read: {fault}")
            return
        with self._lock:
            self._reads += 1
            self._wrong += bool(why)
        if why:
            self._note(id_, began, why)

    def _failed(self, id_: str, began: float, why: str) -> None:
        with self._lock:
            self._windows.failed(began, self._now(), why)
        self._note(id_, began, why)

    def _note(self, id_: str, began: float, why: str) -> None:
        with self._lock:
            if self._lines < MOST_FAILURES:
                self._lines += 1
                told = {"id": id_, "began": round(began, 6), "ended": round(self._now(), 6), "why": why}
                self._failures.write(json.dumps(told, ensure_ascii=False) + "\n")
                self._failures.flush()
