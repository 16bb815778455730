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
    """What takes the lab away comes when everything else is done with it."""
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


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
