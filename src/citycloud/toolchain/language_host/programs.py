"""The programs a host has running: started with their request on a pipe, ended with the host."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from citycloud.toolchain.language_host import program
from citycloud.toolchain.language_host.interpreter import environment

if TYPE_CHECKING:
    from citycloud.toolchain.language_host.program import Request

LEAVE_WITHIN = 3.0
"""Seconds a program has to leave by itself once it is interrupted; the engine gives the host five."""


class Programs:
    """Starts programs and ends them. Safe to use from several threads."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()

    def start(self, interpreter: Path, request: Request, cwd: str) -> subprocess.Popen[bytes]:
        """Start ``request`` in ``interpreter``; its output is the host's output, which the engine shows."""
        reading, writing = os.pipe()
        try:
            process = subprocess.Popen(
                [str(interpreter), "-u", program.__file__, str(reading)],
                cwd=cwd,
                env=environment(interpreter),
                stdin=subprocess.DEVNULL,
                pass_fds=(reading,),
            )
        except OSError:
            os.close(writing)
            raise
        finally:
            os.close(reading)
        with self._lock:
            self._running.add(process)
        with contextlib.suppress(BrokenPipeError), os.fdopen(writing, "w", encoding="utf-8") as pipe:
            json.dump(request, pipe)
        return process

    def wait(self, process: subprocess.Popen[bytes]) -> int:
        """The code ``process`` ends with. No time limit: a program runs as long as its resources take."""
        code = process.wait()
        with self._lock:
            self._running.discard(process)
        return code

    def end(self) -> None:
        """Interrupt all that run, and kill what has not left after ``LEAVE_WITHIN`` seconds."""
        with self._lock:
            running = list(self._running)
        for process in running:
            interrupt(process)
        for process in running:
            try:
                process.wait(LEAVE_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()


def interrupt(process: subprocess.Popen[bytes]) -> None:
    """Ask ``process`` to leave; nothing happens if it already has."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGINT)
