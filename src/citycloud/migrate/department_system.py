"""What is known of one System's move, gathered from City, choices and Observation. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, ip_address

from citycloud.city.model import City, System
from citycloud.cloud.halves import Half, halves
from citycloud.migrate.choices import DepartmentChoices, Migrations, MoveChoices, Source, WeekWindow
from citycloud.migrate.seen import Database, DatabaseServer, Observation, SeenHost
from citycloud.plan import Approval, Gate, Weekly

MEBIBYTES_A_MEGABIT = 1_000_000 / 8 / (1 << 20)


@dataclass(frozen=True)
class From:
    """A host that the System stands on now, and the machine that takes over from it."""

    chosen: Source
    seen: SeenHost | None
    half: Half | None

    @property
    def address(self) -> str:
        """Its IPv4 address; empty where it was not seen."""
        known = self.seen.addresses if self.seen else ()
        return next((each for each in known if isinstance(ip_address(each), IPv4Address)), "")

    @property
    def machine(self) -> str:
        return self.half.machine.id if self.half else ""

    @property
    def new_address(self) -> str:
        return str(self.half.addresses.ipv4) if self.half else ""


@dataclass(frozen=True)
class Held:
    """A database, and where."""

    source: From
    server: DatabaseServer
    database: Database


@dataclass(frozen=True)
class Moving:
    department: DepartmentChoices
    move: MoveChoices
    system: System
    sources: tuple[From, ...]
    databases: tuple[Held, ...]
    windows: tuple[WeekWindow, ...]
    mebibytes_a_second: float
    """What of the line the move may use; 0 where no line is declared."""
    any_time: str = ""
    """Why no maintenance window is kept to; empty where they are."""

    @property
    def stack(self) -> str:
        return f"{self.system.site}-{self.department.department}"

    @property
    def name(self) -> str:
        """What the report calls it when it is down."""
        return self.move.system

    def id(self, step: str) -> str:
        return f"{self.department.department}/{self.move.system}/{step}"

    @property
    def window(self) -> tuple[Gate, ...]:
        """The maintenance window, as gates: none where it is not kept to."""
        if self.any_time:
            return ()
        days = tuple(dict.fromkeys(day for window in self.windows for day in window.days))
        first = self.windows[0]
        return (Weekly(days=days, opens=first.begins, length=timedelta(minutes=first.length)),)

    def approval(self, people: tuple[str, ...]) -> Approval:
        """All of them have to sign."""
        return Approval(people=people, count=len(people))

    @property
    def replacements(self) -> dict[str, str]:
        """Old addresses to new ones, for what is written into files."""
        return {one.address: one.new_address for one in self.sources if one.address and one.new_address}


def moving(
    city: City,
    migrations: Migrations,
    chosen: DepartmentChoices,
    move: MoveChoices,
    seen: Observation,
    any_time: str = "",
) -> Moving:
    system = next(one for one in city.systems if one.id == move.system)
    hosts = {host.id: host for host in seen.of(move.system)}
    stands = {half.machine.id: half for half in halves(city) if half.primary}
    sources = tuple(
        From(source, hosts.get(source.id), stands.get(source.becomes[0]) if source.becomes else None)
        for source in move.sources
    )
    waves = migrations.waves
    windows = move.windows or (waves.windows if waves else ())
    rates = [
        hours.megabits
        for line in (waves.lines if waves else ())
        if line.site == system.site
        for hours in line.hours
        if hours.megabits
    ]
    rate = min(rates, default=0) * move.bandwidth_percent / 100 * MEBIBYTES_A_MEGABIT
    return Moving(chosen, move, system, sources, tuple(_held(sources)), windows, round(rate, 2), any_time)


def _held(sources: tuple[From, ...]) -> list[Held]:
    return [
        Held(source, server, database)
        for source in sources
        for server in (source.seen.databases if source.seen else ())
        if server.engine == "postgresql"
        for database in server.databases
        if database.name != "postgres" or database.tables
    ]
