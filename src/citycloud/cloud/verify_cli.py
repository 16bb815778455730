"""``citycloud verify``: the checks' summary for people, JSON for machines, and the report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml
from rich.console import Console
from rich.table import Table

from citycloud import paths
from citycloud.cloud.requirements_kinds import TITLES, Kind
from citycloud.progress import Progress
from citycloud.report import Outcome, Report, Result, Written, write
from citycloud.report.write import as_json

if TYPE_CHECKING:
    from citycloud.cloud.verify import Verification

SHOWN_FAILURES = 12
NEW_LINE = "\n"


def register_verify(app: typer.Typer) -> None:
    """Add ``verify`` to the command line."""

    @app.command("verify")
    def command(
        city: Annotated[Path | None, typer.Argument(help="The City's folder (default: CITYCLOUD_CITY).")] = None,
        only: Annotated[list[Kind] | None, typer.Option(help="Only this kind of requirement; may be repeated.")] = None,
        as_data: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
        report: Annotated[
            Path | None, typer.Option(help="Where to write the HTML page; the JSON goes beside it.")
        ] = None,
    ) -> None:
        """Check what stands against the declaration, item by item: exit code 0 if all holds, 1 if not."""
        # Imported only here: pytest and openstacksdk would cost every other command a second.
        from citycloud.cloud import verify_report
        from citycloud.cloud.verify import verify

        done = verify(city or paths.city(), only or (), Progress())
        page = report or (None if done.partial else paths.reports() / "city.html")
        shown = verify_report.report(done)
        written = write(shown, page, secrets()) if page else None
        if as_data:
            typer.echo(json.dumps(as_json(shown), ensure_ascii=False, indent=1))
        else:
            _summary(done, shown, written)
        if not done.passed():
            raise typer.Exit(1)


def secrets() -> frozenset[str]:
    """Every secret of the lab, so that none is ever written: its generated ones, and the clouds' passwords."""
    found: set[str] = set()
    for file in (paths.lab() / "secrets.json", paths.clouds_yaml()):
        if file.is_file():
            found |= _hidden(yaml.safe_load(file.read_text(encoding="utf-8")), file.suffix == ".json")
    return frozenset(found)


def _hidden(value: Any, secret: bool) -> set[str]:  # noqa: ANN401 (YAML)
    """The strings below ``value`` that are secret: all of them, or those under a key that says so."""
    if isinstance(value, dict):
        words = ("password", "secret", "token")
        return set().union(*(_hidden(each, secret or any(w in str(key) for w in words)) for key, each in value.items()))
    if isinstance(value, list):
        return set().union(*(_hidden(each, secret) for each in value))
    return {value} if secret and isinstance(value, str) else set()


def _summary(done: Verification, shown: Report, written: Written | None) -> None:
    """The table by kind, what failed first, what could not be proved, and where the report is."""
    console = Console(highlight=False, soft_wrap=True)
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("what was checked", no_wrap=True)
    for name in ("passed", "failed", "not provable here", "s"):
        table.add_column(name, justify="right")
    for kind, results in _by_kind(done).items():
        table.add_row(*_row(kind, results, done))
    console.print(table)
    _failures(console, done)
    counts = done.counts()
    unprovable = [each for each in done.requirements if each.unprovable is not None]
    if unprovable:
        console.print(f"\nNOT PROVABLE HERE, and not counted as passed ({len(unprovable)}):", style="yellow")
        for limit in shown.limits:
            console.print(f"  {limit.en}", style="yellow")
    seconds = (done.ended - done.began).total_seconds()
    bad = counts[Outcome.FAILED] + counts[Outcome.NOT_RUN]
    console.print(
        f"\n{len(done.results)} requirements in {seconds:.0f} s: {counts[Outcome.PASSED]} passed, {bad} failed or not "
        f"checked, {counts[Outcome.UNPROVABLE]} not provable here.",
        style="bold red" if bad else "bold green",
    )
    if written:
        console.print(f"Report: {written.html} (for machines: {written.json})")


def _by_kind(done: Verification) -> dict[Kind, list[Result]]:
    found: dict[Kind, list[Result]] = {}
    for requirement, result in zip(done.requirements, done.results, strict=True):
        found.setdefault(requirement.kind, []).append(result)
    return found


def _row(kind: Kind, results: list[Result], done: Verification) -> tuple[str, ...]:
    outcomes = [result.outcome for result in results]
    bad = outcomes.count(Outcome.FAILED) + outcomes.count(Outcome.NOT_RUN)
    unprovable = outcomes.count(Outcome.UNPROVABLE)
    return (
        TITLES[kind].en,
        str(outcomes.count(Outcome.PASSED)),
        f"[bold red]{bad}[/]" if bad else "0",
        f"[yellow]{unprovable}[/]" if unprovable else "",
        f"{done.seconds.get(kind, 0):.1f}",
    )


def _failures(console: Console, done: Verification) -> None:
    failed = [result for result in done.results if result.outcome in (Outcome.FAILED, Outcome.NOT_RUN)]
    if not failed:
        return
    console.print(f"\nFAILED, the first of {len(failed)} first:", style="bold red")
    for result in failed[:SHOWN_FAILURES]:
        console.print(f"  {result.id}: {result.sentence.en}", markup=False)
        console.print(f"    {str(result.evidence).partition(NEW_LINE)[0]}", markup=False, style="red")
    if len(failed) > SHOWN_FAILURES:
        console.print(f"  … and {len(failed) - SHOWN_FAILURES} more, all in the report")
