"""``citycloud check``, ``show`` and ``new``: a declaration's faults, its picture, and a first one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from citycloud import paths
from citycloud.city.load import load_city, read
from citycloud.city.model import City
from citycloud.city.picture import machine_table, picture, summary
from citycloud.city.skeleton import write_skeleton
from citycloud.findings import Finding, errors

CityPath = Annotated[
    Path | None, typer.Argument(help="The directory of a declaration.", show_default="$CITYCLOUD_CITY")
]
AsJson = Annotated[bool, typer.Option("--json", help="For machines: one JSON document.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands to the command line; ``check`` is called by the one that takes plans too."""
    app.command("show")(show)
    app.command("new")(new)


def check(city: CityPath = None, as_json: AsJson = False) -> None:
    """Every fault of a declaration at once, each with its file, line and a suggestion. Exit code 2 if there is any."""
    path = city or paths.city()
    found, findings = read(path)
    if as_json:
        typer.echo(json.dumps(_as_json(path, found, findings), ensure_ascii=False, indent=2))
    else:
        for finding in findings:
            typer.echo(str(finding))
        typer.echo(_verdict(path, found, findings))
    if errors(findings):
        raise typer.Exit(2)


def show(
    city: CityPath = None,
    machines: Annotated[bool, typer.Option("--machines", help="Every machine, with its names and addresses.")] = False,
    as_json: AsJson = False,
) -> None:
    """What a city is: its sites, zones and capacity, its segments, departments, systems and units."""
    declared = load_city(city or paths.city())
    if as_json:
        typer.echo(declared.model_dump_json(indent=2))
        return
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 160  # a file or a pipe is as wide as the tables want
    for part in [machine_table(declared)] if machines else picture(declared):
        console.print(part, "")


def new(city: Annotated[Path, typer.Argument(help="A directory that is not there yet.")]) -> None:
    """Write a small, commented declaration to start from. Overwrites nothing."""
    written = write_skeleton(city)
    for file in written:
        typer.echo(str(file))
    typer.echo(f"Now edit these, and run: citycloud check {city}")


def _verdict(path: Path, city: City | None, findings: list[Finding]) -> str:
    faults = len(errors(findings))
    if city is None or faults:
        return f"{path}: {faults} fault{'' if faults == 1 else 's'}. Nothing was touched."
    warnings = f", {len(findings)} warnings" if findings else ""
    return f"{path}: OK{warnings}: {summary(city)}"


def _as_json(path: Path, city: City | None, findings: list[Finding]) -> dict[str, Any]:
    return {
        "declaration": str(path),
        "ok": not errors(findings),
        "summary": summary(city) if city is not None else None,
        "findings": [finding.as_json() for finding in findings],
    }
