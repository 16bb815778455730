"""``citycloud lab rooms``: the departments' machine rooms beside the lab's clouds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from citycloud import paths
from citycloud.errors import BadInput
from citycloud.findings import Finding, Place
from citycloud.lab.handle import Files
from citycloud.lab.legacy import up as rooms
from citycloud.lab.legacy.model import LARGEST
from citycloud.lab.status import status
from citycloud.progress import Progress

app = typer.Typer(no_args_is_help=True, help="The departments' machine rooms (机房) as they are before the move.")


@app.command("up")
def up(
    file: Annotated[
        Path | None, typer.Argument(help="The declaration of the rooms.", show_default="$CITYCLOUD_ROOMS")
    ] = None,
    city: Annotated[
        Path | None, typer.Option("--city", help="The declaration of the lab's City.", show_default="$CITYCLOUD_CITY")
    ] = None,
    mebibytes: Annotated[
        list[str] | None,
        typer.Option("--mebibytes", help="How much a room's data is: N for all rooms, or ROOM=N; may repeat."),
    ] = None,
) -> None:
    """Add the machine rooms to the running lab: hosts with Debian 11, their databases, files and applications.

    Each room is a private network behind a rate-limited line to its carrier, reached over ssh from here
    (`citycloud lab shell HOST`) and from the clouds' tenant networks. The first time takes about 5 minutes (an old
    Debian and its packages are fetched and kept in the cache), later seconds. Run again, it does only what is missing.
    """
    spec = rooms.up(city or paths.city(), file or paths.rooms(), Progress(), sizes=_sizes(mebibytes or []))
    seen = status(Files.default())
    names = {host.name for host in spec.hosts}
    used = sum(host.memory_mib or 0 for host in seen.hosts if host.name in names)
    typer.echo(f"{len(names)} hosts of {len(spec.rooms)} machine rooms are up; they use {used} MiB")


def _sizes(given: list[str]) -> dict[str, int]:
    """By room, '' for all others. Raises BadInput."""
    found = {}
    for word in given:
        room, _, number = word.rpartition("=")
        if not number.isascii() or not number.isdigit() or not 1 <= int(number) <= LARGEST:
            said = f"{word!r} is neither N nor ROOM=N, N from 1 to {LARGEST}"
            raise BadInput("Nothing was touched.", [Finding("bad-value", Place(object="--mebibytes"), said)])
        found[room] = int(number)
    return found


@app.command("down")
def down() -> None:
    """Take the machine rooms out of the running lab, with all that their hosts hold; the clouds stay."""
    there = rooms.down(Progress())
    typer.echo("the machine rooms are gone" if there else "there were no machine rooms")
