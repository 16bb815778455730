# ruff: noqa: S608  (names go through identifier(), values through literal())
"""The way back: from the target to the source, set up before writes open at the target, so that nothing is lost.

The slot at the target is made while nobody writes, and keeps everything from that moment on; the source's subscription
is made switched off, knows its tables from the start, and is switched on after the comparison.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, ClassVar

from citycloud.action import Tell, World
from citycloud.errors import CitycloudError
from citycloud.migrate.actions.postgres_beside import OLDEST, carry_last, copy_unlogged, set_sequences
from citycloud.migrate.actions.postgres_pair import PairAction, conninfo
from citycloud.migrate.actions.postgres_replicate import arrived
from citycloud.migrate.actions.postgres_sql import (
    BACK,
    BACK_MARK,
    COMPARED,
    MOVE,
    SCANS,
    WRITERS,
    end_writers,
    mark,
    marked,
)

if TYPE_CHECKING:
    from citycloud.drivers.postgres import Postgres, Session


class PostgresReverse(PairAction):
    """What users write at the target goes to the source as well, until the move is accepted."""

    kind: ClassVar[str] = "migrate/postgres-reverse"

    def reached(self, world: World) -> bool:
        on = f"SELECT count(*) FROM pg_subscription WHERE subname = '{BACK}' AND subenabled"
        return self.postgres(world).one(self.source, on, self.database) == "1"

    def act(self, world: World, tell: Tell) -> None:
        postgres = self.postgres(world)
        enable(postgres, self.source, self.database)
        tell.measure("lag back", arrive(postgres, self, tell.left().total_seconds()), "s")
        tell(f"{self.source} has what was written at {self.target}")

    def undo(self, world: World) -> None:
        """It is switched off; the slot keeps what is written from then on, for the cutover's own way back."""
        postgres = self.postgres(world)
        if self.reached(world):
            postgres.ask(self.source, f"ALTER SUBSCRIPTION {BACK} DISABLE", self.database)


def prepare(postgres: Postgres, pair: PairAction) -> None:
    """All of the way back that can be made while the source serves."""
    from citycloud.drivers.postgres import identifier, literal

    check = f"SELECT FROM pg_publication WHERE pubname = '{BACK}'"
    make = f"CREATE PUBLICATION {BACK} FOR ALL TABLES"
    grants = f"GRANT USAGE ON SCHEMA {MOVE} TO {MOVE}; GRANT SELECT ON ALL TABLES IN SCHEMA {MOVE} TO {MOVE};"
    make_it = f"{grants} DO $$ BEGIN IF NOT EXISTS ({check}) THEN {make}; END IF; END $$"
    postgres.ask(pair.target, make_it, pair.database)
    postgres.ask(pair.target, f"GRANT CONNECT ON DATABASE {identifier(pair.database)} TO {MOVE}")
    there = f"SELECT count(*) FROM pg_subscription WHERE subname = '{BACK}'"
    if postgres.one(pair.source, there, pair.database) == "0":
        way = literal(conninfo(pair.target_address, pair.port, pair.database))
        options = f"connect = true, enabled = false, create_slot = false, slot_name = {BACK}, copy_data = false"
        sql = f"CREATE SUBSCRIPTION {BACK} CONNECTION {way} PUBLICATION {BACK} WITH ({options})"
        postgres.ask(pair.source, sql, pair.database)


def slot(target: Session) -> None:
    """Everything that is written from now on is kept for the source."""
    target.ask(f"UPDATE {MOVE}.marker SET n = ({OLDEST}), at = clock_timestamp() WHERE name = '{SCANS}'")
    target.ask(
        f"SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '{BACK}';"
        f" SELECT pg_create_logical_replication_slot('{BACK}', 'pgoutput')"
    )


def written(postgres: Postgres, target: str) -> bool:
    """Whether the target has been open: the slot is there then, and only then."""
    return postgres.one(target, f"SELECT count(*) FROM pg_replication_slots WHERE slot_name = '{BACK}'") == "1"


def drop_slot(postgres: Postgres, target: str) -> None:
    sql = f"FROM pg_replication_slots WHERE slot_name = '{BACK}'"
    postgres.ask(target, f"SELECT pg_terminate_backend(active_pid) {sql} AND active")
    postgres.ask(target, f"SELECT pg_sleep(0.2); SELECT pg_drop_replication_slot(slot_name) {sql}")


def writers(postgres: Postgres, source: str) -> list[str]:
    """Roles of applications and people."""
    return [row[0] for row in postgres.ask(source, WRITERS)]


def is_open(postgres: Postgres, target: str, source: str) -> bool:
    """Whether applications may log in at the target."""
    from citycloud.drivers.postgres import literal

    roles = ", ".join(literal(role) for role in writers(postgres, source))
    if not roles:
        return False
    sql = f"SELECT count(*) FROM pg_roles WHERE rolname IN ({roles}) AND NOT rolcanlogin"
    return postgres.one(target, sql) == "0"


def open_(session: Session, roles: list[str]) -> None:
    """In one transaction: all of them, or none."""
    from citycloud.drivers.postgres import identifier

    session.ask("; ".join(["BEGIN", *(f"ALTER ROLE {identifier(role)} LOGIN" for role in roles), "COMMIT"]))


def close(postgres: Postgres, pair: PairAction) -> None:
    """Nobody writes at the target any more."""
    from citycloud.drivers.postgres import identifier, literal

    for role in writers(postgres, pair.source):
        postgres.ask(pair.target, f"ALTER ROLE {identifier(role)} NOLOGIN")
    for _ in range(3):
        postgres.ask(pair.target, end_writers(literal(pair.database)))


def enable(postgres: Postgres, source: str, database: str) -> None:
    postgres.ask(source, f"ALTER SUBSCRIPTION {BACK} ENABLE", database)


def compared(postgres: Postgres, target: str, database: str) -> str:
    """What the comparison found; empty before it."""
    return postgres.one(target, f"SELECT said FROM {MOVE}.marker WHERE name = '{COMPARED}' AND n = 1", database)


def arrive(postgres: Postgres, pair: PairAction, seconds: float) -> float:
    """Wait until what is written at the target by now is at the source. Seconds that it took."""
    with ExitStack() as stack:
        source, target = (postgres.session(host, pair.database) for host in (pair.source, pair.target))
        stack.callback(source.close)
        stack.callback(target.close)
        began = time.monotonic()
        arrived(source, BACK_MARK, int(target.one(mark(BACK_MARK))), seconds)
        return round(time.monotonic() - began, 3)


def bring(postgres: Postgres, pair: PairAction, seconds: float) -> None:
    """Everything of a target that takes no writes to the source: changes, sequences, large objects, unlogged tables."""
    enable(postgres, pair.source, pair.database)
    with ExitStack() as stack:
        source, target = (postgres.session(host, pair.database) for host in (pair.source, pair.target))
        stack.callback(source.close)
        stack.callback(target.close)
        arrived(source, BACK_MARK, int(target.one(mark(BACK_MARK))), seconds)
        set_sequences(target, source)
        changed_since = int(target.one(marked(SCANS)))
        carry_last(postgres, target, source, pair.database, changed_since)
        copy_unlogged(target, source)


def hold(postgres: Postgres, pair: PairAction) -> None:
    """The source takes no more changes until the way back is switched on again."""
    postgres.ask(pair.source, f"ALTER SUBSCRIPTION {BACK} DISABLE", pair.database)


def rearm(postgres: Postgres, pair: PairAction) -> None:
    """Both sides are alike now: changes at the source go to the target again from here on, and not what came back."""
    sql = f"FROM pg_replication_slots WHERE slot_name = '{MOVE}'"
    if postgres.one(pair.source, f"SELECT count(*) {sql}") != "1":
        raise CitycloudError(f"{pair.source}: its slot is gone: undo to the step that replicates, too")
    postgres.ask(pair.source, f"SELECT pg_replication_slot_advance(slot_name, pg_current_wal_flush_lsn()) {sql}",
                 pair.database)  # fmt: skip


def dismantle(postgres: Postgres, pair: PairAction) -> None:
    """The way back is taken away, and replication goes on as before the cutover."""
    there = f"SELECT count(*) FROM pg_subscription WHERE subname = '{BACK}'"
    if postgres.one(pair.source, there, pair.database) == "1":
        off = f"ALTER SUBSCRIPTION {BACK} DISABLE; ALTER SUBSCRIPTION {BACK} SET (slot_name = NONE);"
        postgres.ask(pair.source, f"{off} DROP SUBSCRIPTION {BACK}", pair.database)
    if written(postgres, pair.target):
        drop_slot(postgres, pair.target)
    forget = f"UPDATE {MOVE}.marker SET n = 0, said = '' WHERE name = '{COMPARED}'"
    postgres.ask(pair.target, f"DROP PUBLICATION IF EXISTS {BACK}; {forget}", pair.database)
    postgres.ask(pair.target, f"ALTER SUBSCRIPTION {MOVE} ENABLE", pair.database)
