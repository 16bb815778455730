"""Look at all hosts of a department's moves, all at once, and make one Observation of it.

A fact that cannot be had is told among ``unseen`` with why; a host that does not let us in is one line there. Nothing
is installed, written or changed at the source.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from citycloud.errors import CitycloudError
from citycloud.migrate.choices import DepartmentChoices, Source
from citycloud.migrate.discover import parse_data, parse_databases, parse_host, parse_use
from citycloud.migrate.discover.facts import FACTS, Fact, limit, words
from citycloud.migrate.discover.reach import Reach, Unreachable
from citycloud.migrate.seen import Observation, SeenHost, Unseen
from citycloud.progress import Progress

Clock = Callable[[], datetime]
AT_ONCE = 8


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@dataclass
class _Looking:
    """One host while it is looked at."""

    source: Source
    system: str
    reach: Reach
    clock: Clock
    seconds: int
    every: int
    told: dict[str, list[str]] = field(default_factory=dict)
    """What each fact's collector printed, at each look."""
    unseen: list[Unseen] = field(default_factory=list)
    asked: tuple[datetime, datetime] | None = None
    """When the fact that tells the host's time was asked for, and answered."""
    lost: bool = False

    def ask(self, fact: Fact, since: float | None = None) -> None:
        if self.lost:
            return
        before = self.clock()
        given = words(fact, self.source, self.seconds, self.every, since)
        try:
            said = self.reach.run(self.source, fact.language, fact.program, given, limit(fact, self.seconds))
        except Unreachable as fault:
            self.lost = True
            self.miss("host", str(fault))
        except CitycloudError as fault:
            self.miss(fact.name, str(fault))
        else:
            self.told.setdefault(fact.name, []).append(said)
            if fact.name == "os":
                self.asked = (before, self.clock())

    def miss(self, fact: str, why: str) -> None:
        self.unseen.append(Unseen(host=self.source.id, fact=fact, why=why.splitlines()[0][:300]))

    def made(self, fact: str, make: Callable[..., Any], none: Any, *more: object, looks: int = 1) -> Any:  # noqa: ANN401
        """What ``make`` makes of what was printed, or ``none`` where nothing was, or it is no such thing."""
        if fact not in self.told:
            return none
        try:
            return make(*self.told[fact][:looks], *more)
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as fault:
            self.miss(fact, f"what was printed can't be read: {type(fault).__name__}: {fault}")
            return none


def observe(
    chosen: DepartmentChoices,
    reach: Reach,
    *,
    seconds: int = 60,
    every: int = 5,
    clock: Clock = now,
    progress: Progress | None = None,
) -> Observation:
    """Every host of the department's moves. ``seconds`` are measured, with a look every ``every`` seconds."""
    began = clock()
    sources = [(source, move.system) for move in chosen.moves for source in move.sources]
    tell = progress or Progress()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        tasks = [
            pool.submit(_host, _Looking(source, system, reach, clock, seconds, every), tell)
            for source, system in sources
        ]
        found = [task.result() for task in tasks]
    hosts = sorted((host for host, _ in found if host is not None), key=lambda host: host.id)
    unseen = sorted((one for _, missed in found for one in missed), key=lambda one: (one.host, one.fact, one.why))
    return Observation(
        department=chosen.department, began=began, ended=clock(), hosts=tuple(hosts), unseen=tuple(unseen)
    )


def _host(looking: _Looking, progress: Progress) -> tuple[SeenHost | None, list[Unseen]]:
    began = looking.clock()
    progress.say(f"{looking.source.id}: looking, and measuring for {looking.seconds} s")
    for fact in FACTS:
        looking.ask(fact)
    if not looking.lost and looking.seconds > 0:
        since = looking.made("trees", parse_data.looked_at, began.timestamp())
        for fact in FACTS:
            if fact.twice and fact.name in looking.told:
                looking.ask(fact, since)
    if not looking.told:
        progress.say(f"{looking.source.id}: {looking.unseen[0].why}", style="red")
        return None, looking.unseen
    made = _seen(looking, began)
    progress.say(f"{looking.source.id}: seen" + (f", but for {len(looking.unseen)} facts" if looking.unseen else ""))
    return made, looking.unseen


def _seen(looking: _Looking, began: datetime) -> SeenHost:
    made = looking.made
    ports = made("ports", parse_host.ports, ())
    found: dict[str, Any] = {
        "os": _os(looking),
        "addresses": made("os", parse_host.addresses_of, ()),
        "filesystems": made("os", parse_host.filesystems, ()),
        "packages": made("packages", parse_host.packages, ()),
        "services": made("services", parse_host.services, ()),
        "ports": ports,
        "users": made("users", parse_host.users, ()),
        "cron": made("cron", parse_host.cron, ()),
        "use": made("use", parse_use.use, None, began) if looking.seconds else None,
        "connections": made("use", parse_use.connections, (), parse_host.known_ports(ports)),
        "certificates": made("certificates", parse_data.certificates, ()),
        "keys": made("certificates", parse_data.keys, ()),
        "programs": made("programs", parse_data.programs, ()),
        "mentions": made("mentions", parse_data.mentions, ()) + made("programs", parse_data.mentions_in_programs, ()),
        "secrets": made("mentions", parse_data.secrets, ()),
        "trees": made("trees", parse_data.trees, (), looks=2),
        "databases": _databases(looking),
    }
    return SeenHost(id=looking.source.id, system=looking.system, began=began, ended=looking.clock(), **found)


def _os(looking: _Looking) -> object:
    """With the clock's difference: the host's answer lies somewhere between asking and being answered."""
    if looking.asked is None:
        return None
    before, after = (moment.timestamp() for moment in looking.asked)
    there = looking.made("os", parse_host.clock, (before + after) / 2)
    within = max((after - before) / 2, 1.0)  # our own clock is read in whole seconds
    return looking.made("os", parse_host.os_of, None, there - (before + after) / 2, within)


def _databases(looking: _Looking) -> tuple[object, ...]:
    for fact in ("postgresql", "mariadb"):
        for fault in looking.made(fact, parse_databases.faults, ()):
            looking.miss(fact, fault)
    servers: tuple[object, ...] = looking.made("postgresql", parse_databases.postgresql, (), looks=2)
    return (*servers, *looking.made("mariadb", parse_databases.mariadb, (), looks=2))
