# ruff: noqa: S608  (names go through identifier(), values through literal())
"""What the source needs before it can be replicated from: each a declared change that can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from citycloud.action import Action, Tell, World
from citycloud.errors import CitycloudError
from citycloud.migrate.actions.postgres_pair import PairAction, let_in, pass_file, shut_out
from citycloud.migrate.actions.postgres_sql import MARKER, MOVE, TABLES

if TYPE_CHECKING:
    from citycloud.drivers.postgres import Postgres


class PostgresSettings(Action):
    """Settings that take a restart (``wal_level``): the database is away for some seconds."""

    kind: ClassVar[str] = "migrate/postgres-settings"
    host: str
    settings: Mapping[str, str]
    what: str
    """What its users call it, for the downtime in the report."""
    port: int = 5432

    def reached(self, world: World) -> bool:
        now = self._now(world)
        return all(_enough(now.get(name, ""), value) for name, value in self.settings.items())

    def act(self, world: World, tell: Tell) -> None:
        from citycloud.drivers.postgres import Postgres, literal

        postgres, now = world[Postgres], self._now(world)
        for name, value in self.settings.items():
            if not _enough(now.get(name, ""), value):
                tell(f"{name} = {value} (was {now.get(name, '')})")
                postgres.ask(self.host, f"ALTER SYSTEM SET {name} = {literal(value)}")
        tell.down(self.what)
        postgres.restart(self.host, self.port)
        tell.up(self.what)

    def undo(self, world: World) -> None:
        """Back to what the configuration files say. Does nothing where ALTER SYSTEM has set none of them."""
        from citycloud.drivers.postgres import Postgres

        postgres = world[Postgres]
        names = ", ".join(f"'{name}'" for name in self.settings)
        ours = "SELECT DISTINCT name FROM pg_file_settings WHERE sourcefile LIKE '%postgresql.auto.conf'"
        if set_here := postgres.ask(self.host, f"{ours} AND name IN ({names})"):
            for row in set_here:
                postgres.ask(self.host, f"ALTER SYSTEM RESET {row[0]}")
            postgres.restart(self.host, self.port)

    def _now(self, world: World) -> dict[str, str]:
        from citycloud.drivers.postgres import Postgres

        names = ", ".join(f"'{name}'" for name in self.settings)
        found = world[Postgres].ask(self.host, f"SELECT name, setting FROM pg_settings WHERE name IN ({names})")
        return {row[0]: row[1] for row in found}


def _enough(now: str, wanted: str) -> bool:
    """Numbers count as at least so much."""
    return int(now) >= int(wanted) if now.isdigit() and wanted.isdigit() else now == wanted


class PostgresIdentity(Action):
    """Tables without a key tell their whole old row (replica identity full), so that changes to them can be sent."""

    kind: ClassVar[str] = "migrate/postgres-identity"
    host: str
    database: str
    tables: tuple[tuple[str, str], ...]
    """Schema and name."""

    def reached(self, world: World) -> bool:
        return not self._in_state(world, "relreplident <> 'f'")

    def act(self, world: World, tell: Tell) -> None:
        self._set(world, "FULL", self._in_state(world, "relreplident <> 'f'"))

    def undo(self, world: World) -> None:
        self._set(world, "DEFAULT", self._in_state(world, "relreplident = 'f'"))

    def _in_state(self, world: World, condition: str) -> list[tuple[str, str]]:
        from citycloud.drivers.postgres import Postgres

        sql = f"SELECT nspname, relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE {condition}"
        found = {(row[0], row[1]) for row in world[Postgres].ask(self.host, sql, self.database)}
        return [table for table in self.tables if table in found]

    def _set(self, world: World, identity: str, tables: list[tuple[str, str]]) -> None:
        from citycloud.drivers.postgres import Postgres, identifier

        for table in tables:
            # A table that is in use all the time must not make everyone wait behind us.
            sql = f"SET lock_timeout = '3s'; ALTER TABLE ONLY {identifier(*table)} REPLICA IDENTITY {identity}"
            world[Postgres].ask(self.host, sql, self.database)


class PostgresPublish(PairAction):
    """The source lets the target in, and publishes every table; a marker table tells how far the target has come."""

    kind: ClassVar[str] = "migrate/postgres-publish"

    def reached(self, world: World) -> bool:
        postgres = self.postgres(world)
        made = f"SELECT count(*) FROM pg_publication WHERE pubname = '{MOVE}'"
        if postgres.one(self.source, made, self.database) != "1":
            return False
        return postgres.ssh.run(self.target, f"test -s {pass_file(self.database)} && echo yes || true") == "yes\n"

    def act(self, world: World, tell: Tell) -> None:
        from citycloud.drivers.postgres import identifier

        postgres = self.postgres(world)
        let_in(postgres, self.source, self.target, self.source_address, self.target_address, self.database, self.port)
        postgres.ask(self.source, MARKER, self.database)
        tables = postgres.ask(self.source, TABLES, self.database)
        schemas = sorted({identifier(row[0]) for row in tables} | {MOVE})
        grants = [f"GRANT USAGE ON SCHEMA {one} TO {MOVE}" for one in schemas]
        grants += [f"GRANT SELECT ON ALL TABLES IN SCHEMA {one} TO {MOVE}" for one in schemas]
        postgres.ask(self.source, ";".join(grants), self.database)
        self._publish(postgres)
        tell(f"{len(tables)} tables are published")

    def _publish(self, postgres: Postgres) -> None:
        make = f"CREATE PUBLICATION {MOVE} FOR ALL TABLES"
        check = f"SELECT FROM pg_publication WHERE pubname = '{MOVE}'"
        postgres.ask(self.source, f"DO $$ BEGIN IF NOT EXISTS ({check}) THEN {make}; END IF; END $$", self.database)

    def undo(self, world: World) -> None:
        postgres = self.postgres(world)
        if slot := _slot(postgres, self.source, MOVE):
            raise CitycloudError(f"{self.source}: the target still replicates ({slot}): undo that first")
        role = f"SELECT FROM pg_roles WHERE rolname = '{MOVE}'"
        gone = f"DROP PUBLICATION IF EXISTS {MOVE}; DROP SCHEMA IF EXISTS {MOVE} CASCADE;"
        drop = f"DO $$ BEGIN IF EXISTS ({role}) THEN DROP OWNED BY {MOVE}; DROP ROLE {MOVE}; END IF; END $$"
        postgres.ask(self.source, gone + drop, self.database)
        shut_out(postgres, self.source, self.target, self.database)


def _slot(postgres: Postgres, host: str, name: str) -> str:
    return postgres.one(host, f"SELECT slot_name FROM pg_replication_slots WHERE slot_name = '{name}'")
