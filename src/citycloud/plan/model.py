"""The nouns of a Plan: frozen values that are plain JSON. Times are aware, durations are ``timedelta``."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, StringConstraints, field_validator

from citycloud.plan.weekly import next_weekly, room_weekly
from citycloud.report.model import NOTHING, Text

SCHEMA_VERSION = 1

StepId = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]*(/[a-z0-9][a-z0-9_.-]*)*$", min_length=1, max_length=160)
]
"""``water/flood-db/cutover``: stable over re-planning."""
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Duration = Annotated[timedelta, Field(gt=timedelta(0))]
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Value(BaseModel):
    """A frozen value that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Approval(Value):
    """A gate that opens when ``count`` different people of ``people`` have signed for it, and none has refused."""

    kind: Literal["approval"] = "approval"
    people: tuple[str, ...]
    """Ids of declared persons."""
    count: int = Field(default=1, ge=1)


class Window(Value):
    """A gate that is open once, from ``opens`` to ``closes`` (维护窗口)."""

    kind: Literal["window"] = "window"
    opens: AwareDatetime
    closes: AwareDatetime

    def room(self, now: datetime) -> timedelta:
        """How much of the window is left at ``now``; nothing outside of it."""
        return self.closes - now if self.opens <= now < self.closes else timedelta(0)

    def next(self, now: datetime) -> datetime | None:
        """When it opens next; None if it never does again."""
        return self.opens if now < self.opens else None

    def longest(self) -> timedelta:
        return self.closes - self.opens


class Weekly(Value):
    """A gate that is open every week, on ``days`` from ``opens`` (local time of ``zone``) for ``length``."""

    kind: Literal["weekly"] = "weekly"
    days: tuple[Day, ...]
    opens: TimeOfDay
    length: Annotated[timedelta, Field(gt=timedelta(0), le=timedelta(days=1))]
    zone: str = "Asia/Shanghai"

    def room(self, now: datetime) -> timedelta:
        """How much of the window is left at ``now``; nothing outside of it."""
        return room_weekly(self.days, self.opens, self.length, self.zone, now)

    def next(self, now: datetime) -> datetime | None:
        """When it opens next."""
        return next_weekly(self.days, self.opens, self.zone, now)

    def longest(self) -> timedelta:
        return self.length


Gate = Annotated[Approval | Window | Weekly, Field(discriminator="kind")]


class ActionValue(Value):
    """An Action as a Plan holds it: its kind, its parameters, whether it can be undone. Plain JSON."""

    kind: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+(/[a-z0-9-]+)+$")]
    parameters: dict[str, JsonValue] = {}
    irreversible: bool = False


class Fleet(Value):
    """How a step that acts on many hosts goes about it."""

    batch: int = Field(default=1, ge=1)
    """Hosts that one call of the action acts on."""
    at_once: int = Field(default=1, ge=1)
    """Batches under way at the same time, over all workers."""
    per_minute: int | None = Field(default=None, ge=1)
    """Batches begun in a minute at most."""
    stop_over: float = Field(default=0.0, ge=0.0, le=1.0)
    """Share of the step's hosts that may fail; one more, and the run stops."""
    undo_failed: bool = False
    """Whether a host that failed is put back at once, by the action's own undo."""


class Step(Value):
    """A goal with a stable id, how it is reached, and what must be so before."""

    id: StepId
    goal: Text
    """What will be true, in a person's words."""
    action: ActionValue
    why: Text = NOTHING
    """Why it stands here in the order."""
    needs: tuple[StepId, ...] = ()
    gates: tuple[Gate, ...] = ()
    time_limit: Duration
    """For one call of the action with its verification; a step over many hosts has it once for each batch."""
    tries: int = Field(default=1, ge=1, le=100)
    """How often it is tried before it counts as failed."""
    wait: timedelta = timedelta(seconds=1)
    """Between two tries; doubled each time."""
    hosts: tuple[str, ...] = ()
    """Where the action acts on hosts, each with a journal, tries and undo of its own: their names."""
    fleet: Fleet | None = None

    @field_validator("action", mode="before")
    @classmethod
    def _plain(cls, given: Any) -> Any:  # noqa: ANN401 (anything may be given; what comes out is checked)
        """An Action itself may be given; the Plan holds its value."""
        return given.value() if hasattr(given, "value") and callable(given.value) else given

    @field_validator("needs")
    @classmethod
    def _sorted(cls, needs: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted(set(needs)))

    @property
    def batches(self) -> tuple[tuple[str, ...], ...]:
        """The step's hosts, as they are acted on together."""
        size = self.fleet.batch if self.fleet else 1
        return tuple(self.hosts[at : at + size] for at in range(0, len(self.hosts), size))

    @property
    def longest(self) -> timedelta:
        """How long the whole step may take."""
        if not self.hosts:
            return self.time_limit
        at_once = self.fleet.at_once if self.fleet else 1
        return self.time_limit * -(-len(self.batches) // at_once)


class Plan(Value):
    """Steps in order, with the reason for the order. It holds no time of making: same input, same digest."""

    schema_version: Literal[1] = 1
    city: str
    domain: Name
    """Who plans and acts: ``migrate``, ``ipv6``, ``dr``."""
    subject: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$")
    """What it is about: a department, a ring, a pair."""
    title: Text
    choices: dict[str, JsonValue] = {}
    """What people decided."""
    inputs: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    """Digest of everything it was made from (see :func:`citycloud.plan.digest_of`)."""
    notes: tuple[Text, ...] = ()
    """What a person should know before saying yes."""
    steps: tuple[Step, ...]

    def step(self, id_: str) -> Step:
        """Raises KeyError where there is none."""
        for step in self.steps:
            if step.id == id_:
                return step
        raise KeyError(id_)
