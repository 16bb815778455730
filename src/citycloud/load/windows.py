"""When writes were refused, told from attempts as they end: pure."""

from __future__ import annotations

from citycloud.load.model import Window

SETTLED = 1.0
"""Seconds without a failure after which a window is over; failures closer together are one window."""


class Windows:
    """Takes the attempts about in the order in which they end. All times in seconds, on one clock."""

    def __init__(self, began: float) -> None:
        self._closed: list[Window] = []
        self._first: tuple[float, str] | None = None
        self._failures = 0
        self._failed = began
        """When the last failure ended."""
        self._success: float | None = None
        """The first success since the last failure."""
        self._heard = began
        self.silence = 0.0

    def succeeded(self, began: float, ended: float) -> None:
        self.silence = max(self.silence, ended - self._heard)
        self._heard = ended
        if self._first is None:
            return
        if self._success is None and began >= self._first[0] and ended >= self._failed:
            self._success = ended
        if self._success is not None and ended - self._success > SETTLED:
            self._close()

    def failed(self, began: float, ended: float, why: str) -> None:
        if self._success is not None and ended - self._success > SETTLED:
            self._close()
        if self._first is None:
            self._first = (began, why)
        self._failures += 1
        self._failed = max(self._failed, ended)
        self._success = None

    def _close(self) -> None:
        assert self._first is not None
        began, why = self._first
        self._closed.append(Window(began=began, ended=self._success, failures=self._failures, why=why))
        self._first, self._failures, self._success = None, 0, None

    def until(self, now: float) -> tuple[tuple[Window, ...], float]:
        """The windows so far, an open one too, and the longest time without a success."""
        windows = list(self._closed)
        if self._first is not None:
            began, why = self._first
            windows.append(Window(began=began, ended=self._success, failures=self._failures, why=why))
        return tuple(windows), max(self.silence, now - self._heard)
