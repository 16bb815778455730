"""Runs and their Journals in a database."""

from __future__ import annotations

import getpass
import json
import os
import secrets
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain, count

from citycloud.journal.database import Database, Execute, Row, Taken
from citycloud.journal.entry import FIRST, Draft, Entry, seal
from citycloud.plan.file import canonical, digest
from citycloud.plan.model import Plan

COLUMNS = "run, number, time, what, step, host, by, told, previous, hash"
RUN = "id, digest, city, domain, subject, plan, state, workflow, opened, closed"


@dataclass(frozen=True)
class RunRow:
    """A Run as it stands. ``state``: ``open``, ``done``, ``undone`` or ``superseded``."""

    id: str
    digest: str
    plan: Plan
    state: str
    workflow: str
    """The durable workflow that executes it, or did last; "" before the first."""
    opened: str
    closed: str

    @property
    def open(self) -> bool:
        return self.state == "open"


def me() -> str:
    """Who writes: ``user@machine#process``."""
    return f"{_machine()}#{os.getpid()}"


@lru_cache(maxsize=1)
def _machine() -> str:
    return f"{getpass.getuser()}@{socket.gethostname()}"


@dataclass
class Journal:
    """Every way that Runs and entries are written and read. Raises Broken everywhere."""

    database: Database
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def append(self, run: str, drafts: Sequence[Draft]) -> list[Entry]:
        """Write entries at the Journal's end, all or none; durable when this returns."""
        mark = secrets.token_hex(8)
        return self.database.transaction(lambda do: self._append(do, run, drafts, mark))

    def _append(self, do: Execute, run: str, drafts: Sequence[Draft], mark: str) -> list[Entry]:
        if self.database.postgres:
            do("SELECT 1 FROM citycloud_runs WHERE id = ? FOR UPDATE", (run,))  # writers of one Journal take turns
            there = do(f"SELECT {COLUMNS} FROM citycloud_journal WHERE mark = ? ORDER BY number", (mark,))  # noqa: S608
            if there:  # a first call got through, and only its answer was lost
                return [entry_of(row) for row in there]
        last = do("SELECT number, hash FROM citycloud_journal WHERE run = ? ORDER BY number DESC LIMIT 1", (run,))
        number, previous = last[0] if last else (0, FIRST)
        written = []
        for draft in drafts:
            number += 1
            entry = seal(run, number, previous, self.now(), me(), draft)
            do(
                f"INSERT INTO citycloud_journal ({COLUMNS}, mark) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
                (*list(entry.content().values())[:7], canonical(entry.told), previous, entry.hash, mark),
            )
            previous = entry.hash
            written.append(entry)
        return written

    def now(self) -> str:
        return self.clock().astimezone(UTC).isoformat(timespec="microseconds")

    def entries(self, run: str, after: int = 0) -> list[Entry]:
        """The entries with numbers above ``after``."""
        sql = f"SELECT {COLUMNS} FROM citycloud_journal WHERE run = ? AND number > ? ORDER BY number"  # noqa: S608
        return [entry_of(row) for row in self.database.read(sql, (run, after))]

    def open(self, plan: Plan, first: Sequence[Draft]) -> RunRow | None:
        """Open a Run of ``plan``, whose Journal begins with ``first``; None if one of its digest or subject is open."""
        mark = secrets.token_hex(8)

        def work(do: Execute) -> str:
            stem = f"{plan.domain}-{plan.subject}-{digest(plan)[:8]}"
            names = {row[0] for row in do("SELECT id FROM citycloud_runs WHERE digest = ?", (digest(plan),))}
            id_ = next(name for name in chain([stem], (f"{stem}-{n}" for n in count(2))) if name not in names)
            values = (id_, digest(plan), plan.city, plan.domain, plan.subject, canonical(plan), "open", "", self.now())
            do(f"INSERT INTO citycloud_runs ({RUN}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '')", values)  # noqa: S608
            self._append(do, id_, first, mark)
            return id_

        try:
            return self.run(self.database.transaction(work))
        except Taken:
            return None

    def run(self, id_: str) -> RunRow | None:
        return next(iter(self._runs("WHERE id = ?", id_)), None)

    def open_run(self, plan: Plan) -> RunRow | None:
        """The open Run of the plan's digest."""
        return next(iter(self._runs("WHERE digest = ? AND state = 'open'", digest(plan))), None)

    def runs_of(self, city: str, domain: str, subject: str) -> list[RunRow]:
        """Runs of one subject, latest first."""
        return self._runs("WHERE city = ? AND domain = ? AND subject = ? ORDER BY opened DESC", city, domain, subject)

    def runs(self, *, open_only: bool = False) -> list[RunRow]:
        """All Runs, latest first."""
        return self._runs("WHERE state = 'open' ORDER BY opened DESC" if open_only else "ORDER BY opened DESC")

    def _runs(self, rest: str, *values: object) -> list[RunRow]:
        sql = f"SELECT {RUN} FROM citycloud_runs {rest}"  # noqa: S608 (our own words)
        return [_run(row) for row in self.database.read(sql, values)]

    def take(self, run: str, old: str, new: str, draft: Draft) -> bool:
        """Make ``new`` the Run's workflow in place of ``old``; False if another was quicker."""
        mark = secrets.token_hex(8)

        def work(do: Execute) -> bool:
            if do("SELECT 1 FROM citycloud_journal WHERE mark = ?", (mark,)):
                return True
            if not do(
                "UPDATE citycloud_runs SET workflow = ? WHERE id = ? AND workflow = ? RETURNING 1", (new, run, old)
            ):
                return False
            self._append(do, run, [draft], mark)
            return True

        return self.database.transaction(work)

    def move(self, run: str, state: str, drafts: Sequence[Draft]) -> bool:
        """Give the Run another state, and say so in its Journal; False if another open Run stands against it."""
        mark = secrets.token_hex(8)

        def work(do: Execute) -> bool:
            closed = "" if state == "open" else self.now()
            do("UPDATE citycloud_runs SET state = ?, closed = ? WHERE id = ?", (state, closed, run))
            self._append(do, run, drafts, mark)
            return True

        try:
            return self.database.transaction(work)
        except Taken:
            return False


def entry_of(row: Row) -> Entry:
    """The Entry in a row of COLUMNS."""
    run, number, time, what, step, host, by, told, previous, hash_ = row
    return Entry(run, number, time, what, step, host, by, json.loads(told), previous, hash_)


def _run(row: Row) -> RunRow:
    return RunRow(row[0], row[1], Plan.model_validate_json(row[5]), row[6], row[7], row[8], row[9])
