"""What a process knows of the Runs that it executes: plan, state, world; kept between steps."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from citycloud.action import World
from citycloud.errors import BadInput
from citycloud.findings import Finding, Place
from citycloud.journal import Entry, Journal
from citycloud.journal.entry import Draft
from citycloud.kinds import Kinds
from citycloud.plan.model import Plan
from citycloud.run.attend import Boundary
from citycloud.run.state import State, read


def nowhere(name: str) -> None:
    """The boundary hook where nobody looks."""


@dataclass
class Setting:
    """What the runner is given. Only tests give ``at``: nothing that runs in production can be told to die."""

    journal: Journal
    kinds: Callable[[Plan], Kinds]
    world: Callable[[Plan], World]
    people: Callable[[Plan], Mapping[str, str]]
    """Public keys of the declared persons, by id."""
    at: Boundary = nowhere
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


@dataclass
class Context:
    """One Run in this process. Threads share it."""

    setting: Setting
    id: str
    digest: str
    plan: Plan
    kinds: Kinds
    state: State
    _world: World | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def world(self) -> World:
        """Made when the first step asks for it."""
        with self._lock:
            if self._world is None:
                self._world = self.setting.world(self.plan)
            return self._world

    def refresh(self) -> State:
        """The state with everything that others have written meanwhile."""
        with self._lock:
            self.state.take(self.setting.journal.entries(self.id, after=self.state.number))
            return self.state

    def append(self, drafts: Sequence[Draft]) -> list[Entry]:
        """Write entries, and know of them."""
        if not drafts:
            return []
        with self._lock:
            written = self.setting.journal.append(self.id, drafts)
            if written[0].number == self.state.number + 1:
                self.state.take(written)
            else:
                self.refresh()
            return written

    def close(self) -> None:
        if self._world is not None:
            self._world.close()


def context(setting: Setting, run: str) -> Context:
    """Raises BadInput where there is no such Run."""
    row = setting.journal.run(run)
    if row is None:
        say = Finding("unknown-run", Place(object=run), "there is no such run", "citycloud status")
        raise BadInput(f"{run} is no run.", [say])
    state = read(row.plan, setting.journal.entries(run))
    return Context(setting, run, row.digest, row.plan, setting.kinds(row.plan), state)
