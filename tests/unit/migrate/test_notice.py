"""Departments' notices, whole, in both languages. To renew them: ``python tests/unit/migrate/test_notice.py``."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest
from migrate_cases import chosen, wuwei

from citycloud.errors import BadInput
from citycloud.migrate.choices import Migrations
from citycloud.migrate.notice import notice, render
from citycloud.migrate.waves import WavePlan, plan_waves

GOLDEN = Path(__file__).parent / "golden"
Language = Literal["zh", "en"]
CASES: tuple[tuple[str, Language, bool], ...] = (
    ("water", "zh", True),
    ("water", "en", True),
    ("emergency", "zh", True),
    ("resources", "zh", False),
    ("resources", "en", False),
)


def few() -> WavePlan:
    """Waves of the three departments' systems only, so that the notice's record does not hang on the other 45."""
    city = wuwei()
    named = {"hydro", "fire-control"}
    systems = tuple(one.model_copy(update={"needs": ()}) for one in city.systems if one.id in named)
    waves = chosen().waves
    assert waves is not None
    known = waves.model_copy(update={"systems": tuple(one for one in waves.systems if one.id in named)})
    small = city.model_copy(
        update={"systems": systems, "machines": tuple(m for m in city.machines if m.system in named)}
    )
    return plan_waves(small, Migrations(known, chosen().departments))


def shown(department: str, language: Language, dated: bool) -> str:
    return render(notice(wuwei(), chosen(), department, few() if dated else None), language)


@pytest.mark.parametrize(("department", "language", "dated"), CASES)
def test_a_departments_notice_is_the_one_on_record(department: str, language: Language, dated: bool) -> None:
    assert shown(department, language, dated) == (GOLDEN / f"{department}.{language}.md").read_text()


def test_a_notice_says_who_decides_and_until_when_there_is_a_way_back() -> None:
    told = shown("water", "zh", True)
    placed = few().of("hydro")
    water = chosen().of("water")
    assert placed is not None and water is not None
    until = placed.begins.date() + timedelta(days=water.moves[0].way_back_days)
    assert f"{until} 24:00" in told and "陈水生 (water-owner)" in told and "退路" in told


def test_what_happens_is_told_in_the_order_in_which_it_happens() -> None:
    for department in ("water", "emergency"):
        days = notice(wuwei(), chosen(), department, few()).moves[0].days
        assert days is not None and days.copying is not None
        order = [days.copying, days.rehearsal, days.cutover.date(), days.accepted, days.way_back]
        assert order == sorted(order)


def test_a_department_without_choices_is_told_which_have_some() -> None:
    with pytest.raises(BadInput, match="emergency, resources, water"):
        notice(wuwei(), chosen(), "health")


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for case in CASES:
        (GOLDEN / f"{case[0]}.{case[1]}.md").write_text(shown(*case))
    sys.exit(0)
