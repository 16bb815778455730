"""Observations of a department's systems where they stand now: values only, to be read, kept and planned from."""

from citycloud.migrate.seen.database import ColumnText, Database, DatabaseServer, Role, Sequence, Table, Writes
from citycloud.migrate.seen.files import Certificate, ClearSecret, Mention, SealedKey, Tree
from citycloud.migrate.seen.host import Connection, CronJob, Filesystem, Os, Package, Port, Program, Service, User
from citycloud.migrate.seen.observation import SCHEMA_VERSION, Observation, SeenHost, Unseen, from_json, merged, to_json
from citycloud.migrate.seen.talks import OUTSIDE, Talk, talks
from citycloud.migrate.seen.use import Sample, Use

__all__ = [
    "OUTSIDE",
    "SCHEMA_VERSION",
    "Certificate",
    "ClearSecret",
    "ColumnText",
    "Connection",
    "CronJob",
    "Database",
    "DatabaseServer",
    "Filesystem",
    "Mention",
    "Observation",
    "Os",
    "Package",
    "Port",
    "Program",
    "Role",
    "Sample",
    "SealedKey",
    "SeenHost",
    "Sequence",
    "Service",
    "Table",
    "Talk",
    "Tree",
    "Unseen",
    "Use",
    "User",
    "Writes",
    "from_json",
    "merged",
    "talks",
    "to_json",
]
