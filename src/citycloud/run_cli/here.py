"""What the runner's commands work with here: this user's journal, the City declared here, the domains' actions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from citycloud import paths
from citycloud.action import World
from citycloud.city.load import load_city
from citycloud.city.model import City
from citycloud.errors import BadInput
from citycloud.findings import Finding, Place
from citycloud.journal import Journal, RunRow, Settings, connect, settings
from citycloud.kinds import domain, kinds_of
from citycloud.plan import Plan, loads
from citycloud.run.context import Setting


def city() -> City | None:
    """The City declared here, as its files are now; None where there is none. Raises BadInput for a faulty one."""
    where = paths.city()
    if not where.exists():
        return None
    return _loaded(where, tuple(sorted((file.name, file.stat().st_mtime_ns) for file in where.iterdir())))


@lru_cache(maxsize=1)
def _loaded(where: Path, stamp: tuple[tuple[str, int], ...]) -> City:
    return load_city(where)


def people(plan: Plan) -> Mapping[str, str]:
    """Public keys of the declared persons, by id. Nobody, for another city's plan."""
    here = city()
    if here is None or here.id != plan.city:
        return {}
    declared = {person.id: person.key for department in here.departments for person in department.people}
    return {id_: key or lab_people().get(id_, "") for id_, key in declared.items()}


def lab_people_file() -> Path:
    """Public keys that `citycloud keys lab` has declared, by person: in the lab's own directory, and gone with it."""
    return paths.lab() / "people.json"


def lab_people() -> Mapping[str, str]:
    """Of persons whose City stands in the lab only: their keys count for as long as this lab stands."""
    file = lab_people_file()
    return json.loads(file.read_text()) if file.exists() else {}


def world(plan: Plan) -> World:
    return domain(plan.domain).world(plan, city())


@contextmanager
def journal() -> Iterator[tuple[Settings, Journal]]:
    """This user's Journal. Raises Broken where its database does not answer."""
    chosen = settings()
    found = Journal(connect(chosen))
    try:
        yield chosen, found
    finally:
        found.database.close()


def setting(found: Journal) -> Setting:
    return Setting(found, kinds_of, world, people)


def plan_file(file: Path) -> Plan:
    """Raises BadInput where it can't be read or is no plan."""
    try:
        return loads(file.read_text(encoding="utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as fault:
        raise BadInput(f"{file} can't be read.", [Finding("unreadable", Place(str(file)), str(fault))]) from None


def plan_or_run(found: Journal, given: str) -> Plan:
    """The plan in a file, or that of a Run. Raises BadInput."""
    return plan_file(Path(given)) if Path(given).exists() else run_row(found, given).plan


def run_row(found: Journal, given: str) -> RunRow:
    """The Run with this id. Raises BadInput, with those there are."""
    row = found.run(given)
    if row is None:
        known = ", ".join(each.id for each in found.runs()[:8]) or "none"
        say = Finding("unknown-run", Place(object=given), f"there is no such run; there are: {known}")
        raise BadInput(f"{given} is neither a plan's file nor a run.", [say])
    return row
