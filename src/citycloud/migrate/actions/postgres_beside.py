# ruff: noqa: S608  (names go through identifier(), values through literal())
"""What logical replication leaves out: sequences, large objects, unlogged tables. Carried by us, and compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from citycloud.action import Tell, World
from citycloud.errors import CitycloudError
from citycloud.migrate.actions.postgres_pair import PairAction
from citycloud.migrate.actions.postgres_sql import MOVE, SCANS, SEQUENCES, UNLOGGED

if TYPE_CHECKING:
    from citycloud.drivers.postgres import Postgres, Session

BATCH = 8 << 20
"""About so many bytes of large objects go in one piece."""
LARGEST = 256 << 20
"""Bytes of one large object: it is held in memory as hexadecimal digits."""
SIZES = (
    "SELECT m.oid, coalesce((SELECT (max(p.pageno) + 1) * 2048::bigint FROM pg_largeobject p WHERE p.loid = m.oid), 0)"
    " FROM pg_largeobject_metadata m ORDER BY 1"
)
OLDEST = "SELECT txid_snapshot_xmin(txid_current_snapshot()) % 4294967296"
"""No transaction before this one is still under way."""


class PostgresLargeObjects(PairAction):
    """Large objects: all of them once while the source serves; the cutover carries what has changed since."""

    kind: ClassVar[str] = "migrate/postgres-large-objects"

    def reached(self, world: World) -> bool:
        postgres = self.postgres(world)
        missing = set(_sizes(postgres, self.source, self.database)) - set(_sizes(postgres, self.target, self.database))
        return not missing and since(postgres, self.source, self.database) > 0

    def act(self, world: World, tell: Tell) -> None:
        postgres = self.postgres(world)
        begun = int(postgres.one(self.source, OLDEST, self.database))
        sizes, there = (_sizes(postgres, host, self.database) for host in (self.source, self.target))
        wanted = {oid: size for oid, size in sizes.items() if oid not in there}
        sent = 0
        for batch in batches(wanted):
            carry(postgres, self.source, self.target, self.database, batch)
            sent += sum(wanted[oid] for oid in batch)
            tell.measure("large objects", sent, "bytes")
            tell.check()
        note = f"UPDATE {MOVE}.marker SET n = {begun} WHERE name = '{SCANS}'"
        postgres.ask(self.source, note, self.database)
        tell(f"{len(wanted)} large objects carried, {len(there)} were there")

    def undo(self, world: World) -> None:
        """What was carried goes with the target's database; here only the note that a first pass was made."""
        postgres = self.postgres(world)
        there = f"SELECT to_regclass('{MOVE}.marker') IS NOT NULL"
        if postgres.one(self.source, there, self.database) == "t":
            forget = f"UPDATE {MOVE}.marker SET n = 0 WHERE name = '{SCANS}'"
            postgres.ask(self.source, forget, self.database)


def since(postgres: Postgres, host: str, database: str) -> int:
    """From which transaction on a large object counts as changed; 0 before the first pass."""
    return int(postgres.one(host, f"SELECT n FROM {MOVE}.marker WHERE name = '{SCANS}'", database) or 0)


def _sizes(postgres: Postgres, host: str, database: str) -> dict[int, int]:
    return {int(row[0]): int(row[1]) for row in postgres.ask(host, SIZES, database, 300)}


def batches(sizes: dict[int, int]) -> list[list[int]]:
    """Oids that go together. Raises CitycloudError for one that is too large."""
    found: list[list[int]] = []
    filled = 0
    for oid, size in sizes.items():
        if size > LARGEST:
            raise CitycloudError(f"large object {oid} has {size >> 20} MiB; at most {LARGEST >> 20} are carried")
        if not found or filled + size > BATCH:
            found.append([])
            filled = 0
        found[-1].append(oid)
        filled += size
    return found


def carry(postgres: Postgres, source: str, target: str, database: str, oids: list[int]) -> None:
    """Make ``oids`` at the target what they are at the source, owner too. Can be done again."""
    if not oids:
        return
    chosen = ", ".join(map(str, oids))
    sql = (
        "SELECT oid, quote_ident(pg_get_userbyid(lomowner)), encode(lo_get(oid), 'hex') FROM pg_largeobject_metadata"
        f" WHERE oid IN ({chosen})"
    )
    rows = postgres.ask(source, sql, database, 300)
    lines = [f"SELECT lo_unlink(oid) FROM pg_largeobject_metadata WHERE oid IN ({chosen});"]
    for oid, owner, content in rows:
        lines.append(f"SELECT lo_from_bytea({oid}, '\\x{content}');")
        lines.append(f"ALTER LARGE OBJECT {oid} OWNER TO {owner};")
    postgres.load(target, "\n".join(lines), database)


def carry_last(postgres: Postgres, source: Session, target: Session, database: str, changed_since: int) -> int:
    """What has changed since that transaction at a source that takes no writes any more. How many objects it was."""
    young = f"age(xmin) <= age('{changed_since}'::xid)"
    fresh = (
        f"SELECT DISTINCT loid FROM pg_largeobject WHERE {young}"
        f" UNION SELECT oid FROM pg_largeobject_metadata WHERE {young}"
    )
    known = "SELECT oid FROM pg_largeobject_metadata"
    here, there = ({int(row[0]) for row in side.ask(known)} for side in (source, target))
    wanted = {int(row[0]) for row in source.ask(fresh)} | (here - there)
    if gone := there - here:
        target.ask(f"SELECT lo_unlink(oid) FROM unnest(ARRAY[{', '.join(map(str, sorted(gone)))}]::oid[]) AS oid")
    sizes = {int(row[0]): int(row[1]) for row in source.ask(SIZES)} if wanted & here else {}
    for batch in batches({oid: sizes[oid] for oid in sorted(wanted & here)}):
        carry(postgres, source.host, target.host, database, batch)
    return len(wanted) + len(gone)


def set_sequences(source: Session, target: Session) -> int:
    """Every sequence at the target to where the source's stands. How many there are."""
    from citycloud.drivers.postgres import identifier, literal

    found = source.ask(SEQUENCES)
    if found:
        values = (f"SELECT setval({literal(identifier(row[0], row[1]))}, {row[2]}, true)" for row in found)
        target.ask(";".join(values))
    return len(found)


def copy_unlogged(source: Session, target: Session) -> int:
    """Unlogged tables, whole, in one transaction. How many there are."""
    from citycloud.drivers.postgres import identifier

    script = ["BEGIN;", "SET LOCAL session_replication_role = replica;"]
    tables = [identifier(row[0], row[1]) for row in source.ask(UNLOGGED)]
    for name in tables:
        data = source.text(f"COPY {name} TO STDOUT;\n", 600)
        script += [f"DELETE FROM {name};", f"COPY {name} FROM STDIN;\n{data}\\."]
    if tables:
        target.text("\n".join([*script, "COMMIT;", ""]), 600)
    return len(tables)
