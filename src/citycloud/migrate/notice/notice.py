"""What a department is told, from its choices and, once there is one, the plan of waves; rendered in two languages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.resources import files
from typing import Literal

from jinja2 import Environment, StrictUndefined

from citycloud.city.model import City, Person
from citycloud.errors import BadInput
from citycloud.migrate.choices import DepartmentChoices, Migrations, MoveChoices, WeekWindow
from citycloud.migrate.waves.plan import Placement, WavePlan
from citycloud.report import Text

Language = Literal["zh", "en"]
DAYS = {
    "mon": Text("周一", "Monday"),
    "tue": Text("周二", "Tuesday"),
    "wed": Text("周三", "Wednesday"),
    "thu": Text("周四", "Thursday"),
    "fri": Text("周五", "Friday"),
    "sat": Text("周六", "Saturday"),
    "sun": Text("周日", "Sunday"),
}
METHODS = {
    "replicate": Text(
        "在线复制数据，切换时短暂停写", "its data is replicated live; writes pause briefly at the cutover"
    ),
    "lift": Text("整机搬迁，切换时停用", "the whole machine moves; it is down during the cutover"),
}
WAY_BACK = {
    "replicate": Text(
        "切换后写入的数据持续回传，退回时不丢失",
        "what is written after the cutover flows back all the time, and going back loses nothing",
    ),
    "lift": Text(
        "退回须再停用一次，由反向同步带回切换后的数据",
        "going back takes one more stop, in which what was written since is carried back",
    ),
}


@dataclass(frozen=True)
class Days:
    """When each thing happens, once a wave is planned."""

    wave: int
    copying: date | None
    rehearsal: date
    cutover: datetime
    closes: datetime
    accepted: date
    way_back: date


@dataclass(frozen=True)
class Told:
    """One move, as the department is told of it."""

    system: str
    id: str
    method: Text
    windows: Text
    refused_seconds: int
    cutover_minutes: int
    rehearsals: int
    rehearsal_days: int
    accept_days: int
    way_back_days: int
    way_back: Text
    impact: Text
    approve: dict[str, str]
    """By ``cutover``, ``accept``, ``decommission``: names of those who sign."""
    days: Days | None


@dataclass(frozen=True)
class Notice:
    department: str
    owner: str
    decides: str
    stands_in: str
    contact: str
    moves: tuple[Told, ...]


def notice(city: City, migrations: Migrations, department: str, waves: WavePlan | None = None) -> Notice:
    """What ``department`` is told. Raises BadInput where it has made no choices."""
    chosen = migrations.of(department)
    if chosen is None:
        known = ", ".join(one.department for one in migrations.departments) or "none"
        raise BadInput(f"{department} has made no choices about moving (those that have: {known})")
    people = {person.id: person for one in city.departments for person in one.people}
    return Notice(
        department=next(one.name for one in city.departments if one.id == department),
        owner=_named(people, chosen.owner),
        decides=_named(people, chosen.decides),
        stands_in=_named(people, chosen.stands_in) if chosen.stands_in else "",
        contact=chosen.contact,
        moves=tuple(_told(city, migrations, chosen, move, people, waves) for move in _in_order(chosen)),
    )


def render(told: Notice, language: Language) -> str:
    """The notice as Markdown."""
    environment = Environment(  # noqa: S701 (text, not a page)
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters["said"] = lambda words: getattr(words, language)
    source = (files("citycloud.migrate.notice") / f"notice.{language}.md.j2").read_text(encoding="utf-8")
    return environment.from_string(source).render(told=told)


def _in_order(chosen: DepartmentChoices) -> list[MoveChoices]:
    return sorted(chosen.moves, key=lambda move: move.order)


def _named(people: dict[str, Person], id_: str) -> str:
    return f"{people[id_].name} ({id_})"


def _told(
    city: City,
    migrations: Migrations,
    chosen: DepartmentChoices,
    move: MoveChoices,
    people: dict[str, Person],
    waves: WavePlan | None,
) -> Told:
    windows = move.windows or (migrations.waves.windows if migrations.waves else ())
    placed = waves.of(move.system) if waves else None
    approve = {
        what: "、".join(_named(people, id_) for id_ in getattr(move.approvals, what))
        for what in ("cutover", "accept", "decommission")
    }
    return Told(
        system=next(one.name for one in city.systems if one.id == move.system),
        id=move.system,
        method=METHODS[move.method],
        windows=_windows(windows),
        refused_seconds=move.refused_seconds,
        cutover_minutes=move.cutover_minutes,
        rehearsals=move.rehearsal.times,
        rehearsal_days=move.rehearsal.days_before,
        accept_days=move.accept_days,
        way_back_days=move.way_back_days,
        way_back=WAY_BACK[move.method],
        impact=Text(move.impact, move.impact_en or move.impact),
        approve=approve,
        days=_days(move, placed) if placed else None,
    )


def _windows(windows: tuple[WeekWindow, ...]) -> Text:
    zh = "；".join(f"{'、'.join(DAYS[day].zh for day in one.days)} {one.begins} 至 {one.ends}" for one in windows)
    en = "; ".join(f"{', '.join(DAYS[day].en for day in one.days)} {one.begins} to {one.ends}" for one in windows)
    return Text(zh, en)


def _days(move: MoveChoices, placed: Placement) -> Days:
    day = placed.begins.date()
    return Days(
        wave=placed.wave,
        copying=placed.copy_begins.date() if placed.copy_begins else None,
        rehearsal=day - timedelta(days=move.rehearsal.days_before),
        cutover=placed.opens,
        closes=placed.closes,
        accepted=day + timedelta(days=move.accept_days),
        way_back=day + timedelta(days=move.way_back_days),
    )
