"""The real lab, shared by every test that needs it: brought up if it is not up, and left standing."""

from __future__ import annotations

import pytest

from citycloud import paths
from citycloud.city.load import load_city
from citycloud.lab import up
from citycloud.lab.handle import Files
from citycloud.lab.spec import LabSpec, lab_spec
from citycloud.progress import Progress


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs no lab comes first, then what wants its clouds empty; what takes the lab away comes last."""
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    if item.get_closest_marker("last"):
        return 3
    if item.get_closest_marker("first"):
        return 1
    return 2 if "lab" in getattr(item, "fixturenames", ()) else 0


@pytest.fixture(scope="session")
def lab() -> Files:
    """The files of the running lab (credentials in ``paths.clouds_yaml()``).

    A machine on which it can't stand fails the test with all the reasons: nothing is skipped for that.
    """
    up.up(paths.city(), Progress())
    return Files.default()


@pytest.fixture(scope="session")
def lab_shape(lab: Files) -> LabSpec:
    """What the running lab consists of."""
    assert lab.home.is_dir()
    return lab_spec(load_city(paths.city()))
