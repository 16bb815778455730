"""``citycloud ipv6 check``, ``show`` and ``export``: the extranet's address plan, at the command line."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, date, datetime
from ipaddress import IPv6Address
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from citycloud import paths
from citycloud.city.load import load_city
from citycloud.city.model import City
from citycloud.errors import BadInput
from citycloud.findings import Finding, Place, errors
from citycloud.ipv6 import cli_picture
from citycloud.ipv6.allocate_plan import AddressPlan
from citycloud.ipv6.allocate_register import Holding, holders
from citycloud.ipv6.exports import files, register_table
from citycloud.ipv6.read import REGISTER, SCHEMA, load_plan, plan, read

PlanPath = Annotated[
    Path | None, typer.Argument(help="The plan's directory: schema.yaml, register.csv.", show_default="$CITYCLOUD_IPV6")
]
PlanOption = Annotated[
    Path | None, typer.Option("--plan", help="The plan's directory.", show_default="$CITYCLOUD_IPV6")
]
CityPath = Annotated[Path | None, typer.Option("--city", help="The declaration.", show_default="$CITYCLOUD_CITY")]
ExistingPath = Annotated[
    Path | None,
    typer.Option("--existing", metavar="FILE", help="Prefixes in use: CSV, or NetBox's JSON. [default: existing.csv]"),
]
Today = Annotated[
    datetime | None,
    typer.Option("--today", formats=["%Y-%m-%d"], help="Plan as of this day.", show_default="today, UTC"),
]
AsJson = Annotated[bool, typer.Option("--json", help="For machines: one JSON document.")]

app = typer.Typer(
    no_args_is_help=True,
    help="The extranet's IPv6 address plan (地址规划): who has which prefix, and why it need not change.\n\n"
    "A directory holds schema.yaml (how the city's prefix is divided), register.csv (who was given what, kept by "
    "`export --keep`) and existing.csv (what units use already). Start with: citycloud ipv6 check",
)


def register(into: typer.Typer) -> None:
    """Add this module's commands to the command line."""
    into.add_typer(app, name="ipv6")


def directory() -> Path:
    """The plan that commands work on where none is named (``CITYCLOUD_IPV6``)."""
    return Path(os.environ.get("CITYCLOUD_IPV6", "ipv6"))


def _day(given: datetime | None) -> date:
    return (given or datetime.now(UTC)).date()


def _city(given: Path | None) -> City:
    return load_city(given or paths.city())


@app.command()
def check(
    address_plan: PlanPath = None,
    city: CityPath = None,
    existing: ExistingPath = None,
    today: Today = None,
    as_json: AsJson = False,
) -> None:
    """Every fault of the address plan at once, each with its file, line and a suggestion. Exit code 2 if there is any.

    Faults are overlaps, places that ran out, lengths that do not end at a digit (nibble), prefixes outside the one
    around them, duplicates, ids that the city does not declare, and prefixes given to another within 184 days.
    Warnings tell what is kept though it does not fit in, and what is given back. Nothing is written.

    Example: citycloud ipv6 check
    """
    where = address_plan or directory()
    made, findings = plan(where, _city(city), _day(today), existing)
    if as_json:
        told = {
            "plan": str(where),
            "ok": not errors(findings),
            "summary": cli_picture.summary(made) if made else None,
            "unkept": [row.model_dump(mode="json") for row in _unkept(where, made)],
            "findings": [finding.as_json() for finding in findings],
        }
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        for finding in findings:
            typer.echo(str(finding))
        typer.echo(_verdict(where, made, findings))
    if errors(findings):
        raise typer.Exit(2)


def _verdict(where: Path, made: AddressPlan | None, findings: list[Finding]) -> str:
    faults = len(errors(findings))
    if made is None:
        return f"{where}: {faults} fault{'' if faults == 1 else 's'}. Nothing was touched."
    told = ", ".join(f"{count} {name}" for name, count in cli_picture.summary(made).items())
    warnings = f", {len(findings)} warning{'' if len(findings) == 1 else 's'}" if findings else ""
    line = f"{where}: OK{warnings}: {told}"
    unkept = len(_unkept(where, made))
    return line + (
        f"\n{unkept} rows are not in the register yet: citycloud ipv6 export --keep -o DIR" if unkept else ""
    )


def _unkept(where: Path, made: AddressPlan | None) -> list[Holding]:
    """What the register on disk does not say yet, or says otherwise."""
    if made is None:
        return []
    file = where / REGISTER
    kept = file.read_text(encoding="utf-8-sig") if file.exists() else ""
    lines = set(kept.splitlines())
    return [row for row in made.holdings if register_table([row]).splitlines()[-1] not in lines]


@app.command()
def show(
    what: Annotated[str, typer.Argument(help="A region, a unit, or an address; nothing: the regions.")] = "",
    on: Annotated[
        datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="With an address: who held it on this day.")
    ] = None,
    address_plan: PlanOption = None,
    city: CityPath = None,
    existing: ExistingPath = None,
    today: Today = None,
    as_json: AsJson = False,
) -> None:
    """The plan: its regions; a region's units; a unit's networks, addresses and names; or who held an address (溯源).

    Examples: citycloud ipv6 show · citycloud ipv6 show gulang · citycloud ipv6 show gulang-010 ·
    citycloud ipv6 show 3fff:400:8090::1 --on 2026-12-01
    """
    made = load_plan(address_plan or directory(), _city(city), _day(today), existing)
    if _is_address(what):
        _tell_holders(made, IPv6Address(what), on.date() if on else None, as_json)
        return
    if as_json:
        typer.echo(json.dumps(cli_picture.as_json(made, what), ensure_ascii=False, indent=2))
        return
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 160  # a file or a pipe is as wide as the tables want
    for part in cli_picture.picture(made, what):
        console.print(part, "")


def _is_address(what: str) -> bool:
    try:
        IPv6Address(what)
    except ValueError:
        return False
    return True


def _tell_holders(made: AddressPlan, address: IPv6Address, day: date | None, as_json: bool) -> None:
    found = holders(made.holdings, address, day)
    if as_json:
        typer.echo(json.dumps([row.model_dump(mode="json") for row in found], ensure_ascii=False, indent=2))
        return
    for row in found:
        typer.echo(f"{row.prefix} {row.kind} {row.id}: from {row.given} until {row.released or 'now'}")
    for one in made.allotments:
        if one.kind in ("network", "kept") and address in one.prefix:
            typer.echo(f"{one.prefix} {one.kind} {one.network} of {one.unit}".replace("  ", " "))
    if not found:
        typer.echo(f"nobody is registered to have held {address}{f' on {day}' if day else ''}")


@app.command()
def export(
    output: Annotated[Path, typer.Option("-o", metavar="DIR", help="Where to write to.")],
    keep: Annotated[
        bool, typer.Option("--keep", help="Write what is newly given, and what is given back, into the register first.")
    ] = False,
    address_plan: PlanPath = None,
    city: CityPath = None,
    existing: ExistingPath = None,
    today: Today = None,
    as_json: AsJson = False,
) -> None:
    """Write the plan for others: tables (CSV), NetBox's bulk import (JSON, in the order of the file names), DNS zones.

    What is exported is relied upon, so everything in it has to be in the register: without --keep, a plan with anything
    new is refused (exit code 2). A directory that holds other files is refused, too.

    Example: citycloud ipv6 export --keep -o /tmp/plan
    """
    where, known = address_plan or directory(), _city(city)
    made = load_plan(where, known, _day(today), existing)
    inputs, _ = read(where, known, _day(today), existing)
    unkept = _unkept(where, made)
    if unkept and not keep:
        said = f"{len(unkept)} rows are not in the register: what is exported could change"
        raise BadInput(
            said, [Finding("not-kept", Place(str(where / REGISTER)), said, "say --keep, and commit the file")]
        )
    servers = [f"ns.{site.id}.{known.domain}." for site in known.sites if site.management is not None]
    if inputs is None or not servers:
        raise BadInput(f"{known.id} has no site with a name server for the zones of {where / SCHEMA}")
    written = files(made, inputs.schema, known, servers)
    _refuse_others(output, written)
    if unkept:
        _replace(where / REGISTER, register_table(made.holdings))
    for name, text in written.items():
        _replace(output / name, text)
    told = {"output": str(output), "files": sorted(written), "kept": len(unkept)}
    typer.echo(json.dumps(told, ensure_ascii=False, indent=2) if as_json else _written(output, written, len(unkept)))


def _written(output: Path, written: Mapping[str, str], kept: int) -> str:
    lines = [str(output / name) for name in sorted(written)]
    return "\n".join([*lines, f"{len(written)} files; {kept} rows written into the register"])


def _refuse_others(output: Path, written: Mapping[str, str]) -> None:
    if output.exists() and not output.is_dir():
        raise BadInput(f"{output} is a file, not a directory")
    there = (
        {str(file.relative_to(output)) for file in output.rglob("*") if file.is_file()} if output.exists() else set()
    )
    if others := sorted(there - set(written)):
        raise BadInput(f"{output} holds {others[0]}, which is not of this export: name a directory of its own")


def _replace(file: Path, text: str) -> None:
    """Write a file whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f".{file.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(file)
