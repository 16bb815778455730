"""``citycloud report``: the evidence of a run, signed; and whether such a file holds."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from citycloud import keys, paths
from citycloud.errors import BadInput
from citycloud.findings import Finding, Place
from citycloud.run_cli import here
from citycloud.run_cli.plans import AsJson

NAME = "report"


def register(app: typer.Typer) -> None:
    app.command("report")(report)


def report(
    run: Annotated[str, typer.Argument(metavar="[RUN]", help="A run: see `citycloud status`.")] = "",
    out: Annotated[Path | None, typer.Option("-o", "--out", help="The HTML file; the JSON is put beside it.")] = None,
    verify: Annotated[
        Path | None, typer.Option("--verify", metavar="FILE", help="Check a report's file instead.")
    ] = None,
    key: Annotated[
        str, typer.Option("--key", help="With --verify: the public key that you have pinned, or its file.")
    ] = "",
    sm2_key: Annotated[
        Path | None, typer.Option("--sm2-key", help="With --verify: a pinned SM2 public key's file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What a run did, with the evidence: HTML for people, JSON for machines, both signed.

    The signing key is made at the first report (`citycloud keys list`: report). Give its public half away on another
    way than the report, and whoever has it checks: citycloud report --verify FILE --key KEY. One changed byte, a
    cut-off tail, or a report signed again with another key is refused (exit code 2).
    """
    if verify is not None:
        return _verify(verify, key, sm2_key, as_json)
    if not run:
        raise BadInput("Which run?", [Finding("no-run", Place(object="RUN"), "name one", "citycloud status")])
    with here.journal() as (_, journal):
        row = here.run_row(journal, run)
        entries = journal.entries(run)
        people = here.people(row.plan)
    from citycloud.report.run_file import sign
    from citycloud.report.run_report import report as told

    signer, national = _keys()
    made = sign(told(row, entries, people, datetime.now(UTC)), row, entries, signer, national)
    page = out or paths.reports() / f"{run}.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    _put(page, made.html)
    _put(page.with_suffix(".json"), made.json)
    if as_json:
        typer.echo(json.dumps({"html": str(page), "json": str(page.with_suffix(".json")), "key": signer.public}))
        return
    typer.echo(
        f"{page}\n{page.with_suffix('.json')}\nsigned by {signer.public}" + (" and with SM2/SM3" if national else "")
    )


def _keys() -> tuple[keys.Key, Path | None]:
    """The report's keys, made where they are missing; what can't be had is said."""
    from citycloud.report import sm2

    file = keys.find(NAME)
    if not file.exists():
        keys.new(NAME)
        typer.echo(f"a key to sign reports with was made: {file}", err=True)
    if not sm2.available():
        typer.echo("NO SM2/SM3 SIGNATURE: this machine's OpenSSL does not have them. Ed25519 only.", err=True)
        return keys.load(file), None
    national = file.with_name(f"{NAME}-sm2.pem")
    if not national.exists():
        sm2.new(national)
    return keys.load(file), national


def _verify(file: Path, key: str, sm2_key: Path | None, as_json: bool) -> None:
    from citycloud.report.run_file import verify

    if not key:
        say = Finding(
            "no-key", Place(str(file)), "name the key that you have pinned: the file's own proves nothing", "--key"
        )
        raise BadInput("A report is checked against a key from elsewhere.", [say])
    pinned = Path(key).read_text() if Path(key).is_file() else key
    found = verify(file, pinned, sm2_key)
    if as_json:
        typer.echo(json.dumps({"holds": True, "entries": found.entries, "sm2": found.sm2}))
        return
    chained = f"; {found.entries} journal entries, chained" if found.entries else ""
    typer.echo(f"{file}: holds: unchanged, and signed by the pinned key{chained}; {found.sm2}")


def _put(path: Path, text: str) -> None:
    """Whole or not at all."""
    half = path.with_name(f".{path.name}.new")
    half.write_text(text, encoding="utf-8", newline="")
    half.replace(path)
