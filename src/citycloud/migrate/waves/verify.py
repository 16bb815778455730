"""A finished plan of waves against the City and the choices, reckoned a second time, and not as it was made.

The planner sums over windows; here each wave is looked at by itself, lines are summed quarter hour by quarter hour, and
days are looked up one by one: so that a fault in the one reckoning is a finding of the other. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from citycloud.city.model import City, System
from citycloud.cloud.halves import sites_of
from citycloud.migrate.choices import Line, Migrations, WaveChoices, WeekWindow
from citycloud.migrate.choices.model import DAYS, minutes
from citycloud.migrate.waves.plan import Placement, WavePlan

QUARTER = timedelta(minutes=15)
SIZES = ("vcpu", "memory_gib", "storage_gib")


@dataclass(frozen=True)
class Broken:
    """A constraint that a plan does not keep, and in whose case."""

    kind: str
    subject: str
    said: str


KINDS = (
    "all-placed",
    "needs",
    "together",
    "window",
    "frozen",
    "not-before",
    "team",
    "department",
    "line",
    "quota",
    "zone",
)


def broken(city: City, migrations: Migrations, plan: WavePlan) -> list[Broken]:
    """Every constraint that ``plan`` does not keep; none, as a rule."""
    choices = migrations.waves
    assert choices is not None
    found = [*_all_placed(city, choices, plan), *_order(city, choices, plan)]
    for one in plan.placements:
        found += _window(migrations, choices, one)
    found += [*_people(choices, plan), *_lines(choices, plan), *_room(city, choices, plan)]
    return found


def _moved(choices: WaveChoices) -> set[str]:
    return {one.id for one in choices.systems if one.moved}


def _all_placed(city: City, choices: WaveChoices, plan: WavePlan) -> Iterator[Broken]:
    wanted = Counter(system.id for system in city.systems if system.id not in _moved(choices))
    placed = Counter(one.system for one in plan.placements)
    for id_ in sorted((wanted - placed) | (placed - wanted)):
        yield Broken("all-placed", id_, f"placed {placed[id_]} times, to be placed {wanted[id_]} times")


def _order(city: City, choices: WaveChoices, plan: WavePlan) -> Iterator[Broken]:
    wave = {one.system: one.wave for one in plan.placements}
    apart = 1 if choices.needed_first == "earlier-wave" else 0
    joined = {id_: group for group in choices.together for id_ in group}
    for system in city.systems:
        for need in system.needs:
            both = system.id in wave and need in wave
            if both and need not in joined.get(system.id, ()) and wave[need] + apart > wave[system.id]:
                yield Broken("needs", system.id, f"wave {wave[system.id]}, and {need} moves in wave {wave[need]}")
    for group in choices.together:
        if len({wave[id_] for id_ in group if id_ in wave}) > 1:
            yield Broken("together", " + ".join(group), "not in one wave")


def _window(migrations: Migrations, choices: WaveChoices, one: Placement) -> Iterator[Broken]:
    department = migrations.of(one.department)
    move = next((each for each in department.moves if each.system == one.system), None) if department else None
    if not _inside(one.begins, one.ends, choices.windows):
        yield Broken("window", one.system, f"{one.begins} to {one.ends} is none of the city's windows")
    own = move.windows if move else ()
    minute = timedelta(minutes=1)
    inside = [one.begins + at * minute for at in range(int((one.ends - one.begins) / minute))]
    usable = _longest([not own or any(_open(moment, window) for window in own) for moment in inside])
    if usable < one.cutover_minutes:
        yield Broken("window", one.system, f"{usable} min are open to it, its cutover takes {one.cutover_minutes}")
    days = {moment.date() for moment in inside}
    for frozen in choices.frozen:
        named = not frozen.departments or one.department in frozen.departments
        if named and any(frozen.begins <= day <= frozen.ends for day in days):
            yield Broken("frozen", one.system, f"{one.begins} is within {frozen.begins} to {frozen.ends}")
    known = next((each for each in choices.systems if each.id == one.system), None)
    if known and known.not_before and one.begins.date() < known.not_before:
        yield Broken("not-before", one.system, f"{one.begins} is before {known.not_before}")


def _open(moment: datetime, window: WeekWindow) -> bool:
    """Whether an occurrence of the window covers that minute: one that began today, or yesterday."""
    now, begins, ends = moment.hour * 60 + moment.minute, minutes(window.begins), minutes(window.ends)
    today, yesterday = DAYS[moment.weekday()], DAYS[(moment.weekday() - 1) % 7]
    over = ends <= begins
    return (today in window.days and begins <= now and (over or now < ends)) or (
        over and yesterday in window.days and now < ends
    )


def _longest(flags: list[bool]) -> int:
    best = run = 0
    for flag in flags:
        run = run + 1 if flag else 0
        best = max(best, run)
    return best


def _inside(begins: datetime, ends: datetime, windows: tuple[WeekWindow, ...]) -> bool:
    found = [window for window in windows if DAYS[begins.weekday()] in window.days]
    return any(f"{begins:%H:%M}" == w.begins and f"{ends:%H:%M}" == w.ends.replace("24:00", "00:00") for w in found)


def _people(choices: WaveChoices, plan: WavePlan) -> Iterator[Broken]:
    for wave in plan.waves:
        departments = Counter(one.department for one in plan.placements if one.wave == wave.number)
        for id_, moves in sorted(departments.items()):
            if moves > choices.moves_of_department:
                yield Broken("department", id_, f"{moves} moves in wave {wave.number}")
        for team in choices.teams:
            moves = sum(count for id_, count in departments.items() if not team.departments or id_ in team.departments)
            if moves > team.moves:
                yield Broken("team", team.id, f"{moves} moves in wave {wave.number}, and it can make {team.moves}")


def _lines(choices: WaveChoices, plan: WavePlan) -> Iterator[Broken]:
    """What has to be there for a wave's rehearsals was sent before, at the line's hours."""
    for site in sorted({one.site for one in plan.placements}):
        line = next((each for each in choices.lines if each.site == site), None)
        for wave in plan.waves:
            wanted = sum(one.copy_mib for one in plan.placements if one.site == site and one.wave <= wave.number)
            until = wave.begins - timedelta(days=choices.ahead_days)
            carried = _carried(choices, line, until) if line else 0.0
            if wanted > carried:
                yield Broken("line", site, f"wave {wave.number}: {wanted} MiB by then, and it carries {carried:.0f}")


def _carried(choices: WaveChoices, line: Line, until: datetime) -> float:
    moment = datetime(choices.begins.year, choices.begins.month, choices.begins.day, tzinfo=until.tzinfo)
    bits = 0.0
    while moment < until:
        now = moment.hour * 60 + moment.minute
        rates = [hours.megabits for hours in line.hours if minutes(hours.begins) <= now < minutes(hours.ends)]
        bits += sum(rates) * 1e6 * min(QUARTER, until - moment).total_seconds() * line.usable_percent / 100
        moment += QUARTER
    return bits / 8 / (1 << 20) + 1e-6


def _room(city: City, choices: WaveChoices, plan: WavePlan) -> Iterator[Broken]:
    systems = {system.id: system for system in city.systems}
    for wave in plan.waves:
        for size in SIZES:
            used: Counter[tuple[str, str, str]] = Counter()
            for one in plan.placements:
                used.update(_taken(city, choices, systems[one.system], one, wave.number, size))
            yield from _over(city, choices, used, wave.begins, size)


def _taken(
    city: City, choices: WaveChoices, system: System, one: Placement, wave: int, size: str
) -> Counter[tuple[str, str, str]]:
    """What a System takes of its department's quota and of its zone, at each of its sites, in that wave."""
    found: Counter[tuple[str, str, str]] = Counter()
    if one.wave > wave:
        return found
    for site in sites_of(city, system):
        amount = one.sizes[size]
        if one.wave == wave and site == system.site and size != "storage_gib":
            amount += -(-amount * choices.rehearsal_percent // 100)
        found["quota", site, system.department] += amount
        found["zone", site, system.zone] += amount
    return found


def _over(
    city: City, choices: WaveChoices, used: Counter[tuple[str, str, str]], when: datetime, size: str
) -> Iterator[Broken]:
    quotas = {(quota.site, one.id): getattr(quota, size) for one in city.departments for quota in one.quotas}
    zones = {
        (site.id, zone.id): sum(getattr(host.capacity, size) for host in zone.hosts)
        for site in city.sites
        for zone in site.zones
    }
    for (kind, site, name), amount in sorted(used.items()):
        have = (
            quotas.get((site, name), 0)
            if kind == "quota"
            else zones[site, name] * _there(choices, site, name, when) // 100
        )
        if amount > have:
            yield Broken(kind, f"{name} at {site}", f"{amount} {size} from {when:%Y-%m-%d}, and there are {have}")


def _there(choices: WaveChoices, site: str, zone: str, when: datetime) -> int:
    lots = [one for one in choices.deliveries if one.site == site and one.zone == zone]
    return max([one.percent for one in lots if one.begins <= when.date()], default=0) if lots else 100
