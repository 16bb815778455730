"""Progress of long work, one line per step: what is being done, what is left, time spent."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


class Progress:
    """Prints ``[12:04 3/17] east: keystone ...``. Safe to use from several threads."""

    def __init__(self, total: int = 0, console: Console | None = None) -> None:
        self._console = console or Console(file=sys.stderr, highlight=False, soft_wrap=True, markup=False, emoji=False)
        self._began = time.monotonic()
        self._total, self._done = total, 0
        self._lock = threading.Lock()

    def expect(self, more: int) -> None:
        """``more`` steps became known."""
        with self._lock:
            self._total += more

    def say(self, text: str, style: str = "") -> None:
        spent = int(time.monotonic() - self._began)
        count = f" {self._done}/{self._total}" if self._total else ""
        self._console.print(f"[{spent // 60:d}:{spent % 60:02d}{count}] {text}", style=style or None)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """One step: said when it begins, and when it ends with the seconds it took."""
        began = time.monotonic()
        self.say(f"{name} ...", style="dim")
        try:
            yield
        except BaseException:
            self.say(f"{name}: FAILED after {time.monotonic() - began:.1f} s", style="red")
            raise
        with self._lock:
            self._done += 1
        self.say(f"{name}: done in {time.monotonic() - began:.1f} s")
