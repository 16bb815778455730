"""``citycloud up``, ``drift`` and ``destroy``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from citycloud import paths
from citycloud.city.load import load_city
from citycloud.city.model import City
from citycloud.cloud import up as work
from citycloud.cloud.stacks import Workspace, project_root
from citycloud.errors import BadInput, Stopped
from citycloud.findings import Finding, Place
from citycloud.progress import Progress

Site = Annotated[str | None, typer.Option(help="Only this site's stacks.")]
Names = Annotated[list[str] | None, typer.Option("--stack", help="Only this stack (may be given more than once).")]
AsJson = Annotated[bool, typer.Option("--json", help="Tell the result as JSON.")]
Jobs = Annotated[int, typer.Option(help="Stacks at once.", min=1, max=16)]


def register_up(app: typer.Typer) -> None:
    """Add the commands that work on all stacks."""
    app.command(name="up")(up)
    app.command(name="drift")(drift)
    app.command(name="destroy")(destroy)


def up(
    site: Site = None,
    stack: Names = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", "--preview", help="Say what would change.")] = False,
    as_json: AsJson = False,
    jobs: Jobs = work.SIDE_BY_SIDE,
) -> None:
    """Bring all stacks up, in order: what stands already is left alone."""
    workspace, city, progress = _here()
    wanted = work.chosen(city, site, stack or [])
    work.prepare(workspace, progress)
    if dry_run:
        report = work.compare(workspace, wanted, progress, refresh=False, jobs=jobs)
    else:
        report = work.bring_up(workspace, wanted, progress, jobs=jobs)
    _show(report, as_json)


def drift(site: Site = None, stack: Names = None, as_json: AsJson = False, jobs: Jobs = work.SIDE_BY_SIDE) -> None:
    """Say what was changed behind our back; ends with 3 where there is something."""
    workspace, city, progress = _here()
    wanted = work.chosen(city, site, stack or [])
    work.prepare(workspace, progress)
    report = work.compare(workspace, wanted, progress, refresh=True, jobs=jobs)
    _show(report, as_json)
    changed = [name for name, outcome in report.done.items() if outcome.changes]
    if changed:
        raise Stopped(f"{', '.join(changed)}: not as declared. To see what: pulumi preview --refresh --diff -s STACK")


def destroy(
    site: Site = None,
    stack: Names = None,
    release: Annotated[
        str, typer.Option(help="The city's id: servers and volumes that hold data go too. Nothing brings them back.")
    ] = "",
    as_json: AsJson = False,
    jobs: Jobs = work.SIDE_BY_SIDE,
) -> None:
    """Take all stacks down, departments first."""
    workspace, city, progress = _here()
    wanted = work.chosen(city, site, stack or [])
    kept = work.protected(workspace, wanted)
    if kept and release != city.id:
        findings = [Finding("protected", Place(object=name), "holds data") for name in kept]
        raise BadInput(f"Nothing was touched. To destroy these too: citycloud destroy --release {city.id}", findings)
    work.prepare(workspace, progress)
    _show(work.tear_down(workspace, wanted, progress, release=bool(kept), jobs=jobs), as_json)


def _here() -> tuple[Workspace, City, Progress]:
    workspace = Workspace(project_root(Path.cwd()))
    return workspace, load_city(workspace.root / paths.city()), Progress()


def _show(report: work.Report, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(report.as_json(), indent=2, ensure_ascii=False))
        return
    table = Table("stack", "changes", "as they were", "seconds")
    for row in report.as_json():
        changes = ", ".join(f"{count} {what}" for what, count in sorted(row["changes"].items())) or "none"
        table.add_row(row["stack"], changes, str(row["same"]), f"{row['seconds']:.1f}")
    Console().print(table)
