"""Leases: how others know whether the process that executes something still lives.

A process holds one lease for as long as it lives, and a SIGKILL takes it away at once: a lock on a file (SQLite), or a
session's advisory lock (PostgreSQL). What must hold: **nobody is taken for dead while it may still act.**

- A machine that goes dark keeps its session until the server gives it up, after twice the lease; the process on it has
  stopped by itself by then, after one lease without an answer.
- A server that restarts forgets every session's locks. So for one lease from its start nobody is taken for dead, and
  whoever does not get his lock back within one lease stops by himself. (A server that says itself that it is down is
  waited for: it serves the others as little.)
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import psycopg

from citycloud import paths
from citycloud.journal.database import Row, dial
from citycloud.journal.settings import Settings

Lost = Callable[[str], None]
"""Called, from another thread, with the reason when the lease is gone: the process must stop acting at once."""


class Lease(Protocol):
    def alive(self, holder: str) -> bool:
        """Whether ``holder`` lives, or may."""

    def release(self) -> None: ...


def hold(settings: Settings, holder: str, lost: Lost, still_mine: Callable[[], bool]) -> Lease:
    """Take the lease of ``holder``, a name that is never used again.

    ``still_mine`` says, after a lost connection, whether nobody has taken over meanwhile.
    """
    if settings.file is not None:
        return FileLease(settings.file.with_name("leases"), holder)
    return SessionLease(settings, holder, lost, still_mine)


class FileLease:
    """A locked file for each holder; the files of the dead are removed by who meets them."""

    def __init__(self, directory: Path, holder: str) -> None:
        self._directory = paths.private(directory)
        self._file = directory / holder
        self._handle = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def alive(self, holder: str) -> bool:
        try:
            handle = os.open(self._directory / holder, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)
        (self._directory / holder).unlink(missing_ok=True)
        return False

    def release(self) -> None:
        self._file.unlink(missing_ok=True)
        os.close(self._handle)


def _number(holder: str) -> int:
    """PostgreSQL's advisory locks go by signed 64-bit numbers."""
    return int.from_bytes(hashlib.sha256(holder.encode()).digest()[:8], "big", signed=True)


def down_for_all(fault: psycopg.Error) -> bool:
    """Whether the server itself says that it serves nobody, or its socket on this machine is gone: then nobody can take
    over either. A refused TCP connection is no such proof: it may be a cut line's."""
    told = str(fault)
    own = ("is starting up", "is shutting down", "is in recovery mode", "terminating connection due to administrator")
    return any(words in told for words in own) or (" on socket " in told and "failed" in told)


class SessionLease:
    """An advisory lock of a session of its own, watched from a thread."""

    def __init__(self, settings: Settings, holder: str, lost: Lost, still_mine: Callable[[], bool]) -> None:
        self._settings, self._holder, self._lost, self._still_mine = settings, holder, lost, still_mine
        self._end = threading.Event()
        self._connection: psycopg.Connection[Row] = self._locked()
        self._watcher = threading.Thread(target=self._watch, name="lease", daemon=True)
        self._watcher.start()

    def _locked(self) -> psycopg.Connection[Row]:
        """A new session that holds the lock. Raises psycopg.OperationalError; Held while another looks at it."""
        connection = dial(self._settings)
        got = connection.execute("SELECT pg_try_advisory_lock(%s)", (_number(self._holder),)).fetchone()
        if not got or not got[0]:
            connection.close()
            raise psycopg.OperationalError("the lock is not free yet")
        return connection

    def _watch(self) -> None:
        heard = time.monotonic()
        while not self._end.wait(self._settings.lease / 5):
            try:
                self._ask()
                heard = time.monotonic()
            except psycopg.Error as fault:
                if self._end.is_set():
                    return
                if down_for_all(fault):
                    heard = time.monotonic()
                elif time.monotonic() - heard > self._settings.lease * 0.8:
                    return self._lost(f"no word from the journal's database for a lease: {str(fault).strip()}")

    def _ask(self) -> None:
        if self._connection.closed or self._connection.broken:
            self._connection = self._locked()
            if not self._still_mine():
                return self._lost("another runner has taken over while the journal's database was away")
        self._connection.execute("SELECT 1")

    def alive(self, holder: str) -> bool:
        with dial(self._settings) as connection, connection.transaction():
            young = "SELECT now() - pg_postmaster_start_time() < make_interval(secs => %s)"
            fresh = connection.execute(young, (self._settings.lease,)).fetchone()
            got = connection.execute("SELECT pg_try_advisory_xact_lock(%s)", (_number(holder),)).fetchone()
        return bool((fresh and fresh[0]) or not got or not got[0])

    def release(self) -> None:
        self._end.set()
        self._watcher.join(timeout=self._settings.lease)
        self._connection.close()
