"""A department's move as a Plan: what is done to each of its systems, in which order, and why. Pure.

Which steps a system needs follows from what was seen of it; what each kind of data needs is said in the plan's notes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from citycloud.city.model import City
from citycloud.errors import BadInput
from citycloud.findings import Finding, Place
from citycloud.migrate.assess import assess
from citycloud.migrate.choices import DepartmentChoices, Migrations, MoveChoices
from citycloud.migrate.department_notes import notes
from citycloud.migrate.department_postgres import postgres_steps
from citycloud.migrate.department_system import Moving, moving
from citycloud.migrate.seen import Observation
from citycloud.plan import Plan, Step, digest_of
from citycloud.report.model import Text


def plan_department(city: City, migrations: Migrations, department: str, seen: Observation, any_time: str = "") -> Plan:
    """The Plan of ``department``'s moves; ``any_time`` says why no maintenance window is kept to.

    Raises BadInput, with every Finding, where something stands against one.
    """
    chosen = migrations.of(department)
    if chosen is None:
        raise BadInput(f"{department} has made no choices about moving")
    findings = [one.finding() for one in assess(city, chosen, seen).open]
    moves = sorted(chosen.moves, key=lambda move: move.order)
    systems = [moving(city, migrations, chosen, move, seen, any_time) for move in moves]
    findings += [finding for system in systems for finding in _unplannable(system)]
    if findings:
        raise BadInput(f"{department} cannot be moved like this:", findings)
    return Plan(
        city=city.id,
        domain="migrate",
        subject=department,
        title=_title(city, chosen),
        choices=chosen.model_dump(mode="json"),
        inputs=digest_of(city, chosen, seen),
        notes=tuple(note for system in systems for note in notes(system)),
        steps=tuple(_steps(systems)),
    )


def _title(city: City, chosen: DepartmentChoices) -> Text:
    name = next(one.name for one in city.departments if one.id == chosen.department)
    systems = "、".join(_name(city, move) for move in chosen.moves)
    return Text(f"{name}上云：{systems}", f"{chosen.department} moves to the cloud: {', '.join(_ids(chosen.moves))}")


def _ids(moves: Iterable[MoveChoices]) -> list[str]:
    return [move.system for move in moves]


def _name(city: City, move: MoveChoices) -> str:
    return next(one.name for one in city.systems if one.id == move.system)


def _steps(systems: Iterable[Moving]) -> Iterator[Step]:
    """System after system, as their order was chosen."""
    for system in systems:
        yield from postgres_steps(system)


def _unplannable(system: Moving) -> Iterator[Finding]:
    """What no action is there for yet is refused, and never left out in silence."""
    place = Place(object=system.move.system)
    if system.move.method != "replicate":
        yield Finding("not-supported", place, "a whole machine's lift is not planned yet", "method: replicate")
    if len(system.databases) != 1:
        said = f"{len(system.databases)} PostgreSQL databases were seen; one is planned"
        yield Finding("not-supported", place, said, "observe it, or move it by hand")
        return
    own = [table for table in system.databases[0].database.tables if table.kind in ("table", "partition")]
    if any(not table.key for table in own) and system.move.keyless_tables == "copy-at-cutover":
        yield Finding("not-supported", place, "keyless_tables: copy-at-cutover", "keyless_tables: full-identity")
    if len({(window.begins, window.ends) for window in system.windows}) != 1:
        yield Finding("not-supported", place, "windows of different hours", "name one that all its days share")
    for source in system.sources:
        if len(source.chosen.becomes) != 1:
            said = f"{source.chosen.id} becomes {len(source.chosen.becomes)} machines; one is planned"
            yield Finding("not-supported", place, said)
        if not source.address:
            yield Finding(
                "host-unseen", place, f"{source.chosen.id} was not seen with an IPv4 address", "observe again"
            )
