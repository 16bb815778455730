# ruff: noqa: S608  (names go through identifier(), values through literal())
"""The cutover of a database system: writes stop at the source, the last changes come over, writes open at the target.

What is true at each moment is read from the world, so that an act that was cut off goes on where it was:

- *frozen*: at the source, whoever connects can read only (a setting of the database);
- *open*: at the target, the application's roles may log in;
- *led*: the old hosts lead clients on to the new ones;
- *compared*: the marker table at the target says so.

Until it is open, everything is taken back when anything goes wrong: the source serves again. Once it is open, nothing
is taken back but by ``undo``, which brings along what was written since: the way back is set up before writes open, and
the source takes no change before the comparison is over.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, ClassVar

from citycloud.action import Evidence, Hosts, Tell, World
from citycloud.errors import CitycloudError
from citycloud.migrate.actions import postgres_back as back
from citycloud.migrate.actions.files import Files
from citycloud.migrate.actions.forward import Forward, every, lead, leads, release
from citycloud.migrate.actions.postgres_beside import carry_last, copy_unlogged, set_sequences, since
from citycloud.migrate.actions.postgres_compare import Snapshot, compare, snapshot
from citycloud.migrate.actions.postgres_pair import PairAction, marks
from citycloud.migrate.actions.postgres_replicate import arrived, same_tables
from citycloud.migrate.actions.postgres_sql import (
    COMPARED,
    FORTH_MARK,
    FROZEN,
    MOVE,
    SCANS,
    end_writers,
    freeze,
    mark,
    thaw,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from citycloud.drivers.postgres import Postgres, Session


LONG = 3600.0
"""Seconds that what was written at the target may take to the source."""


class Cutover(PairAction):
    kind: ClassVar[str] = "migrate/cutover"
    what: str
    """What its users call it."""
    forwards: tuple[Forward, ...] = ()
    files: tuple[Files, ...] = ()
    """File shares that get their last pass while nobody writes."""
    most_seconds: float = 20.0
    """Writes are refused for no longer than this: then the source serves again, and the step has failed."""

    def reached(self, world: World) -> bool:
        postgres = self.postgres(world)
        return (
            postgres.one(self.source, FROZEN, self.database) != "0"
            and back.is_open(postgres, self.target, self.source)
            and every(postgres.ssh, self.forwards)
            and back.compared(postgres, self.target, self.database) != ""
        )

    def act(self, world: World, tell: Tell) -> None:
        postgres = self.postgres(world)
        with ExitStack() as stack:
            source = _session(stack, postgres, self.source, self.database)
            target = _session(stack, postgres, self.target, self.database)
            seen: Snapshot | None = None
            if not back.is_open(postgres, self.target, self.source):
                self._ready(postgres)
                back.prepare(postgres, self)
                for tree in self.files:  # so that little is left for the pass that is made while nobody writes
                    tree.last(postgres.ssh)
                seen = self._cut(postgres, source, target, _session(stack, postgres, self.target, self.database), tell)
            for forward in self.forwards:
                lead(postgres.ssh, forward)
            if not back.compared(postgres, self.target, self.database):
                seen = seen or self._standstill(postgres, target, stack, tell)
                self._compare(postgres, snapshot(source), seen, target, tell)

    def _ready(self, postgres: Postgres) -> None:
        """What would make the cutover fail is told before anything stops."""
        same_tables(postgres, self.source, self.target, self.database)
        state = f"SELECT count(*) FROM pg_subscription_rel WHERE srsubstate <> 'r'"  # noqa: F541
        copied = f"SELECT count(*) FROM pg_subscription WHERE subname = '{MOVE}'"
        if (
            postgres.one(self.target, copied, self.database) == "0"
            or postgres.one(self.target, state, self.database) != "0"
        ):
            raise CitycloudError(f"{self.target}: not every table is copied yet")
        prepared = "SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()"
        if (open_ := postgres.one(self.source, prepared, self.database)) != "0":
            raise CitycloudError(f"{self.source}: {open_} prepared transactions are open: commit or roll them back")

    def _cut(self, postgres: Postgres, source: Session, target: Session, aside: Session, tell: Tell) -> Snapshot:
        """From the source's last write to the target's first."""
        # A cutover that was cut off may have left replication switched off.
        target.ask(f"ALTER SUBSCRIPTION {MOVE} ENABLE")
        arrived(target, FORTH_MARK, int(source.one(mark(FORTH_MARK))), self.most_seconds)
        changed_since = since(postgres, self.source, self.database)
        writers = back.writers(postgres, self.source)
        begun = time.monotonic()
        tell.down(self.what)
        try:
            with ThreadPoolExecutor(2 + len(self.files)) as pool:
                self._freeze(source)
                beside = [pool.submit(lead, postgres.ssh, forward) for forward in self.forwards]
                beside += [pool.submit(tree.last, postgres.ssh) for tree in self.files]
                tell(f"{time.monotonic() - begun:.2f} s: writes have ended")
                self._last(postgres, source, target, changed_since, begun, tell)
                tell(f"{time.monotonic() - begun:.2f} s: the way back is set up")
                seen = snapshot(aside)
                for task in beside:
                    task.result()
                tell(f"{time.monotonic() - begun:.2f} s: clients are led on, files are there")
                back.open_(target, writers)
        except BaseException:
            if not back.is_open(postgres, self.target, self.source):
                self._take_back(postgres, tell)
            raise
        tell.up(self.what)
        tell.measure("writes stopped", round(time.monotonic() - begun, 3), "s")
        return seen

    def _freeze(self, source: Session) -> None:
        from citycloud.drivers.postgres import identifier, literal

        for statement in freeze(identifier(self.database)):
            source.ask(statement)
        # A session that was on its way in when the setting came may still have the old one: a second look ends it.
        for _ in range(2):
            source.ask(end_writers(literal(self.database)))
        busy = end_writers(literal(self.database)).replace("count(pg_terminate_backend(pid))", "count(pid)")
        old = f"{busy} AND backend_start < (SELECT now() - interval '20 ms')"
        end = time.monotonic() + 5
        while int(source.one(old)) and time.monotonic() < end:
            source.ask(end_writers(literal(self.database)))
            time.sleep(0.005)

    def _last(
        self, postgres: Postgres, source: Session, target: Session, changed_since: int, begun: float, tell: Tell
    ) -> None:
        """The last changes, and what replication leaves out."""
        left = self.most_seconds - (time.monotonic() - begun)
        arrived(target, FORTH_MARK, int(source.one(mark(FORTH_MARK))), left)
        tell(f"{time.monotonic() - begun:.2f} s: the last changes are there")
        # From here on changes go the other way only: this version knows no origin filter, they would go in circles.
        target.ask(f"ALTER SUBSCRIPTION {MOVE} DISABLE")
        set_sequences(source, target)
        carry_last(postgres, source, target, self.database, changed_since)
        copy_unlogged(source, target)
        tell(f"{time.monotonic() - begun:.2f} s: sequences, large objects, unlogged tables")
        back.slot(target)
        if time.monotonic() - begun > self.most_seconds:
            raise CitycloudError(f"writes were refused for more than {self.most_seconds:g} s: taken back")

    def _take_back(self, postgres: Postgres, tell: Tell) -> None:
        """The source serves again; replication goes on."""
        back.drop_slot(postgres, self.target)
        postgres.ask(self.target, f"ALTER SUBSCRIPTION {MOVE} ENABLE", self.database)
        self._thaw(postgres)
        tell.up(self.what)
        tell(f"taken back: {self.source} serves, and is replicated")

    def _thaw(self, postgres: Postgres) -> None:
        from citycloud.drivers.postgres import identifier, literal

        ended = f"{end_writers(literal(self.database))}"
        postgres.ask(self.source, ";".join([*thaw(identifier(self.database)), ended]))
        for forward in self.forwards:
            release(postgres.ssh, forward)

    def _standstill(self, postgres: Postgres, target: Session, stack: ExitStack, tell: Tell) -> Snapshot:
        """The snapshot that was to be compared went with who held it, and writes are open since: what is there is
        brought to the source, so that both can be compared as they are."""
        tell("the comparison was cut off: writes stop until what came since is at the source")
        roles = back.writers(postgres, self.source)
        aside = _session(stack, postgres, self.target, self.database)
        back.enable(postgres, self.source, self.database)
        back.arrive(postgres, self, tell.left().total_seconds())
        tell.down(self.what)
        try:
            back.close(postgres, self)
            back.bring(postgres, self, self.most_seconds)
            seen = snapshot(aside)
            back.hold(postgres, self)
        finally:
            back.open_(target, roles)
            tell.up(self.what)
        return seen

    def _compare(self, postgres: Postgres, source: Snapshot, seen: Snapshot, target: Session, tell: Tell) -> None:
        """The frozen source against the snapshot from just before writes opened, while users write."""
        from citycloud.drivers.postgres import literal

        opened = f"SELECT extract(epoch FROM at)::bigint FROM {MOVE}.marker WHERE name = '{SCANS}'"
        since_then = int(target.one(opened))
        said = [compare(source, seen), *(tree.compare(postgres.ssh, since_then) for tree in self.files)]
        told = "; ".join(said)
        tell(told)
        target.ask(f"UPDATE {MOVE}.marker SET n = 1, said = {literal(told)}, at = now() WHERE name = '{COMPARED}'")

    def undo(self, world: World) -> None:
        """Before writes were open: the source serves again. After: what was written since comes along."""
        postgres = self.postgres(world)
        if not marks(postgres, self.target, self.database):
            return
        frozen = postgres.one(self.source, FROZEN, self.database) != "0"
        # Once the source serves again nothing may be brought to it any more, its sequences least of all.
        if frozen and back.written(postgres, self.target):
            self._bring(postgres)
        if frozen or any(leads(postgres.ssh, forward) for forward in self.forwards):
            self._thaw(postgres)
        back.dismantle(postgres, self)

    def _bring(self, postgres: Postgres) -> None:
        """First while users write, then the rest while nobody does."""
        if back.is_open(postgres, self.target, self.source):
            back.enable(postgres, self.source, self.database)
            back.arrive(postgres, self, LONG)
            for tree in self.files:
                tree.last(postgres.ssh, back=True)
            back.close(postgres, self)
        back.bring(postgres, self, LONG)
        for tree in self.files:
            tree.last(postgres.ssh, back=True)
        back.rearm(postgres, self)

    def verify(self, hosts: Hosts) -> Iterator[Evidence]:
        from citycloud.migrate import checks
        from citycloud.run.evidence import prove

        yield prove(checks.test_source_takes_no_writes, hosts[self.source], database=self.database)
        yield prove(checks.test_target_was_compared, hosts[self.target], database=self.database)


def _session(stack: ExitStack, postgres: Postgres, host: str, database: str) -> Session:
    session = postgres.session(host, database)
    stack.callback(session.close)
    return session
