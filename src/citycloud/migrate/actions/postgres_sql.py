# ruff: noqa: S608  (names go through identifier(), values through literal())
"""Statements that the PostgreSQL actions share: pure text. System schemas and ours are never part of what is moved.

What logical replication does not carry: https://www.postgresql.org/docs/15/logical-replication-restrictions.html
"""

from __future__ import annotations

MOVE = "citycloud_move"
"""Our schema, role, publication, subscription and slot, from the source to the target."""
BACK = "citycloud_back"
"""Publication, subscription and slot from the target to the source, after the cutover."""
FORTH_MARK, BACK_MARK, COMPARED, SCANS = "forth", "back", "compared", "scans"
FORECAST, REHEARSED, PROBED, ACCEPTED = "forecast", "rehearsed", "probed", "accepted"
"""Rows of our marker table."""

USER_SCHEMAS = (
    "n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', 'citycloud_move')"
    " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid"
    " AND d.deptype = 'e')"
)
_FROM = f"FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {USER_SCHEMAS}"

TABLES = f"SELECT n.nspname, c.relname {_FROM} AND c.relkind = 'r' AND c.relpersistence <> 't' ORDER BY 1, 2"
"""Everything that holds rows of its own: partitions, not what they are parts of."""
UNLOGGED = f"SELECT n.nspname, c.relname {_FROM} AND c.relkind = 'r' AND c.relpersistence = 'u' ORDER BY 1, 2"
RELATIONS = f"SELECT count(*) {_FROM}"
SEQUENCES = (
    "SELECT schemaname, sequencename, last_value FROM pg_sequences"
    f" WHERE last_value IS NOT NULL AND schemaname <> '{MOVE}' ORDER BY 1, 2"
)
WRITERS = (
    "SELECT rolname FROM pg_roles WHERE rolcanlogin AND NOT rolsuper AND NOT rolreplication"
    " AND rolname NOT LIKE 'pg\\_%' ORDER BY 1"
)
"""Roles of applications and people."""
LIKE_ELSEWHERE = (
    "SET TIME ZONE 'UTC'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres'; SET extra_float_digits = 1;"
    " SET bytea_output = 'hex'; SET search_path = ''"
)
"""So that a row's text is the same on every server and version."""
SCANS_SUM = (
    "SELECT count(*), coalesce(sum(('x' || substr(md5(m.oid::text || pg_catalog.md5(lo_get(m.oid))), 1, 15))"
    "::bit(60)::bigint), 0) FROM pg_catalog.pg_largeobject_metadata m"
)


def sum_of(table: str) -> str:
    """Rows of ``table`` (quoted) and two sums over their hashes: the order of rows, and so collation, does not count,
    and a row that is there twice does."""
    return (
        "SELECT count(*), coalesce(sum(('x' || substr(m, 1, 15))::bit(60)::bigint), 0),"
        " coalesce(sum(('x' || substr(m, 17, 15))::bit(60)::bigint), 0)"
        f" FROM (SELECT pg_catalog.md5(citycloud_row::text) AS m FROM ONLY {table} AS citycloud_row) AS hashes"
    )


def end_writers(database: str) -> str:
    """End every session in ``database`` (a literal) but replication's and our own; counts those that were there."""
    return (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE backend_type = 'client backend'"
        f" AND datname = {database} AND pid <> pg_backend_pid() AND application_name <> 'citycloud'"
    )


def freeze(database: str) -> list[str]:
    """Whoever comes from now on reads only, but for the superuser that replication's workers run as."""
    return [
        f"ALTER ROLE postgres IN DATABASE {database} SET default_transaction_read_only = off",
        f"ALTER DATABASE {database} SET default_transaction_read_only = on",
    ]


def thaw(database: str) -> list[str]:
    return [
        f"ALTER DATABASE {database} RESET default_transaction_read_only",
        f"ALTER ROLE postgres IN DATABASE {database} RESET default_transaction_read_only",
    ]


FROZEN = (
    "SELECT count(*) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase WHERE s.setrole = 0"
    " AND d.datname = current_database() AND 'default_transaction_read_only=on' = ANY (s.setconfig)"
)
MARKER = f"""
CREATE SCHEMA IF NOT EXISTS {MOVE};
CREATE TABLE IF NOT EXISTS {MOVE}.marker (
    name text PRIMARY KEY, n bigint NOT NULL DEFAULT 0, said text NOT NULL DEFAULT '', at timestamptz DEFAULT now());
INSERT INTO {MOVE}.marker (name) VALUES ('{FORTH_MARK}'), ('{BACK_MARK}'), ('{COMPARED}'), ('{SCANS}'),
    ('{FORECAST}'), ('{REHEARSED}'), ('{PROBED}'), ('{ACCEPTED}') ON CONFLICT DO NOTHING;
"""


def mark(name: str) -> str:
    """A change that arrives at the other side only after everything committed before it; gives its number."""
    return f"UPDATE {MOVE}.marker SET n = n + 1, at = clock_timestamp() WHERE name = '{name}' RETURNING n"


def marked(name: str) -> str:
    return f"SELECT n FROM {MOVE}.marker WHERE name = '{name}'"


def note(name: str, said: str) -> str:
    """Have the marker say what was found; ``said`` is a literal."""
    return f"UPDATE {MOVE}.marker SET n = 1, said = {said}, at = clock_timestamp() WHERE name = '{name}'"


def forget(name: str) -> str:
    return f"UPDATE {MOVE}.marker SET n = 0, said = '' WHERE name = '{name}'"


def noted(name: str) -> str:
    """What was found; no row where nothing was yet."""
    return f"SELECT said FROM {MOVE}.marker WHERE name = '{name}' AND n = 1"
