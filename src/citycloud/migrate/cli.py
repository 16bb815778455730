"""``observe migrate``, ``plan migrate``, ``notice``: thin. Drivers and solvers are imported where they are used."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from citycloud import paths
from citycloud.city.load import load_city
from citycloud.city.model import City
from citycloud.errors import BadInput, CitycloudError
from citycloud.migrate.choices import DepartmentChoices, Migrations, load_migrations
from citycloud.migrate.seen import Observation, from_json, merged, to_json

CityPath = Annotated[Path | None, typer.Option("--city", help="The declaration.", show_default="$CITYCLOUD_CITY")]
ChoicesPath = Annotated[
    Path | None, typer.Option("--migrations", help="The choices.", show_default="$CITYCLOUD_MIGRATIONS or migrations")
]
AsJson = Annotated[bool, typer.Option("--json", help="For machines: one JSON document.")]
Seen = Annotated[
    list[Path] | None, typer.Option("--seen", metavar="FILE", help="An Observation; several count together.")
]


def register(observe: typer.Typer, plan: typer.Typer) -> None:
    """Into the groups of the runner's command line."""
    observe.command("migrate")(observe_migrate)
    plan.command("migrate")(plan_migrate)


def register_notice(app: typer.Typer) -> None:
    app.command("notice")(notice)


def migrations_path() -> Path:
    """Where choices are, where none is named (``CITYCLOUD_MIGRATIONS``)."""
    return Path(os.environ.get("CITYCLOUD_MIGRATIONS", "migrations"))


def declared(city: Path | None, migrations: Path | None) -> tuple[City, Migrations]:
    """The City and the choices. Raises BadInput with every fault of the first that has any."""
    known = load_city(city or paths.city())
    return known, load_migrations(migrations or migrations_path(), known)


def department_of(migrations: Migrations, id_: str) -> DepartmentChoices:
    chosen = migrations.of(id_)
    if chosen is None:
        known = ", ".join(one.department for one in migrations.departments) or "none"
        raise BadInput(f"{id_} has made no choices about moving (those that have: {known})")
    return chosen


def observations(files: list[Path] | None) -> dict[str, Observation]:
    """By department; several of one department are taken together."""
    found: dict[str, list[Observation]] = {}
    for file in files or ():
        seen = from_json(file)
        found.setdefault(seen.department, []).append(seen)
    return {department: merged(several) for department, several in found.items()}


def observe_migrate(
    department: Annotated[str, typer.Argument(help="Whose moves: migrations/DEPARTMENT/choices.yaml.")],
    output: Annotated[Path | None, typer.Option("-o", metavar="FILE", help="Keep what was seen.")] = None,
    read: Annotated[
        Path | None, typer.Option("--read", metavar="FILE", help="Assess what was seen before; look at nothing.")
    ] = None,
    seconds: Annotated[int, typer.Option(min=0, help="How long use is measured.")] = 60,
    every: Annotated[int, typer.Option(min=1, help="Seconds between looks.")] = 5,
    ssh_config: Annotated[
        Path | None, typer.Option(help="An OpenSSH configuration that knows the hosts.", show_default="the lab's")
    ] = None,
    chinese: Annotated[bool, typer.Option("--zh", help="In Chinese.")] = False,
    city: CityPath = None,
    migrations: ChoicesPath = None,
    as_json: AsJson = False,
) -> None:
    """Look at the hosts of a department's systems over SSH, and say what that means for their move.

    Nothing is installed or changed there, and no secret is taken along. Host keys are checked: a host with another key
    is not looked at. Several Observations, made at different times of day, can be planned from together (--seen twice).
    Exit code 0 also where something stands against the move: `plan` refuses then.

    Example: citycloud observe migrate water -o water.seen.json
    """
    known, chosen = declared(city, migrations)
    theirs = department_of(chosen, department)
    seen = from_json(read) if read else _look(theirs, ssh_config, seconds, every)
    if output is not None:
        output.write_text(to_json(seen), encoding="utf-8")
    if not seen.hosts:
        raise CitycloudError(f"no host of {department} could be looked at: {seen.unseen[0].why if seen.unseen else ''}")
    _tell(known, theirs, seen, chinese, as_json)
    if output is not None and not as_json:
        typer.echo(f"kept in {output}; next: citycloud plan migrate {department} --seen {output}")


def _look(chosen: DepartmentChoices, ssh_config: Path | None, seconds: int, every: int) -> Observation:
    from citycloud.migrate.discover import OpenSsh, observe

    config = ssh_config or paths.lab().absolute() / "ssh" / "config"
    if not config.is_file():
        raise BadInput(f"{config} is not there: is the lab up? Or name an OpenSSH configuration with --ssh-config")
    reach = OpenSsh(config=config)
    try:
        return observe(chosen, reach, seconds=seconds, every=every)
    finally:
        reach.close(tuple(source for move in chosen.moves for source in move.sources))


def _tell(city: City, chosen: DepartmentChoices, seen: Observation, chinese: bool, as_json: bool) -> None:
    from citycloud.migrate.assess import assess

    found = assess(city, chosen, seen)
    if as_json:
        told: dict[str, Any] = {"department": seen.department, "open": len(found.open)}
        told["findings"] = [one.as_json() for one in found.findings()]
        told["talks"] = [talk.model_dump() for talk in found.talks]
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    for concern in found.concerns:
        typer.echo(concern.in_chinese() if chinese else str(concern.finding()))
    for talk in found.talks:
        typer.echo(f"{talk.source} -> {talk.target}:{talk.port} {talk.process}".rstrip())
    for sized in found.sized:
        typer.echo(
            f"{sized.machine}: {sized.vcpu} vCPU, {sized.memory_gib} GiB, {sized.storage_gib} GiB of disk would do"
        )
    typer.echo(
        f"{len(seen.hosts)} hosts seen, {len(seen.unseen)} things not; {len(found.open)} stand against the move, "
        f"{len(found.concerns) - len(found.open)} to know"
    )


def plan_migrate(
    department: Annotated[str, typer.Argument(help="Whose move; or --all.")] = "",
    all_: Annotated[bool, typer.Option("--all", help="All systems of the city, into waves.")] = False,
    seen: Seen = None,
    output: Annotated[Path | None, typer.Option("-o", metavar="FILE", help="Keep the plan.")] = None,
    any_time: Annotated[
        str, typer.Option(metavar="WHY", help="Keep to no maintenance window; the plan says why.")
    ] = "",
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="With --all: an HTML page with a chart.")] = None,
    chinese: Annotated[bool, typer.Option("--zh", help="In Chinese.")] = False,
    city: CityPath = None,
    migrations: ChoicesPath = None,
    as_json: AsJson = False,
) -> None:
    """Plan one department's move; or, with --all, the waves in which all systems move.

    Waves keep dependencies, quotas, capacity by architecture, windows, what lines carry by time of day, and people;
    each placement says why it is not earlier. Where nothing keeps to everything, what clashes is said (exit code 2).
    The same input gives the same digest.

    Example: citycloud plan migrate --all -o waves.json --report reports/waves.html
    """
    if all_ == bool(department):
        raise BadInput("name a department, or say --all")
    known, chosen = declared(city, migrations)
    if department:
        return _department(known, chosen, department, seen, any_time, output, chinese, as_json)
    _waves(known, chosen, seen, output, report, chinese, as_json)


def _waves(
    city: City,
    chosen: Migrations,
    seen: list[Path] | None,
    output: Path | None,
    page: Path | None,
    chinese: bool,
    as_json: bool,
) -> None:
    from citycloud.migrate.assess import measured
    from citycloud.migrate.waves import plan_waves
    from citycloud.migrate.waves.report import report as report_of
    from citycloud.migrate.waves.text import lines
    from citycloud.report import write

    if page is not None and output is not None and page.with_suffix(".json").absolute() == output.absolute():
        raise BadInput(f"{output} would be written twice: the report's own JSON goes beside {page}")
    began = datetime.now(UTC)
    plan = plan_waves(city, chosen, measured(chosen, list(observations(seen).values())))
    whole = {**plan.model_dump(mode="json"), "digest": plan.digest}
    if output is not None:
        output.write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if page is not None:
        made = report_of(city, chosen, plan, began, datetime.now(UTC), f"citycloud plan migrate --all --report {page}")
        write(made, page)
    typer.echo(json.dumps(whole, ensure_ascii=False, indent=1) if as_json else "\n".join(lines(plan, chinese)))


def _department(
    city: City,
    chosen: Migrations,
    department: str,
    seen: list[Path] | None,
    any_time: str,
    output: Path | None,
    chinese: bool,
    as_json: bool,
) -> None:
    from citycloud.migrate.department import plan_department
    from citycloud.plan import describe, dumps

    found = observations(seen).get(department)
    if found is None:
        raise BadInput(f"say what was seen: citycloud observe migrate {department} -o FILE, then plan with --seen FILE")
    plan = plan_department(city, chosen, department, found, any_time)
    if output is not None:
        output.write_text(dumps(plan), encoding="utf-8")
    typer.echo(dumps(plan) if as_json else describe(plan, "zh" if chinese else "en"), nl=False)


def notice(
    department: Annotated[str, typer.Argument(help="Whose notice.")],
    waves: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The waves, as `plan migrate --all -o FILE` kept them.")
    ] = None,
    english: Annotated[bool, typer.Option("--en", help="In English.")] = False,
    output: Annotated[Path | None, typer.Option("-o", metavar="FILE", help="Write it there.")] = None,
    city: CityPath = None,
    migrations: ChoicesPath = None,
) -> None:
    """The notice (通知) to a department: what happens when, who decides, until when there is a way back. Markdown.

    Without waves it has no dates, and says from when on they count instead.

    Example: citycloud notice water --waves waves.json -o water.md
    """
    from citycloud.migrate.notice import notice as notice_of
    from citycloud.migrate.notice import render

    known, chosen = declared(city, migrations)
    told = render(notice_of(known, chosen, department, _kept(waves)), "en" if english else "zh")
    if output is None:
        typer.echo(told, nl=False)
        return
    output.write_text(told, encoding="utf-8")
    typer.echo(str(output))


def _kept(file: Path | None) -> Any:  # noqa: ANN401 (a WavePlan, imported when it is used)
    from pydantic import ValidationError

    from citycloud.migrate.waves import WavePlan

    if file is None:
        return None
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        digest = told.pop("digest", "")
        plan = WavePlan.model_validate(told)
    except OSError as fault:
        raise BadInput(f"{file}: can't be read: {fault.strerror}") from fault
    except (ValueError, AttributeError, ValidationError) as fault:
        raise BadInput(f"{file}: not a plan of waves: {str(fault)[:200]}") from fault
    if digest != plan.digest:
        raise BadInput(f"{file}: it was altered after it was made: its digest is another one")
    return plan
