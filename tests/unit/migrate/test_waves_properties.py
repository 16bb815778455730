"""Waves of any small city: they keep every constraint, nobody waits for nothing, the same input is the same plan."""

from __future__ import annotations

import random

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from migrate_cases import small_problems

from citycloud.city.model import City
from citycloud.errors import BadInput
from citycloud.migrate.choices import Migrations
from citycloud.migrate.waves import WavePlan, plan_waves, problem_of
from citycloud.migrate.waves.greedy import Stuck, greedy
from citycloud.migrate.waves.ledger import Ledger
from citycloud.migrate.waves.solve import is_possible
from citycloud.migrate.waves.verify import broken

SEVERAL = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
Case = tuple[City, Migrations]


def planned(case: Case) -> WavePlan | None:
    try:
        return plan_waves(*case)
    except BadInput as refused:
        assert refused.findings, "a refusal says what clashes"
        return None


@SEVERAL
@given(small_problems())
def test_no_wave_breaks_a_constraint_reckoned_a_second_time_in_another_way(case: Case) -> None:
    plan = planned(case)
    assume(plan is not None)
    assert plan is not None
    assert broken(*case, plan) == []


@SEVERAL
@given(small_problems())
def test_no_system_could_move_earlier_alone_and_each_says_what_bound_it(case: Case) -> None:
    plan = planned(case)
    assume(plan is not None)
    assert plan is not None
    problem = problem_of(*case)
    at = {str(slot.begins): nth for nth, slot in enumerate(problem.slots)}
    ledger = Ledger(problem, {unit.name: at[str(plan.of(unit.name).begins)] for unit in problem.units})  # type: ignore[union-attr]
    for unit in problem.units:
        was = ledger.take_back(unit)
        assert not any(ledger.fits(unit, earlier) for earlier in range(was)), unit.name
        ledger.place(unit, was)
    for one in plan.placements:
        assert one.why_zh and one.why_en
        first = at[str(one.begins)] == 0
        assert sum(bound.windows for bound in one.earlier) == at[str(one.begins)]
        assert bool(one.earlier) is not first


@SEVERAL
@given(small_problems(), st.randoms(use_true_random=False))
def test_the_order_in_which_things_are_declared_changes_nothing(case: Case, chance: random.Random) -> None:
    city, migrations = case
    assert migrations.waves is not None

    def mixed(values: tuple[object, ...]) -> tuple[object, ...]:
        return tuple(chance.sample(values, len(values)))

    other_city = city.model_copy(update={"systems": mixed(city.systems), "departments": mixed(city.departments)})
    waves = migrations.waves
    other_waves = waves.model_copy(update={"systems": mixed(waves.systems), "teams": mixed(waves.teams)})
    one, other = planned(case), planned((other_city, Migrations(other_waves)))
    assert (one and one.digest) == (other and other.digest)


@SEVERAL
@given(small_problems())
def test_more_bandwidth_never_makes_the_last_wave_later(case: Case) -> None:
    """True where both plans are proved to end as early as can be: whatever was planned before may still be done."""
    city, migrations = case
    assert migrations.waves is not None
    line = migrations.waves.lines[0]
    faster = line.model_copy(
        update={"hours": tuple(h.model_copy(update={"megabits": 2 * h.megabits}) for h in line.hours)}
    )
    one = planned(case)
    other = planned((city, Migrations(migrations.waves.model_copy(update={"lines": (faster,)}))))
    assume(one is not None and one.how == "optimal")
    assert one is not None and other is not None, "what could be planned before can be planned with more"
    if other.how == "optimal":
        assert other.waves[-1].begins <= one.waves[-1].begins


@SEVERAL
@given(small_problems())
def test_the_plain_planner_keeps_every_constraint_too(case: Case) -> None:
    problem = problem_of(*case)
    assume(not problem.findings)
    found = greedy(problem)
    assume(not isinstance(found, Stuck))
    assert isinstance(found, Ledger)
    for unit in problem.units:
        at = found.take_back(unit)
        assert found.fits(unit, at), unit.name
        found.place(unit, at)


@SEVERAL
@given(small_problems())
def test_what_is_refused_cannot_be_planned_and_what_is_planned_can(case: Case) -> None:
    problem = problem_of(*case)
    possible = is_possible(problem).status
    assume(possible in ("optimal", "feasible", "infeasible"))
    assert (planned(case) is not None) == (possible != "infeasible")
