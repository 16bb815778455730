"""A cloud of the committed City, and keys for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from citycloud.city.load import load_city
from citycloud.city.model import City
from citycloud.lab.openstack.keys import Keys
from citycloud.lab.openstack.settings import Cloud, clouds
from citycloud.lab.spec import LabSpec, lab_spec

CITY = Path(__file__).parents[3] / "inventories" / "wuwei" / "city"


@pytest.fixture(scope="session")
def city() -> City:
    return load_city(CITY)


@pytest.fixture(scope="session")
def spec(city: City) -> LabSpec:
    return lab_spec(city)


@pytest.fixture(scope="session")
def both(spec: LabSpec) -> tuple[Cloud, ...]:
    return tuple(clouds(spec))


@pytest.fixture(scope="session")
def east(both: tuple[Cloud, ...]) -> Cloud:
    return both[0]


@pytest.fixture
def keys() -> Keys:
    return Keys("east", "a secret of tests")
