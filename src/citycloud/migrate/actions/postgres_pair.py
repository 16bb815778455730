# ruff: noqa: S608  (names go through identifier(), values through literal())
"""What every PostgreSQL action has: the pair of servers and the database; and how one is let in at the other."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from typing import TYPE_CHECKING

from citycloud.action import Action, World
from citycloud.migrate.actions.postgres_sql import MOVE

if TYPE_CHECKING:
    from citycloud.drivers.postgres import Postgres

HOME = "/var/lib/postgresql"
"""Home of PostgreSQL's own user on Debian."""
ROUNDS = 4096
"""Of SCRAM-SHA-256, as PostgreSQL makes them."""


class PairAction(Action):
    """An action over a database on ``source`` (a host's id) and on ``target``."""

    source: str
    target: str
    database: str
    source_address: str
    """Where the target reaches the source's server."""
    target_address: str
    """Where the source reaches the target's server, for the way back."""
    port: int = 5432

    def postgres(self, world: World) -> Postgres:
        from citycloud.drivers.postgres import Postgres

        return world[Postgres]


def scram(password: str, salt: bytes) -> str:
    """The verifier that a server keeps (RFC 5803): the password itself never gets into a statement or a log."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    parts = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${ROUNDS}:{parts[0]}${parts[1]}:{parts[2]}"


def pass_file(database: str) -> str:
    """At the side that connects: readable by PostgreSQL's own user only."""
    return f"{HOME}/.citycloud-{database}.pgpass"


def conninfo(address: str, port: int, database: str) -> str:
    return (
        f"host={address} port={port} dbname={database} user={MOVE} passfile={pass_file(database)}"
        " application_name=citycloud connect_timeout=5 keepalives_idle=5 keepalives_interval=5 keepalives_count=3"
        " tcp_user_timeout=15000"
    )


def let_in(postgres: Postgres, at: str, caller: str, to: str, come_from: str, database: str, port: int) -> None:
    """Have ``caller`` (at ``come_from``) log in at ``at`` (which it reaches as ``to``) for replication."""
    password = secrets.token_urlsafe(32)
    make = (
        f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{MOVE}')"
        f" THEN CREATE ROLE {MOVE}; END IF; END $$; SET log_statement = 'none';"
        f" ALTER ROLE {MOVE} LOGIN REPLICATION PASSWORD '{scram(password, os.urandom(16))}'"
    )
    postgres.ask(at, make)
    put = f"umask 077; cat > {pass_file(database)}.new; chown postgres: {pass_file(database)}.new; "
    move = f"mv {pass_file(database)}.new {pass_file(database)}"
    postgres.ssh.run(caller, put + move, stdin=f"{to}:{port}:{database}:{MOVE}:{password}\n")
    hba_put(postgres, at, f"move-{database}", [f"host {database} {MOVE} {come_from}/32 scram-sha-256"])


def shut_out(postgres: Postgres, at: str, caller: str, database: str) -> None:
    """The role stays for who drops what it owns."""
    hba_drop(postgres, at, f"move-{database}")
    postgres.ssh.run(caller, f"rm -f {pass_file(database)}")


def hba_put(postgres: Postgres, host: str, name: str, lines: list[str]) -> None:
    """Our own lines of pg_hba.conf between two marks, before all others: the first that fits decides."""
    file = postgres.one(host, "SHOW hba_file")
    block = "\n".join([f"# citycloud begin {name}", *lines, f"# citycloud end {name}", ""])
    script = f"set -e; cat > {file}.new; {_without(name)} {file} >> {file}.new; {_renamed(file)}"
    postgres.ssh.run(host, script, stdin=block)
    postgres.reload(host)


def hba_drop(postgres: Postgres, host: str, name: str) -> None:
    file = postgres.one(host, "SHOW hba_file")
    postgres.ssh.run(host, f"set -e; {_without(name)} {file} > {file}.new; {_renamed(file)}")
    postgres.reload(host)


def hba_has(postgres: Postgres, host: str, name: str) -> bool:
    file = postgres.one(host, "SHOW hba_file")
    return postgres.ssh.run(host, f"grep -c '^# citycloud end {name}$' {file} || true").strip() != "0"


def _without(name: str) -> str:
    return f"sed '/^# citycloud begin {name}$/,/^# citycloud end {name}$/d'"


def _renamed(file: str) -> str:
    return f"chown --reference={file} {file}.new; chmod --reference={file} {file}.new; mv {file}.new {file}"


def running(postgres: Postgres, host: str, port: int) -> bool:
    """Whether a server listens there at all."""
    up = f"pg_lsclusters --no-header 2>/dev/null | awk '$3 == {port} && $4 == \"online\"' | wc -l"
    return postgres.ssh.run(host, up).strip() == "1"


def stands(postgres: Postgres, host: str, database: str, port: int = 5432) -> bool:
    """Whether the database is there."""
    from citycloud.drivers.postgres import literal

    asked = f"SELECT count(*) FROM pg_database WHERE datname = {literal(database)}"
    return running(postgres, host, port) and postgres.one(host, asked) == "1"


def marks(postgres: Postgres, host: str, database: str) -> bool:
    """Whether our marker table is there."""
    made = f"SELECT to_regclass('{MOVE}.marker') IS NOT NULL"
    return stands(postgres, host, database) and postgres.one(host, made, database) == "t"
