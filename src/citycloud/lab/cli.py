"""``citycloud lab``: a whole city on this machine."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from citycloud import paths
from citycloud.errors import BadInput, CitycloudError
from citycloud.findings import Finding, Place
from citycloud.lab import up as lab
from citycloud.lab.handle import Files, living
from citycloud.lab.legacy import up as machine_rooms
from citycloud.lab.legacy.cli import app as rooms_app
from citycloud.lab.status import LabStatus, recorded_hosts, status
from citycloud.progress import Progress

app = typer.Typer(no_args_is_help=True, help="A whole city on this machine: bring it up, look at it, take it down.")

app.add_typer(rooms_app, name="rooms")

CityPath = Annotated[
    Path | None, typer.Argument(help="The directory of a declaration.", show_default="$CITYCLOUD_CITY")
]
HostName = Annotated[str, typer.Argument(help="A host of the lab, such as east-ctl; `lab status` lists them.")]


@app.command("up")
def up(
    city: CityPath = None,
    bare: Annotated[bool, typer.Option("--bare", help="Stop at the hosts: no OpenStack on them (seconds).")] = False,
    rooms: Annotated[bool, typer.Option("--rooms", help="The machine rooms, too: see `lab rooms up`.")] = False,
) -> None:
    """Bring the lab up: every site with zones gets an OpenStack cloud of its own, on hosts of its own.

    The first time takes up to 15 minutes on two cores (Debian and OpenStack's packages are fetched and kept in the
    cache), later about 3. Run again, it does only what is missing; killed at any moment, run it again.

    All of it is one process tree in namespaces of its own: the machine sees one network device (cclab0) with routes to
    the lab's ranges, so that ssh, DNS and `pulumi up` reach it from here. What forbids a lab on this machine (user,
    system, memory, disk, address ranges in use) is said all at once, exit code 2, and nothing is touched.

    Then: `citycloud lab status`, `citycloud lab shell east-ctl`, `openstack --os-cloud east server list`.
    """
    progress = Progress()
    lab.up(city or paths.city(), progress, bare=bare)
    if rooms:
        machine_rooms.up(city or paths.city(), paths.rooms(), progress)
    _print(status(Files.default()))


@app.command("down")
def down() -> None:
    """Take the lab away: processes, networks, disks, secrets, and the settings that it changed. The cache stays."""
    there = lab.down(Progress())
    typer.echo("the lab is gone" if there else "there was no lab")


@app.command("status")
def show(as_json: Annotated[bool, typer.Option("--json", help="For machines: one JSON document.")] = False) -> None:
    """Whether the lab is up, since when, and each host's addresses and memory. Exit code 1 if it is down."""
    _tidy()
    seen = status(Files.default())
    if as_json:
        typer.echo(json.dumps(seen.as_json(), indent=2))
    else:
        _print(seen)
    if seen.state == "down":
        raise typer.Exit(1)


@app.command("logs")
def logs(
    host: Annotated[str | None, typer.Argument(help="A host; without one, the lab's own log.")] = None,
    unit: Annotated[str | None, typer.Option("--unit", "-u", help="Only this systemd unit, such as nova-api.")] = None,
    lines: Annotated[int, typer.Option("--lines", "-n", help="How many of the last lines.")] = 200,
) -> None:
    """What a host's journal says, or the lab's own log."""
    files = Files.default()
    if host is None:
        log = files.logs / "init.log"
        text = log.read_text(errors="replace") if log.exists() else ""
        typer.echo("\n".join(text.splitlines()[-lines:]))
        return
    only = ["--unit", unit] if unit else []
    _ssh(files, host, ["journalctl", "--no-pager", "--quiet", f"--lines={lines}", *only])


@app.command("shell", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
def shell(
    host: HostName,
    command: Annotated[list[str] | None, typer.Argument(help="A command instead of a shell.")] = None,
) -> None:
    """A root shell on a host of the lab, by ssh."""
    _ssh(Files.default(), host, command or [])


def _ssh(files: Files, host: str, command: list[str]) -> None:
    """Become ``ssh`` to the host. Raises BadInput for a name that the lab doesn't have."""
    _tidy()
    if living(files) is None:
        raise CitycloudError("the lab is down; bring it up: citycloud lab up")
    names = [one.name for one in recorded_hosts(files)]
    if host not in names:
        message = f"the lab has no host {host}"
        raise BadInput("No such host.", [Finding("unknown-host", Place(object=host), message, ", ".join(names))])
    argv = ["ssh", "-F", str(files.ssh / "config"), host, *command]
    os.execvp(argv[0], argv)  # noqa: S606


def _tidy() -> None:
    if lab.tidy():
        typer.echo("a killed lab was found: what it had left on this machine is cleared", err=True)


def _print(seen: LabStatus) -> None:
    console = Console(highlight=False)
    if seen.pid is None or seen.age is None:
        console.print("the lab is down")
        return
    table = Table("host", "site", "role", "IPv4", "IPv6", "memory MiB", "ssh", box=None, pad_edge=False)
    for host in seen.hosts:
        answer = f"silent: {', '.join(host.silent)}" if host.silent else "answers"
        used = "?" if host.memory_mib is None else str(host.memory_mib)
        table.add_row(host.name, host.site, host.role, host.ipv4, host.ipv6, used, answer)
    console.print(table)
    minutes = f"{seen.age // 60} min {seen.age % 60} s"
    console.print(f"the lab is {seen.state}, process {seen.pid}, since {minutes}; its hosts use {seen.memory_mib} MiB")
