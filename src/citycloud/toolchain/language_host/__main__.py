"""``python -m citycloud.toolchain.language_host ENGINE``: serve until the engine interrupts us or is gone."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType

from citycloud.toolchain.language_host.server import serve

LOOK_AFTER_PARENT = 1.0
"""Seconds between two looks at whether the engine still lives."""


def wait_for_the_end(parent: int) -> None:
    """Come back after SIGINT or SIGTERM, or when ``parent`` (a pid) is no longer our parent."""
    ended = threading.Event()

    def end(signum: int, frame: FrameType | None) -> None:
        ended.set()

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    while not ended.wait(LOOK_AFTER_PARENT) and os.getppid() == parent:
        pass


def main() -> None:
    """Serve, and leave without a word: what a host prints ends up in the user's output."""
    parent = os.getppid()
    server, programs, port = serve(sys.argv[-1])
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    wait_for_the_end(parent)
    programs.end()
    server.stop(grace=None).wait(1)
    os._exit(0)


if __name__ == "__main__":
    main()
