"""What was seen of database servers: never a row's content, only what a move of them depends on."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from citycloud.city.model import Noun

Engine = Literal["postgresql", "mariadb"]


class Writes(Noun):
    """Changed rows a second between the two looks that were taken."""

    inserted: float = Field(ge=0, default=0.0)
    updated: float = Field(ge=0, default=0.0)
    deleted: float = Field(ge=0, default=0.0)

    @property
    def total(self) -> float:
        return self.inserted + self.updated + self.deleted


class Table(Noun):
    namespace: str = ""
    """PostgreSQL's schema; empty for MariaDB."""
    name: str
    kind: Literal["table", "partitioned", "partition", "materialized-view", "foreign", "view"] = "table"
    parent: str = ""
    """Of a partition: ``namespace.name``."""
    logged: bool = True
    """False: PostgreSQL's UNLOGGED, or a MariaDB engine without transactions."""
    storage: str = ""
    """MariaDB's engine."""
    rows: int = Field(ge=0, default=0)
    """The server's own estimate."""
    bytes: int = Field(ge=0, default=0)
    """With indexes and what is stored beside."""
    key: bool = True
    """Whether it has a primary key."""
    replica_identity: Literal["", "default", "nothing", "full", "index"] = ""
    identity: tuple[str, ...] = ()
    """Identity or AUTO_INCREMENT columns."""
    generated: tuple[str, ...] = ()
    encoding: str = ""
    """MariaDB's default character set of the table."""
    writes: Writes = Writes()

    @property
    def full_name(self) -> str:
        return f"{self.namespace}.{self.name}" if self.namespace else self.name


class Sequence(Noun):
    namespace: str
    name: str
    last: int | None = None
    """None: never used."""
    owned_by: str = ""
    """``namespace.table.column``."""


class ColumnText(Noun):
    """What the bytes of a text column look like, over a sample of its rows."""

    table: str
    column: str
    encoding: str
    """What the server believes."""
    sampled: int = Field(ge=0)
    """Rows looked at."""
    beyond_ascii: int = Field(ge=0)
    """Of those, how many hold a byte over 127; of these again, how many are valid as:"""
    as_utf8: int = Field(ge=0, default=0)
    as_gbk: int = Field(ge=0, default=0)


class Database(Noun):
    name: str
    owner: str = ""
    encoding: str
    collation: str
    bytes: int = Field(ge=0)
    tables: tuple[Table, ...] = ()
    sequences: tuple[Sequence, ...] = ()
    large_objects: int = Field(ge=0, default=0)
    large_object_bytes: int = Field(ge=0, default=0)
    enums: tuple[str, ...] = ()
    extensions: dict[str, str] = Field(default_factory=dict)
    """Name to version, without plpgsql."""
    languages: tuple[str, ...] = ()
    """Of functions, without those that are always there."""
    routines: int = 0
    triggers: int = 0
    events: int = 0
    """MariaDB's scheduled events."""
    texts: tuple[ColumnText, ...] = ()


class Role(Noun):
    """A database account, without its secret."""

    name: str
    host: str = ""
    """MariaDB: where it may come from."""
    superuser: bool = False
    password: Literal["none", "empty", "old-hash", "hashed"] = "hashed"  # noqa: S105 (a kind, not a secret)


class DatabaseServer(Noun):
    """One running server."""

    engine: Engine
    version: str
    port: int
    directory: str = ""
    settings: dict[str, str] = Field(default_factory=dict)
    """Those that a move depends on: wal_level, max_wal_senders, log_bin, binlog_format, ssl, timezone, ..."""
    trusts: tuple[str, ...] = ()
    """Lines of pg_hba that let anyone in from another host without a password: ``file:line``."""
    roles: tuple[Role, ...] = ()
    databases: tuple[Database, ...] = ()
    log_bytes_per_second: float = Field(ge=0, default=0.0)
    """WAL or binary log written, between the two looks."""
    commits_per_second: float = Field(ge=0, default=0.0)
    seconds: float = Field(ge=0, default=0.0)
    """Between the two looks; 0: there was only one, and rates mean nothing."""

    @property
    def major(self) -> str:
        """``13``, ``10.5``: what decides compatibility."""
        parts = self.version.split(".")
        return parts[0] if self.engine == "postgresql" else ".".join(parts[:2])
