# ruff: noqa: S608  (names go through identifier(), values through literal())
"""Copying and following: a subscription at the target, from the copy of every table to changes as they come."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from citycloud.action import Tell, World
from citycloud.errors import CitycloudError
from citycloud.migrate.actions.postgres_pair import PairAction, conninfo, stands
from citycloud.migrate.actions.postgres_sql import FORTH_MARK, FROZEN, MOVE, TABLES, mark, marked

if TYPE_CHECKING:
    from citycloud.drivers.postgres import Postgres, Session

LOOK = 1.0
"""Seconds between two looks."""
STATES = "SELECT count(*), count(*) FILTER (WHERE srsubstate = 'r') FROM pg_subscription_rel"


class PostgresReplicate(PairAction):
    """Every table is copied, and what is written meanwhile follows. Resumable: a table that was copied is not copied
    again; one whose copy was cut off begins anew (its own transaction, nothing is there twice)."""

    kind: ClassVar[str] = "migrate/postgres-replicate"
    settled_seconds: float = 2.0
    """How far the target may be behind for this to count as reached."""

    def reached(self, world: World) -> bool:
        postgres = self.postgres(world)
        enabled = f"SELECT count(*) FROM pg_subscription WHERE subname = '{MOVE}' AND subenabled"
        if postgres.one(self.target, enabled, self.database) != "1":
            return False
        total, ready = map(int, postgres.ask(self.target, STATES, self.database)[0])
        return total > 0 and total == ready

    def act(self, world: World, tell: Tell) -> None:
        postgres = self.postgres(world)
        if postgres.one(self.source, FROZEN, self.database) != "0":
            raise CitycloudError(f"{self.source} takes no writes: it is being cut over, or was; undo the cutover first")
        if not self._subscribed(postgres):
            self._subscribe(postgres)
        postgres.ask(self.target, f"ALTER SUBSCRIPTION {MOVE} ENABLE", self.database)
        self._copied(postgres, tell)
        tell.measure("lag", self.lag(postgres, tell), "s")

    def _subscribed(self, postgres: Postgres) -> bool:
        asked = f"SELECT count(*) FROM pg_subscription WHERE subname = '{MOVE}'"
        return postgres.one(self.target, asked, self.database) == "1"

    def _subscribe(self, postgres: Postgres) -> None:
        from citycloud.drivers.postgres import literal

        same_tables(postgres, self.source, self.target, self.database)
        # A crash between the slot's making at the source and the catalog's at the target leaves a slot without owner.
        drop_slots(postgres, self.source, self.database)
        way = literal(conninfo(self.source_address, self.port, self.database))
        empty = self._not_empty(postgres)
        postgres.ask(self.target, f"{empty} CREATE SUBSCRIPTION {MOVE} CONNECTION {way} PUBLICATION {MOVE}",
                     self.database, 120)  # fmt: skip

    def _not_empty(self, postgres: Postgres) -> str:
        """Rows of an earlier attempt that was undone would be there twice."""
        from citycloud.drivers.postgres import identifier

        tables = [identifier(*row) for row in postgres.ask(self.target, TABLES, self.database)]
        tables.append(f"{MOVE}.marker")
        return f"TRUNCATE {', '.join(tables)} CASCADE;" if tables else ""

    def _copied(self, postgres: Postgres, tell: Tell) -> None:
        size = "SELECT pg_database_size(current_database())"
        while True:
            total, ready = map(int, postgres.ask(self.target, STATES, self.database)[0])
            tell.measure("copied", int(postgres.one(self.target, size, self.database)), "bytes")
            tell.measure("tables ready", ready, "tables")
            if total and ready == total:
                tell(f"{total} tables are copied")
                return
            tell.check()
            time.sleep(LOOK)

    def lag(self, postgres: Postgres, tell: Tell) -> float:
        """Seconds that a change takes to the target now."""
        source, target = (postgres.session(host, self.database) for host in (self.source, self.target))
        try:
            began = time.monotonic()
            arrived(target, FORTH_MARK, int(source.one(mark(FORTH_MARK))), tell.left().total_seconds())
            return round(time.monotonic() - began, 3)
        finally:
            source.close()
            target.close()

    def undo(self, world: World) -> None:
        """The slot at the source goes with it: one that is left would keep the source's log for ever."""
        postgres = self.postgres(world)
        if stands(postgres, self.target, self.database) and self._subscribed(postgres):
            off = f"ALTER SUBSCRIPTION {MOVE} DISABLE; ALTER SUBSCRIPTION {MOVE} SET (slot_name = NONE);"
            postgres.ask(self.target, off + f"DROP SUBSCRIPTION {MOVE}", self.database)
        drop_slots(postgres, self.source, self.database)


def arrived(at: Session, name: str, number: int, seconds: float) -> None:
    """Wait until the mark ``number`` is there. Raises CitycloudError."""
    end = time.monotonic() + seconds
    while int(at.one(marked(name)) or -1) < number:
        if time.monotonic() > end:
            raise CitycloudError(f"{at.host}: the last changes have not come within {seconds:.0f} s")
        time.sleep(0.005)


def same_tables(postgres: Postgres, source: str, target: str, database: str) -> None:
    """Raises CitycloudError where the schema has changed since it was carried over: changes to it do not replicate."""
    columns = (
        "SELECT n.nspname || '.' || c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)"
        f" FROM ({TABLES}) t JOIN pg_namespace n USING (nspname)"
        " JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.relname"
        " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
    )
    here, there = ({row[0] for row in postgres.ask(host, columns, database)} for host in (source, target))
    if here != there:
        odd = ", ".join(sorted(here ^ there)[:5])
        raise CitycloudError(f"{source} and {target} have not the same columns: {odd}: undo to the target's step")


def drop_slots(postgres: Postgres, host: str, database: str, name: str = MOVE) -> None:
    """Ours and those of its workers that copy tables."""
    from citycloud.drivers.postgres import literal

    which = f"database = {literal(database)} AND (slot_name = '{name}' OR slot_name LIKE 'pg\\_%\\_sync\\_%')"
    postgres.ask(host, f"SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE {which} AND active")
    for _ in range(50):
        if postgres.one(host, f"SELECT count(*) FROM pg_replication_slots WHERE {which} AND active") == "0":
            break
        time.sleep(0.1)
    postgres.ask(host, f"SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE {which}")
