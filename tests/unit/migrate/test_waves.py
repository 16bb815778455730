"""Waves of a small city, one constraint at a time: what binds, and what is said where nothing fits."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from migrate_cases import MIGRATIONS, WUWEI, chosen, small_city, system, wave_choices, wuwei

from citycloud.city.model import City
from citycloud.errors import BadInput
from citycloud.migrate.choices import (
    Delivery,
    Demand,
    Frozen,
    Line,
    LineHours,
    Migrations,
    SystemChoices,
    Team,
    WaveChoices,
    WeekWindow,
)
from citycloud.migrate.waves import Measured, WavePlan, plan_waves, problem_of
from citycloud.migrate.waves import solve as solve_module
from citycloud.migrate.waves.calendar import Slot, carried_mib, shared, slots
from citycloud.migrate.waves.conflict import smallest
from citycloud.migrate.waves.solve import is_possible
from citycloud.migrate.waves.verify import broken

EAST = timezone(timedelta(hours=8))


def wave_of(plan: WavePlan, name: str) -> int:
    placed = plan.of(name)
    assert placed is not None
    return placed.wave


def why(plan: WavePlan, name: str) -> str:
    placed = plan.of(name)
    assert placed is not None
    return placed.why_en


def refused(city: City, waves: WaveChoices) -> str:
    with pytest.raises(BadInput) as told:
        plan_waves(city, Migrations(waves))
    return "\n".join(map(str, told.value.findings))


def test_what_is_needed_moves_first_or_in_the_same_wave() -> None:
    city = small_city(2, (system("shop", "d0", ("store",)), system("store", "d1")))
    same = plan_waves(city, Migrations(wave_choices()))
    assert wave_of(same, "shop") == wave_of(same, "store") == 1
    apart = plan_waves(city, Migrations(wave_choices(needed_first="earlier-wave")))
    assert wave_of(apart, "store") < wave_of(apart, "shop")
    assert "store, which shop needs" in why(apart, "shop")


def test_systems_that_belong_together_move_together() -> None:
    city = small_city(2, (system("aa", "d0"), system("bb", "d1"), system("cc", "d0")))
    plan = plan_waves(city, Migrations(wave_choices(together=(("aa", "bb"),), moves_of_department=1)))
    assert wave_of(plan, "aa") == wave_of(plan, "bb") != wave_of(plan, "cc")


def test_a_team_makes_no_more_moves_than_it_can_and_says_so() -> None:
    city = small_city(3, tuple(system(f"s{n}", f"d{n}") for n in range(3)))
    plan = plan_waves(city, Migrations(wave_choices(teams=(Team(id="all", name="all", moves=1),))))
    assert [len(wave.systems) for wave in plan.waves] == [1, 1, 1]
    assert "team all: 1 moves a window" in why(plan, plan.waves[1].systems[0])


def test_nothing_moves_on_frozen_days_of_its_department() -> None:
    city = small_city(2, (system("aa", "d0"), system("bb", "d1")))
    frozen = (
        Frozen(begins=date(2027, 1, 4), ends=date(2027, 1, 20), why="汛期", why_en="floods", departments=("d0",)),
    )
    plan = plan_waves(city, Migrations(wave_choices(frozen=frozen)))
    assert str(plan.of("aa").begins.date()) == "2027-01-21"  # type: ignore[union-attr]
    assert str(plan.of("bb").begins.date()) == "2027-01-05"  # type: ignore[union-attr]
    assert "floods" in why(plan, "aa")


def test_a_window_that_runs_into_a_frozen_day_is_not_used() -> None:
    city = small_city(1, (system("aa"),))
    frozen = (Frozen(begins=date(2027, 1, 6), ends=date(2027, 1, 6), why="x"),)
    plan = plan_waves(city, Migrations(wave_choices(frozen=frozen)))
    assert str(plan.of("aa").begins.date()) == "2027-01-07"  # type: ignore[union-attr]


def test_data_has_to_be_there_before_the_cutover() -> None:
    """10 Mbit/s, nine tenths of it: 90.5 GiB a day. 200 GiB take 2.2 days; the first window is after 1.9 days."""
    city = small_city(1, (system("aa"),))
    line = Line(site="east", hours=(LineHours(begins="00:00", ends="24:00", megabits=10),))
    waves = wave_choices(lines=(line,), systems=(SystemChoices(id="aa", copy_gib=200),))
    plan = plan_waves(city, Migrations(waves))
    assert str(plan.of("aa").begins.date()) == "2027-01-07"  # type: ignore[union-attr]
    assert "the line to east" in why(plan, "aa")
    ahead = plan_waves(city, Migrations(waves.model_copy(update={"ahead_days": 7})))
    assert str(ahead.of("aa").begins.date()) == "2027-01-14"  # type: ignore[union-attr]


def test_data_is_sent_as_late_as_can_be_in_turn_and_never_at_once(whole: WavePlan) -> None:
    ahead = timedelta(days=chosen().waves.ahead_days)  # type: ignore[union-attr]
    for site in ("east", "west"):
        sent = sorted(
            (one.copy_begins, one.copy_ends, one) for one in whole.placements if one.site == site and one.copy_begins
        )
        for (_, ends, one), (begins, _, _) in pairwise(sent):
            assert ends is not None and ends <= one.begins - ahead
            assert ends - begins <= timedelta(minutes=30), "one after the other, to the quarter hour"
    last = whole.placements[-1]
    assert last.copy_ends is not None and last.begins - ahead - last.copy_ends < timedelta(days=1)


def test_hardware_that_comes_later_is_waited_for() -> None:
    city = small_city(1, (system("aa", zone="apart"),))
    lots = (Delivery(site="east", zone="apart", begins=date(2027, 1, 25), percent=100),)
    plan = plan_waves(city, Migrations(wave_choices(deliveries=lots)))
    assert str(plan.of("aa").begins.date()) == "2027-01-26"  # type: ignore[union-attr]
    assert "zone apart (aarch64)" in why(plan, "aa")


def test_clones_for_the_rehearsal_have_to_fit_in_the_quota_beside_the_system() -> None:
    city = small_city(1, (system("aa"), system("bb")), quota=10)
    small = Demand(vcpu=4, memory_gib=4, storage_gib=10, copy_gib=1, cutover_minutes=60)
    plan = plan_waves(city, Migrations(wave_choices(defaults=small, rehearsal_percent=50)))
    assert wave_of(plan, "aa") != wave_of(plan, "bb")
    none = plan_waves(city, Migrations(wave_choices(defaults=small, rehearsal_percent=0)))
    assert wave_of(none, "aa") == wave_of(none, "bb")


def test_heavier_systems_go_first() -> None:
    city = small_city(2, (system("aa", "d0"), system("zz", "d1")))
    waves = wave_choices(teams=(Team(id="all", name="all", moves=1),), systems=(SystemChoices(id="zz", weight=50),))
    plan = plan_waves(city, Migrations(waves))
    assert wave_of(plan, "zz") < wave_of(plan, "aa")


def test_what_has_moved_takes_room_and_no_wave() -> None:
    city = small_city(1, (system("aa"), system("bb", needs=("aa",))), quota=8)
    small = Demand(vcpu=4, memory_gib=4, storage_gib=10, copy_gib=1, cutover_minutes=60)
    waves = wave_choices(defaults=small, rehearsal_percent=0, systems=(SystemChoices(id="aa", moved=True),))
    plan = plan_waves(city, Migrations(waves))
    assert plan.moved == ("aa",) and [one.system for one in plan.placements] == ["bb"]
    assert "quota" in refused(city, waves.model_copy(update={"rehearsal_percent": 50}))


def test_a_machine_of_another_architecture_is_refused_in_words() -> None:
    city = small_city(1, (system("aa", zone="apart"),))
    with pytest.raises(BadInput) as told:
        plan_waves(city, Migrations(wave_choices()), {"aa": Measured(100, frozenset({"x86_64"}))})
    assert "aa runs on x86_64 only, and east/apart is aarch64" in str(told.value)


def test_a_quota_that_is_too_small_is_told_with_its_figures() -> None:
    said = refused(small_city(1, (system("aa"), system("bb")), quota=7), wave_choices(rehearsal_percent=0))
    assert "[quota-full]" in said and "all systems take 8 vCPU, and there are 7 vCPU" in said


def test_a_calendar_with_fewer_windows_than_moves_is_told_with_its_figures() -> None:
    city = small_city(1, tuple(system(f"s{n}") for n in range(3)))
    frozen = (Frozen(begins=date(2027, 1, 8), ends=date(2027, 2, 28), why="x"),)
    said = refused(city, wave_choices(frozen=frozen))
    assert "3 moves, and room for 2 in the 1 windows that are open to any of them" in said


def test_needs_in_a_circle_are_told() -> None:
    said = refused(small_city(1, (system("aa", needs=("bb",)), system("bb", needs=("aa",)))), wave_choices())
    assert "[dependency-cycle]" in said and "aa, bb" in said


def test_a_system_whose_windows_all_come_too_early_is_told_with_what_it_needs() -> None:
    city = small_city(2, (system("aa", "d0", ("bb",)), system("bb", "d1")))
    frozen = (
        Frozen(begins=date(2027, 2, 1), ends=date(2027, 2, 28), why="x", departments=("d0",)),
        Frozen(begins=date(2027, 1, 1), ends=date(2027, 2, 1), why="y", departments=("d1",)),
    )
    assert "aa needs bb, which cannot move before 2027-02-02" in refused(city, wave_choices(frozen=frozen))


def test_constraints_that_only_clash_together_are_told_as_the_smallest_set_that_does() -> None:
    """Each holds alone; what is told is infeasible as a whole, and leaving out any one of it mends the clash.

    No sum tells it: a fourth system may use every window.
    """
    city = small_city(4, tuple(system(f"s{n}", f"d{n}") for n in range(4)))
    frozen = tuple(
        Frozen(begins=date(2027, 1, 8), ends=date(2027, 2, 28), why="x", departments=(f"d{n}",)) for n in range(3)
    )
    waves = wave_choices(frozen=frozen, teams=(Team(id="all", name="all", moves=1),))
    with pytest.raises(BadInput) as told:
        plan_waves(city, Migrations(waves))
    assert "2 systems have 1 windows each (s0, s1)" in str(told.value)
    problem = problem_of(city, Migrations(waves))
    clash = set(smallest(problem))
    # one window is left, and the team makes one move in it: two systems are enough to clash
    assert clash == {"team all", "closed s0", "closed s1"}
    every = {*problem.resources, *(f"closed {unit.name}" for unit in problem.units)}
    assert is_possible(problem, every - clash).status == "infeasible"
    for one in clash:
        assert is_possible(problem, (every - clash) | {one}).status in ("optimal", "feasible"), one


def test_without_the_solver_the_plain_planner_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ortools.sat.python", None)
    plan = plan_waves(wuwei(), chosen())
    assert plan.how == "greedy" and len(plan.placements) == 48
    assert broken(wuwei(), chosen(), plan) == []


def test_where_the_solver_finds_nothing_in_its_limit_the_plain_plan_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("citycloud.migrate.waves.plan.solve", lambda *_: solve_module.Solved("unknown"))
    assert plan_waves(wuwei(), chosen()).how == "greedy"


@pytest.fixture(scope="module")
def whole() -> WavePlan:
    return plan_waves(wuwei(), chosen())


def test_all_48_systems_of_wuwei_are_placed_and_keep_everything(whole: WavePlan) -> None:
    assert len(whole.placements) == 48 and whole.how == "optimal"
    assert broken(wuwei(), chosen(), whole) == []


def test_the_second_reckoning_finds_a_plan_that_was_tampered_with(whole: WavePlan) -> None:
    first, last = whole.placements[0], whole.placements[-1]
    kinds = set()
    for change in (
        {"wave": 1, "begins": first.begins, "ends": first.ends},
        {"copy_mib": 10**9},
        {"sizes": dict.fromkeys(last.sizes, 10**6)},
        {"begins": last.begins + timedelta(days=1), "ends": last.ends + timedelta(days=1)},
        {"begins": datetime(2027, 2, 2, 22, tzinfo=EAST), "ends": datetime(2027, 2, 3, 4, tzinfo=EAST)},
    ):
        altered = (*whole.placements[:-1], last.model_copy(update=change))
        found = broken(wuwei(), chosen(), whole.model_copy(update={"placements": altered}))
        assert found, change
        kinds |= {one.kind for one in found}
    assert {"team", "line", "quota", "zone", "window", "frozen"} <= kinds
    missing = whole.model_copy(update={"placements": whole.placements[1:]})
    assert {one.kind for one in broken(wuwei(), chosen(), missing)} >= {"all-placed"}


PROGRAM = """
from pathlib import Path
from citycloud.city.load import load_city
from citycloud.migrate.choices import load_migrations
from citycloud.migrate.waves import plan_waves
city = load_city(Path({city!r}))
print(plan_waves(city, load_migrations(Path({migrations!r}), city)).digest)
"""


@pytest.mark.parametrize("seed", ["0", "1", "4711"])
def test_another_process_with_another_hash_seed_makes_the_same_digest(whole: WavePlan, seed: str) -> None:
    program = PROGRAM.format(city=str(WUWEI), migrations=str(MIGRATIONS))
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONHASHSEED": seed, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    assert done.stdout.strip() == whole.digest


def test_a_window_over_midnight_is_one_window() -> None:
    found = slots(wave_choices(ends=date(2027, 1, 6)))
    assert [str(slot) for slot in found] == ["2027-01-05 22:00-04:00"]
    assert found[0].minutes == 360


def test_a_departments_own_window_is_the_part_that_both_have() -> None:
    slot = Slot(datetime(2027, 1, 5, 22, tzinfo=EAST), datetime(2027, 1, 6, 4, tzinfo=EAST))
    after = shared(slot, (WeekWindow(days=("wed",), begins="01:00", ends="06:00"),))
    assert after is not None and after.minutes == 180 and after.begins.hour == 1
    assert shared(slot, (WeekWindow(days=("fri",), begins="22:00", ends="04:00"),)) is None


def test_a_line_carries_what_its_hours_say() -> None:
    """8 Mbit/s for an hour a day: 3.6 GB, of which all may be used: 3433 MiB (of 1048576 bytes)."""
    line = Line(site="east", hours=(LineHours(begins="02:00", ends="03:00", megabits=8),), usable_percent=100)
    first = date(2027, 1, 4)
    assert carried_mib(line, first, datetime(2027, 1, 4, 2, tzinfo=EAST)) == 0
    assert carried_mib(line, first, datetime(2027, 1, 4, 2, 30, tzinfo=EAST)) == 1716
    assert carried_mib(line, first, datetime(2027, 1, 5, 0, tzinfo=EAST)) == 3433
    assert carried_mib(line, first, datetime(2027, 1, 14, 0, tzinfo=EAST)) == 34332
    assert carried_mib(line, first, datetime(2027, 1, 1, 0, tzinfo=EAST)) == 0
