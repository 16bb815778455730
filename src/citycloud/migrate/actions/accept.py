# ruff: noqa: S608  (names go through identifier(), values through literal())
"""After the cutover: the application answers at its new place; its owner accepts it; the old one is given up."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import ClassVar

from citycloud.action import Evidence, Hosts, Irreversible, Tell, World
from citycloud.errors import CitycloudError
from citycloud.migrate.actions.postgres_pair import PairAction
from citycloud.migrate.actions.postgres_rehearse import forget_at, noted_at
from citycloud.migrate.actions.postgres_sql import ACCEPTED, BACK, FROZEN, MOVE, PROBED, note

ARCHIVE = "/var/lib/citycloud-move"


class Probe(PairAction):
    """The application answers on its new host."""

    kind: ClassVar[str] = "migrate/probe"
    host: str
    url: str
    """As asked on the host itself: ``https://127.0.0.1/health``."""
    must_say: str = ""

    def reached(self, world: World) -> bool:
        return noted_at(self.postgres(world), self.target, self.database, PROBED) != ""

    def act(self, world: World, tell: Tell) -> None:
        from citycloud.migrate import checks

        try:
            checks.test_answers(world.hosts[self.host], self.url, tell, self.must_say)
        except AssertionError as fault:
            raise CitycloudError(f"{self.host}: {self.url}: {fault}") from fault
        self.postgres(world).ask(self.target, note(PROBED, "'it answers'"), self.database)

    def undo(self, world: World) -> None:
        """It counts as unasked again."""
        forget_at(self.postgres(world), self.target, self.database, PROBED)

    def verify(self, hosts: Hosts) -> Iterator[Evidence]:
        from citycloud.migrate import checks
        from citycloud.run.evidence import prove

        yield prove(checks.test_answers, hosts[self.host], url=self.url, must_say=self.must_say)


class Accept(PairAction):
    """The owner has said yes; until the source is given up there still is a way back."""

    kind: ClassVar[str] = "migrate/accept"

    def reached(self, world: World) -> bool:
        return noted_at(self.postgres(world), self.target, self.database, ACCEPTED) != ""

    def act(self, world: World, tell: Tell) -> None:
        self.postgres(world).ask(self.target, note(ACCEPTED, "'accepted'"), self.database)

    def undo(self, world: World) -> None:
        forget_at(self.postgres(world), self.target, self.database, ACCEPTED)


class Decommission(PairAction, Irreversible):
    """The source's database: a last archive at the target, then its files overwritten. There is no way back."""

    kind: ClassVar[str] = "migrate/decommission"
    irreversible: ClassVar[bool] = True

    def reached(self, world: World) -> bool:
        from citycloud.drivers.ssh import Ssh

        return world[Ssh].run(self.source, f"cat {ARCHIVE}/wiped-{self.database} 2>/dev/null || true").strip() != ""

    def act(self, world: World, tell: Tell) -> None:
        postgres = self.postgres(world)
        up = "pg_lsclusters --no-header | awk '$4 == \"online\"' | wc -l"
        if postgres.ssh.run(self.source, up).strip() != "0":
            if postgres.one(self.source, FROZEN, self.database) == "0":
                raise CitycloudError(f"{self.source} takes writes: it is not what was cut over")
            self._archive(world, tell)
            self._untie(world)
        tell(postgres.ssh.run(self.source, _WIPE.format(database=self.database, archive=ARCHIVE), seconds=6 * 3600))

    def _archive(self, world: World, tell: Tell) -> None:
        """Compressed, readable by root only, its SHA-256 beside it."""
        postgres = self.postgres(world)
        name = f"{ARCHIVE}/{self.database}-source.sql.gz"
        dump = f"pg_dump --no-publications --no-subscriptions {shlex.quote(self.database)}"
        command = f"cd / && runuser -u postgres -- {dump} | gzip -6"
        packed = postgres.ssh.octets(self.source, f"bash -c {shlex.quote(f'set -o pipefail; {command}')}", seconds=3600)
        put = f"umask 077; mkdir -p {ARCHIVE}; cat > {name}.new && mv {name}.new {name} && sha256sum {name}"
        tell(f"archive: {postgres.ssh.octets(self.target, put, stdin=packed, seconds=3600).decode().strip()}")

    def _untie(self, world: World) -> None:
        """Nothing at the target waits for the source any more."""
        postgres = self.postgres(world)
        off = f"ALTER SUBSCRIPTION {BACK} DISABLE; ALTER SUBSCRIPTION {BACK} SET (slot_name = NONE);"
        there = f"SELECT count(*) FROM pg_subscription WHERE subname = '{BACK}'"
        if postgres.one(self.source, there, self.database) == "1":
            postgres.ask(self.source, f"{off} DROP SUBSCRIPTION {BACK}", self.database)
        slots = f"FROM pg_replication_slots WHERE slot_name = '{BACK}'"
        postgres.ask(self.target, f"SELECT pg_terminate_backend(active_pid) {slots} AND active; SELECT pg_sleep(0.2)")
        postgres.ask(self.target, f"SELECT pg_drop_replication_slot(slot_name) {slots}")
        forth = f"SELECT count(*) FROM pg_subscription WHERE subname = '{MOVE}'"
        if postgres.one(self.target, forth, self.database) == "1":
            gone = f"ALTER SUBSCRIPTION {MOVE} DISABLE; ALTER SUBSCRIPTION {MOVE} SET (slot_name = NONE);"
            postgres.ask(self.target, f"{gone} DROP SUBSCRIPTION {MOVE}", self.database)


_WIPE = """
set -e
for data in $(pg_lsclusters --no-header | awk '{{print $6}}'); do
    case $data in /var/lib/postgresql/*) ;; *) echo "$data: not where a cluster is looked for" >&2; exit 1;; esac
    systemctl stop 'postgresql@*'
    systemctl disable --quiet postgresql || true
    count=$(find "$data" -xdev -type f | wc -l)
    find "$data" -xdev -type f -exec shred --iterations=1 --zero --remove=unlink {{}} +
    left=$(find "$data" -xdev -type f | wc -l)
    mkdir -p {archive}
    echo "$data: $count files overwritten, $left left" | tee -a {archive}/wiped-{database}
done
"""
