"""The Journal: what happened in a Run, durable, append-only and hash-chained; and the Runs themselves.

It lives in one database with the runner's own tables: a SQLite file, or PostgreSQL.
"""

from citycloud.journal.database import Broken, Database, connect
from citycloud.journal.entry import Entry, What, broken_links, seal
from citycloud.journal.settings import Settings, settings
from citycloud.journal.store import Journal, RunRow

__all__ = [
    "Broken",
    "Database",
    "Entry",
    "Journal",
    "RunRow",
    "Settings",
    "What",
    "broken_links",
    "connect",
    "seal",
    "settings",
]
