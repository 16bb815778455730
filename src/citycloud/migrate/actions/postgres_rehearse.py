# ruff: noqa: S608  (names go through identifier(), values through literal())
"""Before the cutover: what it will take, measured; and a test start on a clone that nobody else sees."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from citycloud.action import Tell, World
from citycloud.errors import CitycloudError
from citycloud.migrate.actions.postgres_beside import since
from citycloud.migrate.actions.postgres_pair import PairAction, marks, stands
from citycloud.migrate.actions.postgres_replicate import PostgresReplicate
from citycloud.migrate.actions.postgres_sql import (
    FORECAST,
    REHEARSED,
    SEQUENCES,
    TABLES,
    UNLOGGED,
    forget,
    note,
    noted,
)

if TYPE_CHECKING:
    from citycloud.drivers.postgres import Postgres

LOOKS = 3
FIXED = 1.0
"""Seconds that a cutover takes whatever there is to carry: ending writers, leading clients on, opening."""
RATE = 20 << 20
"""Bytes a second at which large objects and unlogged tables are reckoned to go, as hexadecimal digits through ssh."""


class PostgresForecast(PairAction):
    """How long writes will be refused, from what is seen now. A cutover that can't keep to its limit is refused."""

    kind: ClassVar[str] = "migrate/postgres-forecast"
    most_seconds: float

    def reached(self, world: World) -> bool:
        return noted_at(self.postgres(world), self.target, self.database, FORECAST) != ""

    def act(self, world: World, tell: Tell) -> None:
        from citycloud.drivers.postgres import literal

        postgres = self.postgres(world)
        pair = self.model_dump(exclude={"most_seconds"})
        lags = [PostgresReplicate(**pair).lag(postgres, tell) for _ in range(LOOKS)]
        for lag in lags:
            tell.measure("lag", lag, "s")
        beside = self._beside(postgres)
        seconds = FIXED + max(lags) + beside / RATE
        said = (
            f"{seconds:.1f} s: last changes {max(lags):.2f} s, {beside} bytes beside replication, {FIXED:g} s besides"
        )
        tell.measure("writes refused, forecast", round(seconds, 2), "s")
        if seconds > self.most_seconds:
            raise CitycloudError(f"writes would be refused for {said}; allowed are {self.most_seconds:g} s")
        postgres.ask(self.target, note(FORECAST, literal(said)), self.database)

    def _beside(self, postgres: Postgres) -> int:
        """Bytes of unlogged tables, and of large objects that have changed since the first pass."""
        start = since(postgres, self.source, self.database)
        young = f"SELECT count(*) * 2048 FROM pg_largeobject WHERE age(xmin) <= age('{max(start, 3)}'::xid)"
        each = "pg_relation_size(format('%I.%I', nspname, relname)::regclass)"
        size = f"SELECT coalesce(sum({each}), 0) FROM ({UNLOGGED}) u"
        return sum(int(postgres.one(self.source, sql, self.database, 300) or 0) for sql in (young, size))

    def undo(self, world: World) -> None:
        forget_at(self.postgres(world), self.target, self.database, FORECAST)


class PostgresRehearse(PairAction):
    """A clone of the target's database is started, written to as after a cutover, compared, and taken away again."""

    kind: ClassVar[str] = "migrate/postgres-rehearse"

    @property
    def clone(self) -> str:
        return f"{self.database}_rehearsal"

    def reached(self, world: World) -> bool:
        return noted_at(self.postgres(world), self.target, self.database, REHEARSED) != ""

    def act(self, world: World, tell: Tell) -> None:
        from citycloud.drivers.postgres import literal

        postgres, began = self.postgres(world), time.monotonic()
        self._drop(postgres)
        self._make(postgres)
        try:
            said = self._try(postgres)
        finally:
            self._drop(postgres)
        tell(said)
        tell.measure("rehearsal", round(time.monotonic() - began, 1), "s")
        postgres.ask(self.target, note(REHEARSED, literal(said)), self.database)

    def _make(self, postgres: Postgres) -> None:
        """By dump: a template may not be in use, and the subscription does not stop for a rehearsal."""
        import shlex

        new, old = shlex.quote(self.clone), shlex.quote(self.database)
        make = f"createdb --template=template0 --encoding=UTF8 --locale=C.UTF-8 {new}"
        dump = f"pg_dump --no-subscriptions --no-publications {old}"
        fill = f"psql -Xqv ON_ERROR_STOP=1 --output=/dev/null {new}"
        postgres.program(self.target, f"bash -c {shlex.quote(f'set -eo pipefail; {make}; {dump} | {fill}')}", 3600)

    def _try(self, postgres: Postgres) -> str:
        """Sequences as the cutover will set them, a next value of each, and a look into every table."""
        from citycloud.drivers.postgres import identifier, literal

        sequences = postgres.ask(self.source, SEQUENCES, self.database)
        for row in sequences:
            name = literal(identifier(row[0], row[1]))
            ahead = f"SELECT setval({name}, {row[2]}, true); SELECT nextval({name}) <> {row[2]}"
            if postgres.ask(self.target, ahead, self.clone)[-1][0] != "t":
                raise CitycloudError(f"{self.clone}: {row[0]}.{row[1]} gives out a number again")
        tables = postgres.ask(self.target, TABLES, self.clone)
        rows = [
            int(postgres.one(self.target, f"SELECT count(*) FROM ONLY {identifier(*table)}", self.clone, 600))
            for table in tables
        ]
        return f"a clone with {len(tables)} tables and {sum(rows)} rows started; {len(sequences)} sequences go on"

    def _drop(self, postgres: Postgres) -> None:
        from citycloud.drivers.postgres import identifier

        postgres.ask(self.target, f"DROP DATABASE IF EXISTS {identifier(self.clone)} WITH (FORCE)")

    def undo(self, world: World) -> None:
        postgres = self.postgres(world)
        if stands(postgres, self.target, "postgres"):
            self._drop(postgres)
        forget_at(postgres, self.target, self.database, REHEARSED)


def noted_at(postgres: Postgres, host: str, database: str, name: str) -> str:
    """What the marker says; empty where it says nothing, or is not there."""
    return postgres.one(host, noted(name), database) if marks(postgres, host, database) else ""


def forget_at(postgres: Postgres, host: str, database: str, name: str) -> None:
    if marks(postgres, host, database):
        postgres.ask(host, forget(name), database)
