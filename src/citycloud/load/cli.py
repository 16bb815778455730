"""``citycloud load``: live load on a system from outside, and what became of each acknowledged write."""

from __future__ import annotations

import secrets
import signal
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from pydantic import ValidationError

from citycloud.errors import BadInput, CitycloudError
from citycloud.findings import Finding, Place
from citycloud.load.compare import Verdict, compare, fetch
from citycloud.load.generator import LEDGER, SUMMARY, Generator
from citycloud.load.ledger import read_ledger
from citycloud.load.line import Line, context
from citycloud.load.model import Settings, Summary
from citycloud.load.names import Ask, Names, fixed, of, system
from citycloud.progress import Progress

app = typer.Typer(no_args_is_help=True, help="Live load from outside, each acknowledged write on disk and compared.")

Home = Annotated[Path, typer.Argument(help="The load's directory: its ledger, failures and summary.")]
Resolver = Annotated[
    list[str] | None, typer.Option("--resolver", help="A name server's address (ADDRESS or ADDRESS#PORT); may repeat.")
]
At = Annotated[str | None, typer.Option("--at", help="Go to this address, whatever the DNS says.")]
Authority = Annotated[
    Path | None, typer.Option("--ca", help="Certificates of https are checked against this file.", exists=True)
]
AsJson = Annotated[bool, typer.Option("--json", help="For machines: one JSON document.")]
SHOWN = 10
"""Differences of each kind that a person is shown."""


@app.command("run")
def run(
    url: Annotated[str, typer.Argument(help="Where records are written: https://SYSTEM.CITY/records.")],
    home: Annotated[Path, typer.Option("--output", "-o", help="A new directory for the ledger, failures, summary.")],
    rate: Annotated[float, typer.Option(help="Writes a second.")] = 200,
    clients: Annotated[int, typer.Option(help="Writes under way at most.")] = 32,
    seconds: Annotated[float, typer.Option(help="How long; at most a day.")] = 60,
    writes: Annotated[int, typer.Option(help="No more than these.")] = 1_000_000,
    reads: Annotated[float, typer.Option(help="Share of writes after which one is read, at random.")] = 0.1,
    patience: Annotated[float, typer.Option(help="Seconds for which a refused write is tried again.")] = 30,
    timeout: Annotated[float, typer.Option(help="Seconds for one attempt.")] = 5,
    resolver: Resolver = None,
    at: At = None,
    ca: Authority = None,
    as_json: AsJson = False,
) -> None:
    """Write records at a steady rate, and keep each acknowledged one in a ledger before it counts.

    The name in URL is asked for every second, so that clients follow a cutover. Ctrl-C (or SIGTERM) ends it in order;
    so do --seconds and --writes. summary.json in the directory is renewed every second: what was acknowledged, and
    when writes were refused, from the first failure to the first success that no failure followed within a second.

    Then: `citycloud load compare DIRECTORY`.
    """
    asked = {"url": url, "rate": rate, "clients": clients, "seconds": seconds, "writes": writes, "reads": reads}
    settings = _settings({**asked, "patience": patience, "timeout": timeout, "run": f"load{secrets.token_hex(4)}"})
    names = Names(urlsplit(url).hostname or "", _ask(resolver, at))
    try:
        load = Generator(settings, home, names, context(str(ca) if ca else None, url))
    except FileExistsError as fault:
        finding = Finding("load-exists", Place(str(home)), "holds a load already", "name a new directory")
        raise BadInput("Nothing was written.", [finding]) from fault
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: load.stop())
    progress = Progress()
    load.start()
    summary = load.join(lambda so_far: None if as_json else progress.say(_line(so_far)))
    typer.echo(summary.model_dump_json(indent=2) if as_json else _told(summary))


@app.command("compare")
def compare_(
    home: Home,
    url: Annotated[str | None, typer.Option("--url", help="Where to look, if not where the load wrote.")] = None,
    resolver: Resolver = None,
    at: At = None,
    ca: Authority = None,
    as_json: AsJson = False,
) -> None:
    """Ask the application for every record of the load, and hold each against the ledger, by value.

    Exit code 1 if an acknowledged write is lost, altered or doubled, or if there is one that was never sent. Writes
    that are there although nobody got an answer are listed; they are no fault.
    """
    summary = _summary(home)
    where = url or summary.settings.url
    names = Names(urlsplit(where).hostname or "", _ask(resolver, at))
    line = Line(where, names, context(str(ca) if ca else None, where), timeout=30)
    verdict = compare(summary.settings.run, read_ledger(home / LEDGER), fetch(line, summary.settings.run))
    typer.echo(verdict.model_dump_json(indent=2) if as_json else _verdict(verdict))
    if not verdict.holds:
        raise typer.Exit(1)


@app.command("show")
def show(home: Home, as_json: AsJson = False) -> None:
    """How a load goes, or went."""
    summary = _summary(home)
    typer.echo(summary.model_dump_json(indent=2) if as_json else _told(summary))


def _settings(values: dict[str, object]) -> Settings:
    try:
        return Settings.model_validate(values)
    except ValidationError as fault:
        found = fault.errors(include_url=False)
        findings = [Finding("bad-value", Place(object=str(one["loc"][0])), one["msg"]) for one in found]
        raise BadInput("Nothing was written.", findings) from fault


def _ask(resolver: list[str] | None, at: str | None) -> Ask:
    if at:
        return fixed(at)
    if not resolver:
        return system()
    parts = [one.partition("#") for one in resolver]
    return of([address for address, _, _ in parts], int(parts[0][2] or 53))


def _summary(home: Path) -> Summary:
    try:
        return Summary.model_validate_json((home / SUMMARY).read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise CitycloudError(f"{home}: no summary of a load can be read there: {fault}") from fault


def _line(summary: Summary) -> str:
    refused = sum(window.failures for window in summary.windows)
    return f"{summary.acknowledged} acknowledged, {refused} attempts refused, {summary.median_ms:.1f} ms median"


def _told(summary: Summary) -> str:
    spent = summary.ended - summary.began
    lines = [
        f"{summary.state}: {summary.acknowledged} writes acknowledged in {spent:.1f} s "
        f"({summary.acknowledged / spent if spent else 0:.0f} a second; asked for {summary.settings.rate:g}), "
        f"{summary.given_up} given up, {summary.missed} never begun",
        f"answers: median {summary.median_ms:.1f} ms, slowest {summary.slowest_ms:.0f} ms; "
        f"longest without any {summary.silence:.2f} s",
        f"reads: {summary.reads} compared, {summary.reads_wrong} wrong, {summary.reads_failed} failed",
    ]
    for window in summary.windows:
        length = "to the end" if window.seconds is None else f"for {window.seconds:.2f} s"
        lines.append(f"writes refused {length}, {window.failures} attempts; first: {window.why}")
    return "\n".join(lines if summary.windows else [*lines, "no write was refused"])


def _verdict(verdict: Verdict) -> str:
    kinds = {
        "lost": verdict.lost,
        "altered": [f"{one.id}: {one.written!r} became {one.found!r}" for one in verdict.altered],
        "doubled": verdict.doubled,
        "never sent": verdict.strange,
        "there without an acknowledgement (no fault)": verdict.unacknowledged,
    }
    lines = [f"{verdict.acknowledged} acknowledged, {verdict.found} found"]
    for kind, found in kinds.items():
        lines.append(f"{kind}: {len(found)}")
        lines += [f"  {one}" for one in found[:SHOWN]]
    return "\n".join([*lines, "holds" if verdict.holds else "DOES NOT HOLD"])
