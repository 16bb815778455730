"""What tests of moving share: Wuwei's choices, the captured hosts, and small problems of waves."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from hypothesis import strategies as st

from citycloud.city.load import load_city
from citycloud.city.model import (
    Capacity,
    Carrier,
    City,
    Department,
    Guests,
    Host,
    PlanSums,
    Quota,
    Site,
    System,
    Zone,
)
from citycloud.migrate.choices import (
    Delivery,
    Demand,
    Frozen,
    Line,
    LineHours,
    Migrations,
    MoveChoices,
    SystemChoices,
    Team,
    WaveChoices,
    WeekWindow,
    load_migrations,
)
from citycloud.migrate.choices.model import DAYS
from citycloud.migrate.discover import Recorded, observe
from citycloud.migrate.discover.facts import by_program
from citycloud.migrate.seen import Observation
from citycloud.progress import Progress

PROJECT = Path(__file__).parents[3]
WUWEI = PROJECT / "inventories" / "wuwei" / "city"
MIGRATIONS = PROJECT / "migrations"
CAPTURED = Path(__file__).parent / "captured"
WHEN = datetime(2026, 11, 23, 23, 52, 0, tzinfo=UTC)
"""When the hosts were captured."""


@cache
def wuwei() -> City:
    return load_city(WUWEI)


@cache
def chosen() -> Migrations:
    return load_migrations(MIGRATIONS, wuwei())


def copy_of_choices(directory: Path) -> Path:
    return Path(shutil.copytree(MIGRATIONS, directory / "migrations"))


def quiet() -> Progress:
    from rich.console import Console

    return Progress(console=Console(quiet=True))


def move_of(**changes: object) -> MoveChoices:
    """hydro's move, from the captured host, changed."""
    water = chosen().of("water")
    assert water is not None
    whole = water.moves[0].model_dump() | {
        "sources": [{"id": "old-db", "becomes": ["hydro-db"], "trees": ["/srv/share"]}],
        **changes,
    }
    return MoveChoices.model_validate(whole)


@cache
def captured(host: str = "old-db") -> Observation:
    """What discovery makes of a captured host, as if it were hydro's."""
    water = chosen().of("water")
    assert water is not None
    move = move_of(sources=[{"id": host, "becomes": ["hydro-db"], "trees": ["/srv/share"]}])
    asked = water.model_copy(update={"moves": (move,)})
    reach = Recorded(CAPTURED, by_program())
    return observe(asked, reach, seconds=12, every=3, clock=lambda: WHEN, progress=quiet())


def small_city(departments: int, systems: tuple[System, ...], quota: int = 1000, zone_vcpu: int = 1000) -> City:
    """One site with a zone of each architecture; departments d0, d1, ... with the same quota of everything."""
    room = Capacity(vcpu=zone_vcpu, memory_gib=zone_vcpu, storage_gib=100_000)
    zones = (
        Zone(id="plain", name="plain", grades=(2,), hosts=(Host(id="h1", guests=Guests.NONE, capacity=room),)),
        Zone(
            id="apart",
            name="apart",
            grades=(2,),
            hosts=(Host.model_validate({"id": "h2", "guests": "none", "arch": "aarch64", "capacity": room}),),
        ),
    )
    quotas = (Quota(site="east", vcpu=quota, memory_gib=quota, storage_gib=100_000),)
    return City(
        schema_version=1,
        id="small",
        name="small",
        domain="small.example",
        synthetic=True,
        plan=PlanSums(
            systems=0,
            units=0,
            capacity=room,
            first_systems=0,
            first_vcpu=0,
            first_memory_gib=0,
            first_system_disk_gib=0,
            first_data_disk_gib=0,
        ),
        carriers=(Carrier(id="one", name="one"),),
        sites=(Site(id="east", name="east", carrier="one", zones=zones),),
        links=(),
        segments=(),
        departments=tuple(
            Department(id=f"d{n}", name=f"d{n}", number=n, owner="nobody", people=(), quotas=quotas)
            for n in range(departments)
        ),
        systems=systems,
        machines=(),
        flows=(),
        regions=(),
        units=(),
        pairs=(),
    )


def system(name: str, department: str = "d0", needs: tuple[str, ...] = (), zone: str = "plain") -> System:
    return System(id=name, name=name, department=department, site="east", zone=zone, grade=2, needs=needs)


def wave_choices(**changes: object) -> WaveChoices:
    """Two windows a week for eight weeks, a line that never binds, one team."""
    whole: dict[str, object] = {
        "schema_version": 1,
        "utc_offset": "+08:00",
        "begins": date(2027, 1, 4),
        "ends": date(2027, 2, 28),
        "windows": (WeekWindow(days=("tue", "thu"), begins="22:00", ends="04:00"),),
        "lines": (Line(site="east", hours=(LineHours(begins="00:00", ends="24:00", megabits=1000),)),),
        "teams": (Team(id="all", name="all", moves=2),),
        "ahead_days": 0,
        "moves_of_department": 2,
        "rehearsal_percent": 50,
        "defaults": Demand(vcpu=4, memory_gib=8, storage_gib=100, copy_gib=50, cutover_minutes=120),
        **changes,
    }
    return WaveChoices.model_validate(whole)


@st.composite
def small_problems(draw: st.DrawFn) -> tuple[City, Migrations]:
    """Up to seven systems of up to three departments, with every kind of constraint; some cannot be planned at all."""
    count = draw(st.integers(1, 7))
    ids = [f"s{n}" for n in range(count)]
    systems = tuple(
        system(
            id_,
            f"d{draw(st.integers(0, 2))}",
            tuple(draw(st.sets(st.sampled_from(ids[:n]), max_size=2))) if n else (),
            draw(st.sampled_from(("plain", "plain", "apart"))),
        )
        for n, id_ in enumerate(ids)
    )
    rate = draw(st.sampled_from((1, 4, 20, 1000)))
    waves = wave_choices(
        lines=(Line(site="east", hours=(LineHours(begins="01:00", ends="07:30", megabits=rate),)),),
        teams=(
            Team(id="all", name="all", moves=draw(st.integers(1, 3))),
            Team(id="few", name="few", moves=1, departments=("d0",)),
        ),
        moves_of_department=draw(st.integers(1, 2)),
        needed_first=draw(st.sampled_from(("same-wave", "earlier-wave"))),
        ahead_days=draw(st.sampled_from((0, 5))),
        frozen=(Frozen(begins=date(2027, 1, 12), ends=date(2027, 1, 19), why="x", departments=draw(departments_())),),
        deliveries=draw(
            st.sampled_from(((), (Delivery(site="east", zone="apart", begins=date(2027, 1, 20), percent=100),)))
        ),
        together=draw(st.sampled_from(((), ((ids[0], ids[-1]),)))) if count > 1 else (),
        systems=tuple(
            SystemChoices(
                id=id_, copy_gib=draw(st.integers(0, 60)), vcpu=draw(st.integers(1, 8)), weight=draw(weights())
            )
            for id_ in ids
        ),
    )
    return small_city(3, systems, quota=draw(st.sampled_from((12, 24, 1000)))), Migrations(waves)


def departments_() -> st.SearchStrategy[tuple[str, ...]]:
    return st.sampled_from(((), ("d0",), ("d1", "d2")))


def weights() -> st.SearchStrategy[int]:
    return st.sampled_from((1, 3, 9))


ALL_DAYS = DAYS
