# ruff: noqa: S608  (names go through identifier(), values through literal())
"""The target's server made ready: settings, roles that may not log in yet, the database, its schema."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from citycloud.action import Tell, World
from citycloud.migrate.actions.postgres_pair import PairAction, hba_drop, hba_put, let_in, running, shut_out, stands
from citycloud.migrate.actions.postgres_sql import MARKER, MOVE, RELATIONS, WRITERS

if TYPE_CHECKING:
    from citycloud.drivers.postgres import Postgres

SETTINGS = {
    "wal_level": "logical",
    "listen_addresses": "*",
    "max_wal_senders": "10",
    "max_replication_slots": "10",
    "max_logical_replication_workers": "8",
    "max_sync_workers_per_subscription": "2",
}
RENAMED = re.compile(r"^(?:CREATE ROLE|ALTER ROLE|GRANT) (\"(?:[^\"]|\"\")+\"|[a-z_][a-z0-9_$]*)")


class PostgresTarget(PairAction):
    """A database of the same name with the source's schema, where nobody but replication writes before the cutover."""

    kind: ClassVar[str] = "migrate/postgres-target"
    collation: str = "C.UTF-8"
    clients: tuple[str, ...] = ()
    """Addresses that the application will come from."""

    def reached(self, world: World) -> bool:
        postgres = self.postgres(world)
        if not stands(postgres, self.target, self.database, self.port):
            return False
        relations = [postgres.one(host, RELATIONS, self.database) for host in (self.source, self.target)]
        back = postgres.one(self.target, f"SELECT count(*) FROM pg_roles WHERE rolname = '{MOVE}' AND rolcanlogin")
        return relations[0] == relations[1] and back == "1"

    def act(self, world: World, tell: Tell) -> None:
        postgres = self.postgres(world)
        self._server(postgres, tell)
        self._roles(postgres)
        if not stands(postgres, self.target, self.database, self.port):
            self._create(postgres)
        self._schema(postgres, tell)
        # The way back: the source will be let in here, and reads its password from a file of its own.
        let_in(postgres, self.target, self.source, self.target_address, self.source_address, self.database, self.port)

    def undo(self, world: World) -> None:
        from citycloud.drivers.postgres import identifier

        postgres = self.postgres(world)
        if not running(postgres, self.target, self.port):
            return
        ours = {row[0] for row in postgres.ask(self.source, WRITERS)} | {MOVE}
        postgres.ask(self.target, f"DROP DATABASE IF EXISTS {identifier(self.database)} WITH (FORCE)")
        for role in sorted(ours):
            postgres.ask(self.target, f"DROP ROLE IF EXISTS {identifier(role)}")
        shut_out(postgres, self.target, self.source, self.database)
        hba_drop(postgres, self.target, f"clients-{self.database}")

    def _server(self, postgres: Postgres, tell: Tell) -> None:
        if not running(postgres, self.target, self.port):
            tell("a cluster is made and started")
            postgres.ssh.run(self.target, START, seconds=120)
        known = "SELECT name, setting FROM pg_settings"
        now = {row[0]: row[1] for row in postgres.ask(self.target, known)}
        changed = [name for name, value in SETTINGS.items() if now[name] != value]
        for name in changed:
            postgres.ask(self.target, f"ALTER SYSTEM SET {name} = '{SETTINGS[name]}'")
        if changed:
            postgres.restart(self.target, self.port)
        # md5 takes SCRAM's verifiers too; an old hash that was carried over fits nothing else
        lines = [f"host {self.database} all {address}/32 md5" for address in self.clients]
        hba_put(postgres, self.target, f"clients-{self.database}", lines)

    def _roles(self, postgres: Postgres) -> None:
        """The source's roles with their passwords' hashes; none may log in before the cutover."""
        from citycloud.drivers.postgres import identifier

        writers = [row[0] for row in postgres.ask(self.source, WRITERS)]
        there = {row[0] for row in postgres.ask(self.target, "SELECT rolname FROM pg_roles")}
        dump = postgres.program(self.source, "pg_dumpall --roles-only --no-comments")
        skipped = {"postgres", MOVE}
        lines = ["SET log_statement = 'none';", *_wanted(dump.splitlines(), skipped, there)]
        lines += [f"ALTER ROLE {identifier(role)} NOLOGIN;" for role in writers]
        if MOVE not in there:
            lines.append(f"CREATE ROLE {MOVE};")
        postgres.load(self.target, "\n".join(lines), "postgres")

    def _create(self, postgres: Postgres) -> None:
        from citycloud.drivers.postgres import identifier, literal

        database = literal(self.database)
        owner = postgres.one(self.source, f"SELECT datdba::regrole FROM pg_database WHERE datname = {database}")
        collation = literal(self.collation)
        postgres.ask(
            self.target,
            f"CREATE DATABASE {identifier(self.database)} OWNER {owner} TEMPLATE template0 ENCODING 'UTF8'"
            f" LC_COLLATE {collation} LC_CTYPE {collation}",
        )

    def _schema(self, postgres: Postgres, tell: Tell) -> None:
        """Loaded in one transaction: it is there, or it is not."""
        if postgres.one(self.target, RELATIONS, self.database) != "0":
            return
        options = "--schema-only --no-publications --no-subscriptions"
        dump = postgres.program(self.source, f"pg_dump {options} --dbname={self.database!r}")
        postgres.load(self.target, dump, self.database)
        postgres.ask(self.target, MARKER.split("INSERT INTO")[0], self.database)
        tell(f"schema: {len(dump.splitlines())} lines, collation {self.collation}")


START = (
    # a cluster made while there is a certificate speaks TLS
    "set -e; [ -e /etc/ssl/private/ssl-cert-snakeoil.key ] || make-ssl-cert generate-default-snakeoil; "
    "v=$(ls /usr/lib/postgresql | sort -n | tail -1); "
    'pg_lsclusters --no-header | grep -q "^$v *main " || pg_createcluster --locale C.UTF-8 $v main; '
    "systemctl enable --quiet postgresql; systemctl start postgresql@$v-main"
)


def _wanted(lines: Iterable[str], skipped: set[str], there: set[str]) -> list[str]:
    """Statements about roles that are to be at the target; who is there is not made again."""
    found = []
    for line in lines:
        told = RENAMED.match(line)
        if told is None:
            continue
        name = told[1].strip('"').replace('""', '"')
        if name in skipped or any(f" TO {role} " in line.replace(";", " ") for role in skipped):
            continue
        if not (line.startswith("CREATE ROLE") and name in there):
            found.append(line.replace(" GRANTED BY postgres", ""))
    return found
