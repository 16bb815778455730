"""A far end that is none: for trying the runner, and for its tests. It counts every effect on disk, synced, and so
tells what really happened, whatever the runner's own Journal says.

Its actions are the domain ``trial``: a plan of it runs without a city, in the directory that ``CITYCLOUD_TRIAL`` names.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from citycloud.action import Action, Evidence, Hosts, Irreversible, Tell, Together, World
from citycloud.city.model import City
from citycloud.kinds import Domain
from citycloud.plan.model import Plan


def nothing(name: str) -> None:
    """The hook of a far end that nobody kills."""


class FarEnd:
    """Names that are there or not, in an append-only log: ``+name`` and ``-name``, one line for each effect."""

    def __init__(self, directory: Path, inside: Callable[[str], None] = nothing) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.log = directory / "effects.log"
        self._inside = inside
        self._lock = threading.Lock()

    def put(self, name: str) -> None:
        self._effect(f"+{name}")

    def drop(self, name: str) -> None:
        self._effect(f"-{name}")

    def _effect(self, line: str) -> None:
        """``inside`` is called before and after it has happened: between it and the Journal is where crashes hurt."""
        self._inside(f"before {line}")
        with self._lock, self.log.open("a") as out:
            out.write(f"{line}\n")
            out.flush()
            os.fsync(out.fileno())
        self._inside(f"after {line}")

    def lines(self) -> list[str]:
        """Every effect there was, in order."""
        return self.log.read_text().splitlines() if self.log.exists() else []

    def effects(self) -> Counter[str]:
        """How often each effect happened."""
        return Counter(self.lines())

    def here(self) -> frozenset[str]:
        """What is there now."""
        there: set[str] = set()
        for line in self.lines():
            (there.add if line[0] == "+" else there.discard)(line[1:])
        return frozenset(there)


class Put(Action):
    """Makes names be there, part by part; a call after a crash does the parts that are left."""

    kind: ClassVar[str] = "trial/put"
    name: str
    parts: int = 1
    seconds: float = 0.0

    def _names(self, world: World) -> list[str]:
        stem = f"{self.name}@{world.host}" if world.host else self.name
        return [stem] if self.parts == 1 else [f"{stem}.{number}" for number in range(1, self.parts + 1)]

    def reached(self, world: World) -> bool:
        return world[FarEnd].here() >= set(self._names(world))

    def act(self, world: World, tell: Tell) -> None:
        far, names = world[FarEnd], self._names(world)
        for number, name in enumerate(names):
            if name not in far.here():
                tell.measure("left", len(names) - number, "parts")
                time.sleep(self.seconds)
                tell.check()
                far.put(name)

    def undo(self, world: World) -> None:
        far = world[FarEnd]
        for name in reversed(self._names(world)):
            if name in far.here():
                far.drop(name)


class PutOnHosts(Put):
    """The same on each of the step's hosts."""

    kind: ClassVar[str] = "trial/put-on-hosts"
    per_host: ClassVar[bool] = True
    failing: tuple[str, ...] = ()
    """Hosts on which it fails for as long as there is no ``mended@HOST``."""

    def act(self, world: World, tell: Tell) -> None:
        if world.host in self.failing and f"mended@{world.host}" not in world[FarEnd].here():
            raise RuntimeError(f"{world.host} does not answer")
        super().act(world, tell)


class PutTogether(Together):
    """The same on several hosts with one call."""

    kind: ClassVar[str] = "trial/put-together"
    name: str

    def reached(self, world: World) -> bool:
        return f"{self.name}@{world.host}" in world[FarEnd].here()

    def act_on(self, world: World, hosts: Sequence[str], tell: Tell) -> Mapping[str, str]:
        for host in hosts:
            if not self.reached(world.on(host)):
                world[FarEnd].put(f"{self.name}@{host}")
        return {}

    def undo(self, world: World) -> None:
        if self.reached(world):
            world[FarEnd].drop(f"{self.name}@{world.host}")


class Cutover(Put):
    """Takes ``what`` down, and up again: for the report's downtime."""

    kind: ClassVar[str] = "trial/cutover"
    what: str = "portal"

    def act(self, world: World, tell: Tell) -> None:
        tell.down(self.what)
        super().act(world, tell)
        tell.up(self.what)


class Wipe(Irreversible):
    """Cannot be undone."""

    kind: ClassVar[str] = "trial/wipe"
    name: str

    def reached(self, world: World) -> bool:
        return f"wiped-{self.name}" in world[FarEnd].here()

    def act(self, world: World, tell: Tell) -> None:
        world[FarEnd].put(f"wiped-{self.name}")


class Checked(Put):
    """A Put whose check looks at a file on this machine with testinfra."""

    kind: ClassVar[str] = "trial/checked"
    file: str

    def verify(self, hosts: Hosts) -> Iterator[Evidence]:
        from citycloud.drivers.fake_checks import test_says
        from citycloud.run.evidence import prove

        yield prove(test_says, hosts["local"], file=self.file, word=self.name)


class Failing(Put):
    """Fails until ``until`` is there; ``hang`` makes it stay away instead, longer than any limit."""

    kind: ClassVar[str] = "trial/failing"
    until: str
    hang: float = 0.0

    def act(self, world: World, tell: Tell) -> None:
        if self.until not in world[FarEnd].here():
            time.sleep(self.hang)
            raise RuntimeError(f"{self.until} is not there")
        super().act(world, tell)


def find(name: str) -> object:
    """testinfra's host for this machine."""
    import testinfra  # type: ignore[import-untyped]

    return testinfra.get_host("local://")


def trial_world(directory: Path, inside: Callable[[str], None] = nothing) -> World:
    return World({FarEnd: FarEnd(directory, inside)}, Hosts(find))


def _world(plan: Plan, city: City | None) -> World:
    return trial_world(Path(os.environ.get("CITYCLOUD_TRIAL", ".")) / plan.subject)


DOMAIN = Domain(
    "trial",
    (Put, PutOnHosts, PutTogether, Cutover, Wipe, Checked, Failing),
    _world,
)
