"""The pytest plugin under checks.py: a call for each Requirement, and fixtures that look at the clouds once.

A Requirement that nothing here can show is skipped with the reason, and the summary says so aloud.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from citycloud import paths
from citycloud.city.load import load_city
from citycloud.city.model import City
from citycloud.cloud import probes
from citycloud.cloud.requirements import Kind, Requirement, requirements
from citycloud.cloud.requirements_cloud import clouds
from citycloud.cloud.verify_evidence import Saw, Sites
from citycloud.cloud.verify_instances import Instances
from citycloud.cloud.verify_names import Names

CITY = pytest.StashKey[City]()
UNPROVABLE = pytest.StashKey[list[Requirement]]()
WANTED = pytest.StashKey[tuple[Requirement, ...]]()
EVIDENCE = "evidence"
"""Key of a test's user property with one thing seen."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("citycloud")
    group.addoption("--city", help="the City's folder (default: CITYCLOUD_CITY)")
    group.addoption("--kinds", help="only these kinds of requirements, separated by commas")


def city_of(config: pytest.Config) -> City:
    """The City to verify, read once."""
    if CITY not in config.stash:
        config.stash[CITY] = load_city(Path(config.getoption("--city", None) or paths.city()))
    return config.stash[CITY]


def wanted_of(config: pytest.Config) -> tuple[Requirement, ...]:
    """The requirements to check, worked out once."""
    if WANTED not in config.stash:
        chosen = config.getoption("--kinds", None)
        kinds = {Kind(name) for name in chosen.split(",")} if chosen else set(Kind)
        config.stash[WANTED] = tuple(each for each in requirements(city_of(config)) if each.kind in kinds)
    return config.stash[WANTED]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """``test_capacity_host`` is called for each requirement of Kind ``capacity-host``."""
    if "requirement" in metafunc.fixturenames and metafunc.module.__name__.endswith("cloud.checks"):
        kind = Kind(metafunc.function.__name__.removeprefix("test_").replace("_", "-"))
        own = [requirement for requirement in wanted_of(metafunc.config) if requirement.kind is kind]
        metafunc.parametrize("requirement", own, ids=[requirement.id for requirement in own])


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In the report's order, whatever the order of the functions in the file; kinds without a requirement go."""
    order = {requirement.id: index for index, requirement in enumerate(wanted_of(config))}
    ours: list[tuple[int, pytest.Item]] = []
    others: list[pytest.Item] = []
    for item in items:
        requirement = requirement_of(item)
        if requirement is not None:
            ours.append((order[requirement.id], item))
        elif "requirement" not in getattr(item, "fixturenames", ()):
            others.append(item)
    items[:] = [*others, *(item for _, item in sorted(ours, key=lambda pair: pair[0]))]


def pytest_collection_finish(session: pytest.Session) -> None:
    asked = (requirement_of(item) for item in session.items)
    session.config.stash[UNPROVABLE] = [each for each in asked if each is not None and each.unprovable is not None]


def pytest_runtest_setup(item: pytest.Item) -> None:
    requirement = requirement_of(item)
    if requirement is not None and requirement.unprovable is not None:
        pytest.skip(requirement.unprovable.en)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    unprovable = config.stash.get(UNPROVABLE, [])
    if unprovable:
        terminalreporter.section(f"{len(unprovable)} REQUIREMENTS NOT PROVABLE HERE", sep="!", yellow=True, bold=True)
        for requirement in unprovable:
            assert requirement.unprovable is not None
            terminalreporter.line(f"- {requirement.sentence.en}: {requirement.unprovable.en}", yellow=True)


def requirement_of(item: pytest.Item) -> Requirement | None:
    """The requirement that the item was called for."""
    given = getattr(getattr(item, "callspec", None), "params", {}).get("requirement")
    return given if isinstance(given, Requirement) else None


@pytest.fixture
def saw(record_property: Any) -> Saw:  # noqa: ANN401 (pytest's own type is private)
    def keep(text: str) -> None:
        record_property(EVIDENCE, text)

    return keep


@pytest.fixture(scope="session")
def city(pytestconfig: pytest.Config) -> City:
    return city_of(pytestconfig)


@pytest.fixture(scope="session")
def seen(city: City) -> Sites:
    return Sites(tuple(site.id for site in clouds(city)))


@pytest.fixture(scope="session")
def names(city: City) -> Names:
    return Names(city)


@pytest.fixture(scope="session")
def instances(city: City, seen: Sites, names: Names) -> Iterator[Instances]:
    found = Instances(city, seen, names)
    yield found
    found.close()


@pytest.fixture(scope="session")
def packets(city: City, instances: Instances) -> probes.Packets:
    """All probes, tried at once when the first check asks for one."""

    def ask(end: str, verb: str, given: Mapping[str, Any]) -> object:
        if end == probes.OPERATORS:
            return json.loads(json.dumps(probes.here(verb, given)))
        machine, _, site = end.rpartition(".")
        return json.loads(instances.host(site, machine).check_output(probes.guest_command(verb, given)))

    # all of them, whatever was asked for: a drop is compared with what comes through between the same two
    return probes.probe([each for each in requirements(city) if each.kind in (Kind.OPEN, Kind.SHUT)], ask)
