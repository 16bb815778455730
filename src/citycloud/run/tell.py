"""What actions tell while they act, on its way to the Journal: a line at a time would cost a commit each."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from citycloud.action import OutOfTime
from citycloud.journal import What
from citycloud.journal.entry import Draft

QUIET = 0.5
"""Seconds that a line waits for others, at most until the next is told."""
LONGEST = 2000


class Teller:
    """The :class:`~citycloud.action.Tell` of one call of an action."""

    def __init__(self, step: str, host: str, limit: timedelta, write: Callable[[list[Draft]], object]) -> None:
        self._step, self._host, self._write = step, host, write
        self._end = time.monotonic() + limit.total_seconds()
        self._lines: list[dict[str, Any]] = []
        self._last = time.monotonic()
        self._lock = threading.Lock()
        self.stop = threading.Event()
        """Set when the time is over: then :meth:`check` raises."""

    def __call__(self, text: str) -> None:
        self._keep({"text": text[:LONGEST]})

    def measure(self, name: str, value: float, unit: str = "") -> None:
        self._keep({"measure": name, "value": value, "unit": unit})

    def down(self, what: str) -> None:
        self._keep({"down": what}, now=True)

    def up(self, what: str) -> None:
        self._keep({"up": what}, now=True)

    def left(self) -> timedelta:
        return timedelta(seconds=max(self._end - time.monotonic(), 0.0))

    def check(self) -> None:
        if self.stop.is_set() or not self.left():
            raise OutOfTime(f"{self._step}: its time limit is over")

    def _keep(self, line: dict[str, Any], *, now: bool = False) -> None:
        with self._lock:
            self._lines.append({"at": datetime.now(UTC).isoformat(timespec="milliseconds"), **line})
            due = now or time.monotonic() - self._last > QUIET
        if due:
            self._write(self.drain())

    def drain(self) -> list[Draft]:
        """The entry for what was told since the last; no entry for nothing."""
        with self._lock:
            lines, self._lines, self._last = self._lines, [], time.monotonic()
        return [Draft(What.TOLD, self._step, self._host, {"lines": lines})] if lines else []
