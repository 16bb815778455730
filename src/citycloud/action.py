"""Actions: how a Step's goal is reached, verified and undone; and the World that they act on.

An Action is a frozen value (a kind and its parameters), so that a Plan is plain JSON. Modules that define Actions are
imported by planners: they import no driver at their top, but name it by type and fetch it from the World::

    class Put(Action):
        kind: ClassVar[str] = "trial/put"
        name: str

        def reached(self, world: World) -> bool:
            from citycloud.drivers.fake import FarEnd

            return world[FarEnd].has(self.name)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeVar, cast

from pydantic import BaseModel, ConfigDict

from citycloud.errors import CitycloudError
from citycloud.plan.model import ActionValue

if TYPE_CHECKING:
    from testinfra.host import Host  # type: ignore[import-untyped]

T = TypeVar("T")


class OutOfTime(CitycloudError):
    """The step's time limit is over."""


@dataclass(frozen=True)
class Evidence:
    """What one check saw, and whether it proves what it should."""

    check: str
    """The check's name, such as ``migrate.checks.test_rows_equal``."""
    passed: bool
    seen: str
    """Values, not opinions. Never a secret."""
    host: str = ""


@dataclass(frozen=True)
class Hosts:
    """What checks look at: testinfra's hosts by name."""

    find: Callable[[str], Host]
    name: str = ""
    """The host that a step over many hosts is at."""

    def __getitem__(self, name: str) -> Host:
        return self.find(name)

    def here(self) -> Host:
        return self.find(self.name)

    def on(self, name: str) -> Hosts:
        return replace(self, name=name)


def no_hosts(name: str) -> Host:
    raise LookupError(f"no way to {name}: this world has no hosts")


@dataclass(frozen=True)
class World:
    """The drivers that effects go through, by their type; ``host`` is where a step over many hosts is at."""

    drivers: Mapping[type, object] = field(default_factory=dict)
    hosts: Hosts = Hosts(no_hosts)
    host: str = ""

    def __getitem__(self, driver: type[T]) -> T:
        """Raises LookupError where the world has no such driver."""
        try:
            return cast(T, self.drivers[driver])
        except KeyError:
            raise LookupError(f"this world has no {driver.__name__}") from None

    def on(self, host: str) -> World:
        return replace(self, host=host, hosts=self.hosts.on(host))

    def close(self) -> None:
        """Close every driver that can be closed."""
        for driver in self.drivers.values():
            close = getattr(driver, "close", None)
            if callable(close):
                close()


class Tell(Protocol):
    """How an action tells what it does. What is told goes to the person who looks on, and into the journal."""

    def __call__(self, text: str) -> None:
        """A line for people."""

    def measure(self, name: str, value: float, unit: str = "") -> None:
        """A measurement, such as ``lag`` in ``bytes``: the report draws its curve."""

    def down(self, what: str) -> None:
        """``what`` stops serving now: the report counts its downtime from here."""

    def up(self, what: str) -> None:
        """``what`` serves again."""

    def left(self) -> timedelta:
        """What is left of the step's time limit."""

    def check(self) -> None:
        """Call it in long loops. Raises OutOfTime when the step's time limit is over."""


class Action(BaseModel):
    """A goal's way. Subclasses are frozen pydantic models with a ``kind`` of their own.

    ``reached`` is asked just before acting, and again after a crash: what it asks must be true exactly when ``act``
    has done all its work. ``act`` may be called again after a crash in its middle, and must then do only what is left.
    ``undo`` likewise; it does nothing where nothing is left to undo. Each may raise any exception: the step fails then.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ClassVar[str]
    per_host: ClassVar[bool] = False
    """Whether it acts on the step's hosts, one by one: ``world.host`` says where."""
    irreversible: ClassVar[bool] = False

    def reached(self, world: World) -> bool:
        raise NotImplementedError

    def act(self, world: World, tell: Tell) -> None:
        raise NotImplementedError

    def undo(self, world: World) -> None:
        raise NotImplementedError

    def verify(self, hosts: Hosts) -> Iterator[Evidence]:
        """The checks that prove the goal (see :func:`citycloud.run.evidence.prove`). A step that yields none is
        proved by ``reached`` alone, and the report says so."""
        yield from ()

    def value(self) -> ActionValue:
        """The Action as a Plan holds it."""
        return ActionValue(kind=self.kind, parameters=self.model_dump(mode="json"), irreversible=self.irreversible)


class Irreversible(Action):
    """An Action that nothing undoes (wiping a disk). A Plan has it only behind an approval."""

    irreversible: ClassVar[bool] = True

    def undo(self, world: World) -> None:
        raise TypeError(f"{self.kind} cannot be undone")


class Together(Action):
    """An Action that acts on several hosts in one call; journal, tries and undo stay per host."""

    per_host: ClassVar[bool] = True

    def reached_on(self, world: World, hosts: Sequence[str]) -> frozenset[str]:
        """Those of ``hosts`` where the goal is reached."""
        return frozenset(host for host in hosts if self.reached(world.on(host)))

    def act_on(self, world: World, hosts: Sequence[str], tell: Tell) -> Mapping[str, str]:
        """Act on all of ``hosts``; gives back what went wrong, by host. An exception counts for all of them."""
        raise NotImplementedError

    def undo_on(self, world: World, hosts: Sequence[str]) -> Mapping[str, str]:
        """Undo on all of ``hosts``; gives back what went wrong, by host."""
        for host in hosts:
            self.undo(world.on(host))
        return {}

    def act(self, world: World, tell: Tell) -> None:
        for fault in self.act_on(world, [world.host], tell).values():
            raise RuntimeError(fault)
