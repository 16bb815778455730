"""``citycloud toolchain``: what Pulumi runs on here."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from citycloud.progress import Progress
from citycloud.toolchain import places
from citycloud.toolchain.install import ensure
from citycloud.toolchain.model import Toolchain
from citycloud.toolchain.status import status as read_status

app = typer.Typer(no_args_is_help=True, help="The Pulumi engine, the OpenStack provider and the Python language host.")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def _show(toolchain: Toolchain, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(toolchain.as_json(), indent=2))
        return
    for part in toolchain.parts:
        typer.echo(f"{part.name:14} {part.version:10} {part.origin:8} {part.path or ''}".rstrip())


@app.command()
def install(as_json: Json = False) -> None:
    """Find, fetch or build what Pulumi needs, once; prints where each part came from."""
    _show(ensure(Progress()), as_json)
    if not as_json:
        typer.echo(f'PATH: {places.bin_dir()} (eval "$(citycloud env)" sets it)')


@app.command()
def status(as_json: Json = False) -> None:
    """What is used, its version, and where it came from; ends with 1 if something is missing."""
    found = read_status()
    _show(found, as_json)
    if not found.whole:
        if not as_json:
            typer.echo("to get what is missing: citycloud toolchain install")
        raise typer.Exit(1)
