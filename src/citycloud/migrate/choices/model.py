"""Choices about moving. Frozen values, no I/O. Sizes are GiB and vCPU, rates Mbit/s, as in the City."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from citycloud.city.model import Arch, Id, Noun

SCHEMA_VERSION = 1
DAY_MINUTES = 24 * 60

Clock = Annotated[str, StringConstraints(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
"""Time of day, ``00:00`` to ``24:00``, in the city's own time."""
Offset = Annotated[str, StringConstraints(pattern=r"^[+-](0[0-9]|1[0-4]):[0-5][0-9]$")]
"""From UTC, ``+08:00``."""
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Percent = Annotated[int, Field(ge=1, le=100)]


def minutes(clock: str) -> int:
    """Minutes since midnight."""
    hours, rest = clock.split(":")
    return int(hours) * 60 + int(rest)


def as_time(clock: str) -> time:
    """``24:00`` is midnight, as a time of day."""
    return time(minutes(clock) // 60 % 24, minutes(clock) % 60)


class WeekWindow(Noun):
    """A maintenance window (维护窗口) that comes every week. One that ends before it begins goes over midnight."""

    days: tuple[Day, ...] = Field(min_length=1)
    """On which it begins."""
    begins: Clock
    ends: Clock

    @property
    def length(self) -> int:
        """Minutes."""
        return (minutes(self.ends) - minutes(self.begins) - 1) % DAY_MINUTES + 1


class Frozen(Noun):
    """Days, the last one included, on which nothing is cut over, and why."""

    begins: date
    ends: date
    why: str
    why_en: str = ""
    departments: tuple[Id, ...] = ()
    """None named: all."""


class LineHours(Noun):
    """What moves may use of a line at a time of day."""

    begins: Clock
    ends: Clock
    megabits: int = Field(ge=0)


class Line(Noun):
    """What departments' data come to a Site over. Hours that are not named carry nothing."""

    site: Id
    hours: tuple[LineHours, ...] = Field(min_length=1)
    usable_percent: Percent = 90
    """What of it is planned with: copying never fills a line, and what was copied is kept up to date over it."""


class Team(Noun):
    """People who make moves (实施组), and how many they can make in one window."""

    id: Id
    name: str
    moves: int = Field(gt=0)
    departments: tuple[Id, ...] = ()
    """Whose moves it makes; none named: everybody's."""


class Delivery(Noun):
    """From a day on, this much of a zone's capacity is there (hardware that comes in lots)."""

    site: Id
    zone: Id
    begins: date
    percent: Percent


class Demand(Noun):
    """What a System takes at its Site once it has moved, and what its move takes."""

    vcpu: int = Field(gt=0)
    memory_gib: int = Field(gt=0)
    storage_gib: int = Field(gt=0)
    copy_gib: int = Field(ge=0)
    """To send."""
    cutover_minutes: int = Field(gt=0)
    """Within its window."""


class SystemChoices(Noun):
    """What is known better about one System than the City's machines and the defaults tell."""

    id: Id
    vcpu: int | None = Field(default=None, gt=0)
    memory_gib: int | None = Field(default=None, gt=0)
    storage_gib: int | None = Field(default=None, gt=0)
    copy_gib: int | None = Field(default=None, ge=0)
    cutover_minutes: int | None = Field(default=None, gt=0)
    arches: tuple[Arch, ...] = ()
    """It runs on these; none named: on any."""
    weight: int | None = Field(default=None, ge=1, le=100)
    """The heavier, the earlier."""
    not_before: date | None = None
    moved: bool = False
    """It is there already: takes room, and no wave."""


class WaveChoices(Noun):
    """How all Systems may move: ``migrations/waves.yaml``."""

    schema_version: Literal[1]
    utc_offset: Offset
    begins: date
    ends: date
    windows: tuple[WeekWindow, ...] = Field(min_length=1)
    lines: tuple[Line, ...]
    teams: tuple[Team, ...]
    frozen: tuple[Frozen, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    together: tuple[tuple[Id, ...], ...] = ()
    """Systems that cannot be apart for a day: they go in one wave."""
    needed_first: Literal["same-wave", "earlier-wave"] = "same-wave"
    """What a System needs moves before it, in the same wave at the latest; or in an earlier one."""
    ahead_days: int = Field(default=7, ge=0)
    """How long before a cutover its data has to be there, so that it can be rehearsed."""
    moves_of_department: int = Field(default=1, gt=0)
    """In one window."""
    rehearsal_percent: int = Field(default=100, ge=0, le=100)
    """How large the clones are that a System is rehearsed on; they have to fit in beside it in its wave."""
    fill_percent: Percent = 60
    """What of declared disks holds data, where nothing was measured."""
    defaults: Demand
    """For Systems without declared machines."""
    systems: tuple[SystemChoices, ...] = ()


class Source(Noun):
    """A host that a System stands on now."""

    id: Id
    address: str = ""
    """What to connect to where the SSH configuration does not know the id."""
    user: str = "root"
    port: int = Field(default=22, ge=1, le=65535)
    trees: tuple[str, ...] = ()
    """Directories with data; what discovery finds is added."""
    becomes: tuple[Id, ...] = ()
    """Machines of the City that take over from it."""
    carries: tuple[str, ...] = ()
    """The application's own files and directories: programs, units, configuration, certificates with their keys."""
    clears: tuple[str, ...] = ()
    """Files at the target that are in their way."""
    units: tuple[str, ...] = ()
    """What runs the application, in the order of starting."""


class Rehearsal(Noun):
    """A test start on clones in an isolated network (演练)."""

    days_before: int = Field(default=3, ge=1)
    times: int = Field(default=1, ge=0)


class Approvals(Noun):
    """Who has to sign what: ids of Persons of the City."""

    cutover: tuple[Id, ...] = Field(min_length=1)
    accept: tuple[Id, ...] = Field(min_length=1)
    decommission: tuple[Id, ...] = Field(min_length=2)


class Sizing(Noun):
    """How a flavor follows from measured use."""

    percentile: Percent = 95
    headroom_percent: int = Field(default=30, ge=0, le=400)
    """On top of the percentile."""
    least_hours: float = Field(default=24.0, ge=0)
    """Use measured for less tells no peak."""
    growth_percent: int = Field(default=50, ge=0, le=1000)
    """Free room on disks."""


class Target(Noun):
    """What the System runs on after the move."""

    os: str = "debian 12"
    postgresql: str = "15"
    mariadb: str = "10.11"
    collation: str = "C.UTF-8"
    """Of the new databases; text is UTF-8 always."""


class MoveChoices(Noun):
    """One System's move."""

    system: Id
    order: int = Field(gt=0)
    """Among the department's moves."""
    method: Literal["replicate", "lift"]
    """Live replication of databases and files; or the whole machine, disk for disk."""
    sources: tuple[Source, ...] = Field(min_length=1)
    windows: tuple[WeekWindow, ...] = ()
    """The city's own where none is named."""
    bandwidth_percent: Percent = 50
    """Of the line to its Site."""
    cutover_minutes: int = Field(default=60, gt=0)
    refused_seconds: int = Field(default=60, gt=0)
    """For how long writes may be refused, at the most, when cutting over."""
    rehearsal: Rehearsal = Rehearsal()
    accept_days: int = Field(default=7, gt=0)
    """After the cutover, until it is accepted or taken back."""
    way_back_days: int = Field(default=14, gt=0)
    """After the cutover, until the source is decommissioned: so long there is a way back."""
    approvals: Approvals
    sizing: Sizing = Sizing()
    target: Target = Target()
    keyless_tables: Literal["ask", "full-identity", "copy-at-cutover", "leave"] = "ask"
    """Tables without a key: their replica identity is set to full at the source, or they are copied while writes
    stop."""
    large_objects: Literal["ask", "copy-at-cutover", "leave"] = "ask"
    unlogged_tables: Literal["ask", "copy-at-cutover", "leave"] = "ask"
    old_text: Literal["ask", "to-utf8", "as-is"] = "ask"
    """Text in GBK or the like, declared so or hidden in latin1."""
    restart_source: Literal["ask", "in-window", "never"] = "ask"
    """Where the source's database has to be started anew before it can be replicated from."""
    addresses_in_files: Literal["ask", "names", "as-is"] = "ask"
    """Addresses written into configuration: replaced by names on the copy, or kept."""
    impact: str = ""
    """What users notice, in Chinese, for the notice."""
    impact_en: str = ""


class DepartmentChoices(Noun):
    """One department's moves: ``migrations/<department>/choices.yaml``."""

    schema_version: Literal[1]
    department: Id
    owner: Id
    decides: Id
    """Says go or no-go before a cutover."""
    stands_in: Id | None = None
    """Decides where the first can't be reached."""
    contact: str = ""
    """Where users and the platform team call, in the notice."""
    moves: tuple[MoveChoices, ...]
