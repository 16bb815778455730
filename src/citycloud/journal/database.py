"""The one seam to the Journal's database: transactions that are done once, whatever the connection goes through."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import psycopg

from citycloud import paths
from citycloud.errors import CitycloudError
from citycloud.journal.schema import POSTGRES, SQLITE
from citycloud.journal.settings import Settings

T = TypeVar("T")
Row = tuple[Any, ...]
Execute = Callable[[str, Sequence[object]], list[Row]]
"""Runs one statement, with ``?`` for its parameters, and gives back its rows."""
PATIENCE = 120.0
"""Seconds that a lost database is waited for."""


class Broken(CitycloudError):
    """The Journal can't be written or read: its disk is full, or its database is away for too long."""


class Taken(Exception):
    """A row with this key is there already."""


class Database(Protocol):
    """A connection that threads may share; they take turns."""

    postgres: bool

    def transaction(self, work: Callable[[Execute], T]) -> T:
        """All that ``work`` does, or nothing of it; durable when this returns. After a lost connection it is called
        again, so it has to see for itself whether its first call got through. Raises Broken, Taken."""

    def read(self, sql: str, values: Sequence[object]) -> list[Row]:
        """One query. Raises Broken."""

    def close(self) -> None: ...


def connect(settings: Settings, patience: float = PATIENCE) -> Database:
    """Connect, and make the tables where they are missing. Raises Broken."""
    if settings.file is not None:
        return Sqlite(settings.file)
    return Postgres(settings, patience)


class Sqlite:
    """A file in WAL mode whose commits wait for the disk."""

    postgres = False

    def __init__(self, file: Path) -> None:
        self._lock = threading.Lock()
        try:
            paths.private(file.parent) if not file.parent.exists() else None
            self._connection = sqlite3.connect(file, timeout=30, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")
            self._connection.execute("PRAGMA foreign_keys=ON")
            file.chmod(0o600)
        except (sqlite3.Error, OSError) as fault:
            raise Broken(f"{file}: {fault}") from fault
        if not self.transaction(lambda do: do("SELECT 1 FROM sqlite_master WHERE name='citycloud_no_delete'", ())):
            self.transaction(lambda do: [do(statement, ()) for statement in SQLITE])

    def transaction(self, work: Callable[[Execute], T]) -> T:
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                done = work(lambda sql, values: self._connection.execute(sql, values).fetchall())
                self._connection.execute("COMMIT")
                return done
            except sqlite3.IntegrityError as fault:
                self._back()
                raise Taken(str(fault)) from fault
            except sqlite3.Error as fault:
                self._back()
                raise Broken(f"the journal: {fault}") from fault
            except BaseException:
                self._back()
                raise

    def read(self, sql: str, values: Sequence[object]) -> list[Row]:
        with self._lock:
            try:
                return self._connection.execute(sql, values).fetchall()
            except sqlite3.Error as fault:
                raise Broken(f"the journal: {fault}") from fault

    def _back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def close(self) -> None:
        with self._lock:
            self._connection.close()


class Postgres:
    """A connection that comes back by itself when the server restarts, for ``patience`` seconds."""

    postgres = True

    def __init__(self, settings: Settings, patience: float) -> None:
        self._settings, self._patience = settings, patience
        self._lock = threading.Lock()
        self._connection: psycopg.Connection[Row] | None = None
        if not self.transaction(lambda do: do("SELECT 1 FROM pg_trigger WHERE tgname='citycloud_no_truncate'", ())):
            self.transaction(lambda do: [do(statement, ()) for statement in POSTGRES])

    def transaction(self, work: Callable[[Execute], T]) -> T:
        with self._lock:
            end = time.monotonic() + self._patience
            while True:
                try:
                    return self._once(work)
                except psycopg.errors.UniqueViolation as fault:
                    raise Taken(str(fault)) from fault
                except psycopg.OperationalError as fault:
                    # a full disk (class 53) is no lost connection, and waiting doesn't help it
                    if (fault.sqlstate or "").startswith("53") or time.monotonic() > end:
                        raise Broken(f"the journal: {str(fault).strip()}") from fault
                    self._drop()
                    time.sleep(0.25)
                except psycopg.Error as fault:
                    raise Broken(f"the journal: {str(fault).strip()}") from fault

    def read(self, sql: str, values: Sequence[object]) -> list[Row]:
        return self.transaction(lambda do: do(sql, values))

    def _once(self, work: Callable[[Execute], T]) -> T:
        connection = self._connected()
        with connection.transaction():
            return work(lambda sql, values: _rows(connection.execute(sql.replace("?", "%s").encode(), values)))

    def _connected(self) -> psycopg.Connection[Row]:
        if self._connection is None or self._connection.closed:
            self._connection = dial(self._settings)
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def close(self) -> None:
        with self._lock:
            self._drop()


def dial(settings: Settings) -> psycopg.Connection[Row]:
    """A new connection. The server drops it after twice the lease without a word, so that a machine that went dark
    loses what it holds; but not before that machine has stopped by itself. Raises psycopg.OperationalError."""
    quiet = max(round(settings.lease), 1)
    told = f"-c tcp_keepalives_idle={quiet} -c tcp_keepalives_interval={max(quiet // 3, 1)} -c tcp_keepalives_count=3"
    extra: dict[str, Any] = {"password": settings.password} if settings.password else {}
    return psycopg.connect(
        settings.url, autocommit=True, connect_timeout=5, options=told, application_name="citycloud", **extra
    )


def _rows(cursor: psycopg.Cursor[Row]) -> list[Row]:
    return cursor.fetchall() if cursor.description is not None else []
