"""Wuwei's layouts, whole. After a wanted change: ``python tests/unit/cloud/test_layout_golden.py``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from citycloud.city.load import load_city
from citycloud.city.model import City
from citycloud.cloud.layout import as_json, department_layout, site_layout, stack_named, stacks

HERE = Path(__file__).parent
CITY = HERE.parents[2] / "inventories" / "wuwei" / "city"
STACKS = ("east", "east-water")


@pytest.fixture(scope="module")
def wuwei() -> City:
    return load_city(CITY)


def _shown(city: City, name: str) -> str:
    stack = stack_named(city, name)
    layout = department_layout(city, stack.site, stack.department) if stack.department else site_layout(city, name)
    return json.dumps(as_json(layout), indent=1, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("name", STACKS)
def test_a_stacks_layout_is_the_one_on_record(wuwei: City, name: str) -> None:
    assert _shown(wuwei, name) == (HERE / "golden" / f"{name}.json").read_text()


def test_the_first_systems_stand_twice_where_they_are_paired_and_once_elsewhere(wuwei: City) -> None:
    placed = [
        server.system
        for stack in stacks(wuwei)
        if stack.department
        for server in department_layout(wuwei, stack.site, stack.department).servers
    ]
    paired = {system for pair in wuwei.pairs for system in pair.systems}
    declared = [machine.system for machine in wuwei.machines]
    on_both = {system.id for system in wuwei.systems if system.on_both}
    for system in set(declared):
        times = 2 if system in paired | on_both else 1
        assert placed.count(system) == times * declared.count(system), system


def test_hydro_stands_on_real_instances_at_both_sites(wuwei: City) -> None:
    for site in ("east", "west"):
        guests = {str(s.guests) for s in department_layout(wuwei, site, "water").servers if s.system == "hydro"}
        assert guests == {"lxc", "qemu"}


if __name__ == "__main__":
    (HERE / "golden").mkdir(exist_ok=True)
    city = load_city(CITY)
    for one in STACKS:
        (HERE / "golden" / f"{one}.json").write_text(_shown(city, one))
