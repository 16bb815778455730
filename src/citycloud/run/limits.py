"""Time limits for what can't be cut off from outside: it gets a thread, and is left behind when its time is over."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")


class Overrun(Exception):
    """It did not come back in time, and may still be running."""


class _Call(Generic[T]):
    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self.result: T | None = None
        self.fault: BaseException | None = None
        self.ended = threading.Event()

    def __call__(self) -> None:
        try:
            self.result = self._work()
        except BaseException as fault:  # handed over to the thread that waits
            self.fault = fault
        self.ended.set()


def within(limit: timedelta, grace: timedelta, stop: Callable[[], None], work: Callable[[], T]) -> T:
    """What ``work`` gives back, or raises. At ``limit`` it is asked to ``stop``, after ``grace`` more it is left.

    Raises Overrun. The thread is a daemon: it ends with the process, which the caller has to see to.
    """
    call = _Call(work)
    threading.Thread(target=call, name="act", daemon=True).start()
    if not call.ended.wait(limit.total_seconds()):
        stop()
        if not call.ended.wait(grace.total_seconds()):
            raise Overrun
    if call.fault is not None:
        raise call.fault
    return call.result  # type: ignore[return-value]  # it ended without a fault


def end_children(pid: int | None = None) -> None:
    """SIGKILL every process that this one has started, and theirs: what an action left behind must not go on acting."""
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid or os.getpid()}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                end_children(child)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
