"""The tables: a Journal that refuses to be changed, and the Runs. The same in SQLite and in PostgreSQL."""

from __future__ import annotations

TABLES = (
    """CREATE TABLE IF NOT EXISTS citycloud_runs (
        id TEXT PRIMARY KEY,
        digest TEXT NOT NULL,
        city TEXT NOT NULL,
        domain TEXT NOT NULL,
        subject TEXT NOT NULL,
        plan TEXT NOT NULL,
        state TEXT NOT NULL,
        workflow TEXT NOT NULL,
        opened TEXT NOT NULL,
        closed TEXT NOT NULL
    )""",
    # one open Run of a digest, and one of a subject: two plans for one department would pull at the same machines
    "CREATE UNIQUE INDEX IF NOT EXISTS citycloud_one_open ON citycloud_runs (digest) WHERE state = 'open'",
    """CREATE UNIQUE INDEX IF NOT EXISTS citycloud_one_subject ON citycloud_runs (city, domain, subject)
       WHERE state = 'open'""",
    """CREATE TABLE IF NOT EXISTS citycloud_journal (
        run TEXT NOT NULL REFERENCES citycloud_runs (id),
        number INTEGER NOT NULL,
        time TEXT NOT NULL,
        what TEXT NOT NULL,
        step TEXT NOT NULL,
        host TEXT NOT NULL,
        by TEXT NOT NULL,
        told TEXT NOT NULL,
        previous TEXT NOT NULL,
        hash TEXT NOT NULL,
        mark TEXT NOT NULL,
        PRIMARY KEY (run, number)
    )""",
    "CREATE INDEX IF NOT EXISTS citycloud_journal_mark ON citycloud_journal (mark)",
)

SQLITE = (
    *TABLES,
    """CREATE TRIGGER IF NOT EXISTS citycloud_no_update BEFORE UPDATE ON citycloud_journal
       BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
    """CREATE TRIGGER IF NOT EXISTS citycloud_no_delete BEFORE DELETE ON citycloud_journal
       BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
)

POSTGRES = (
    # several workers may come up at once, and IF NOT EXISTS alone is no protection against that
    "SELECT pg_advisory_xact_lock(hashtext('citycloud schema'))",
    *TABLES,
    """CREATE OR REPLACE FUNCTION citycloud_refuse() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$""",
    """CREATE OR REPLACE TRIGGER citycloud_no_change BEFORE UPDATE OR DELETE ON citycloud_journal
       FOR EACH ROW EXECUTE FUNCTION citycloud_refuse()""",
    """CREATE OR REPLACE TRIGGER citycloud_no_truncate BEFORE TRUNCATE ON citycloud_journal
       FOR EACH STATEMENT EXECUTE FUNCTION citycloud_refuse()""",
)
