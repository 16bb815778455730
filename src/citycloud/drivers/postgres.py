"""PostgreSQL as its own superuser on its own host: psql over ssh, so that no password and no open port is needed."""

from __future__ import annotations

import csv
import io
import os
import select
import time
from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import sql

from citycloud.drivers.ssh import Ssh
from citycloud.errors import CitycloudError

APPLICATION = "citycloud"
"""application_name of our own sessions: they are not ended with an application's."""
PSQL = f"cd / && PGAPPNAME={APPLICATION} PGCLIENTENCODING=UTF8 exec runuser -u postgres -- psql --no-psqlrc --quiet"
PLAIN = "--tuples-only --csv --set=ON_ERROR_STOP=1"
DONE = "citycloud-answer-ends-here"

Row = Sequence[str]


class DatabaseFault(CitycloudError):
    """A statement failed, or a session ended."""


def identifier(*names: str) -> str:
    """Quoted, as ``"schema"."table"``."""
    return sql.Identifier(*names).as_string(None)


def literal(value: str | int) -> str:
    return sql.Literal(value).as_string(None).strip()


class Session:
    """One psql that stays: its transactions and snapshots live as long as it does. Not for several threads."""

    def __init__(self, ssh: Ssh, host: str, database: str) -> None:
        self.host = host
        self._process = ssh.session(host, f"{PSQL} {PLAIN} --dbname={identifier(database)[1:-1]!r}")
        self._left = b""
        self.ask("SET client_min_messages = warning")

    def ask(self, statements: str, seconds: float = 60) -> list[Row]:
        """The rows of ``statements`` (all of them, one after the other). Raises DatabaseFault."""
        return rows(self.text(f"{statements.rstrip().rstrip(';')};\n", seconds))

    def text(self, script: str, seconds: float = 60) -> str:
        """What psql prints for whole lines of a script, COPY with its data among them. Raises DatabaseFault."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{script}\\echo {DONE}\n".encode())
            self._process.stdin.flush()
        except OSError as fault:
            raise DatabaseFault(self._why()) from fault
        return self._answer(seconds)

    def one(self, statement: str, seconds: float = 60) -> str:
        """The only value there is; empty where there is none."""
        found = self.ask(statement, seconds)
        return found[0][0] if found and found[0] else ""

    def _answer(self, seconds: float) -> str:
        assert self._process.stdout is not None
        mark, end, out = f"{DONE}\n".encode(), time.monotonic() + seconds, self._process.stdout.fileno()
        while not (self._left == mark or self._left.endswith(b"\n" + mark)):
            left = end - time.monotonic()
            if left <= 0 or not select.select([out], [], [], left)[0]:
                self.close()
                raise DatabaseFault(f"{self.host}: no answer of PostgreSQL within {seconds:g} s")
            piece = os.read(out, 1 << 20)
            if not piece:
                raise DatabaseFault(self._why())
            self._left += piece
        answer, self._left = self._left[: -len(mark)], b""
        return answer.decode()

    def _why(self) -> str:
        """What psql said when it ended: with ON_ERROR_STOP it does at the first fault."""
        self._process.kill()
        said = self._process.stderr.read().decode(errors="replace") if self._process.stderr else ""
        return f"{self.host}: PostgreSQL: {'; '.join(said.strip().splitlines()[:4]) or 'the session ended'}"

    def close(self) -> None:
        """Roll back what is open, and end."""
        self._process.kill()
        self._process.communicate()


def rows(text: str) -> list[Row]:
    """psql's CSV; NULL and the empty text are alike."""
    csv.field_size_limit(1 << 30)
    return list(csv.reader(io.StringIO(text)))


@dataclass
class Postgres:
    """Statements in sessions of their own, and programs that come with PostgreSQL."""

    ssh: Ssh

    def ask(self, host: str, statements: str, database: str = "postgres", seconds: float = 60) -> list[Row]:
        """The rows of ``statements``. Raises CitycloudError."""
        command = f"{PSQL} {PLAIN} --dbname={identifier(database)[1:-1]!r}"
        return rows(self.ssh.run(host, command, stdin=statements, seconds=seconds))

    def one(self, host: str, statement: str, database: str = "postgres", seconds: float = 60) -> str:
        """The only value there is; empty where there is none."""
        found = self.ask(host, statement, database, seconds)
        return found[0][0] if found and found[0] else ""

    def load(self, host: str, script: str, database: str, seconds: float = 600) -> None:
        """Run a script (a dump, or COPY with its data) as a whole or not at all."""
        command = (
            f"{PSQL} --set=ON_ERROR_STOP=1 --single-transaction --dbname={identifier(database)[1:-1]!r} >/dev/null"
        )
        self.ssh.run(host, command, stdin=script, seconds=seconds)

    def program(self, host: str, command: str, seconds: float = 600) -> str:
        """``pg_dump -s ...`` and the like, as PostgreSQL's own user."""
        return self.ssh.run(host, f"cd / && exec runuser -u postgres -- {command}", seconds=seconds)

    def session(self, host: str, database: str) -> Session:
        return Session(self.ssh, host, database)

    def restart(self, host: str, port: int = 5432) -> None:
        """Start the cluster that listens on ``port`` anew (Debian's way)."""
        self.ssh.run(host, f"set -e; {CLUSTER.format(port=port)}; systemctl restart postgresql@$1-$2", seconds=120)

    def reload(self, host: str) -> None:
        self.ask(host, "SELECT pg_reload_conf()")


CLUSTER = "set -- $(pg_lsclusters --no-header | awk '$3 == {port} {{print $1, $2}}'); test -n \"$2\""
"""Version and name of the cluster on a port, as $1 and $2 of the shell."""
