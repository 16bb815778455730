"""Adding the machine rooms to a living lab, and taking them out of it again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from citycloud import proc
from citycloud.city.load import load_city
from citycloud.errors import BadInput, CitycloudError
from citycloud.findings import Finding, Place
from citycloud.lab import identity, launch, machine, preflight, secrets
from citycloud.lab.handle import Files, exclusive, living
from citycloud.lab.legacy import network, root
from citycloud.lab.legacy.boot import extension, nothing
from citycloud.lab.legacy.deploy import deploy
from citycloud.lab.legacy.model import Room, read_rooms
from citycloud.lab.legacy.spec import RoomsSpec, rooms_spec
from citycloud.lab.spec import LabHost, lab_spec
from citycloud.lab.status import recorded_hosts
from citycloud.progress import Progress

CHANGE_LIMIT = 90.0
"""Seconds for the lab's first process to add or take out the rooms' network and roots."""


def up(city: Path, file: Path, progress: Progress, *, sizes: Mapping[str, int] | None = None) -> RoomsSpec:
    """Add the rooms declared in ``file`` to the living lab of the City in ``city``, with their software and data.

    Run again, it does only what is missing. ``sizes`` (MiB by room, '' for all others) go before what is declared; what
    is filled already stays as it is. Raises BadInput with nothing touched where they can't stand here, Busy where
    another command is at the lab.
    """
    os.umask(0o022)  # hosts' roots are made of what we write: others than root have to read it there
    declared = load_city(city)
    rooms = _sized(read_rooms(file, declared), sizes or {})
    spec = rooms_spec(lab_spec(declared), rooms)
    files = Files.default()
    _check(spec, files)
    with exclusive(files, "rooms up"):
        _alive(files)
        progress.expect(1 if files.room_hosts.exists() else 2 + int(not root.path().is_dir()))
        if not files.room_hosts.exists():
            _add(spec, files, root.ensure(progress), progress)
        _refuse_other(spec, files)
        with progress.step(f"machine rooms: {len(spec.hosts)} hosts answer by ssh, over IPv4 and IPv6"):
            launch.boot_missing(files)
            launch.await_hosts(spec.hosts, lambda: living(files) is not None, files.logs)
        deploy(spec, files, secrets.load(files), progress)
    return spec


def down(progress: Progress) -> bool:
    """Take the rooms out of the living lab, with all that their hosts hold; True if there were any."""
    files = Files.default()
    with exclusive(files, "rooms down"):
        if not files.rooms.exists():
            return False
        _alive(files)
        gone = _names(files)
        _change(files, nothing(uuid.uuid4().hex))
        for line in _routes(files):
            proc.run(["ip", *_family(line), *line.split()], timeout=30, check=False)
        files.room_hosts.unlink(missing_ok=True)
        identity.publish(recorded_hosts(files), files)
        for name in gone:
            machine.remove_cgroups(f"{files.cgroup}/{name}", machine.cgroup_hierarchies())
            shutil.rmtree(files.upper(name).parent, ignore_errors=True)
        files.rooms.unlink()
        progress.say(f"{len(gone)} hosts of the machine rooms are gone")
    return True


def _names(files: Files) -> list[str]:
    """Hosts of the rooms: those that stand, and those that an attempt that was cut off has left."""
    asked = [host["name"] for host in json.loads(files.rooms.read_text())["hosts"]]
    known = [host.name for host in _hosts(files.room_hosts)] if files.room_hosts.exists() else []
    return list(dict.fromkeys([*known, *asked]))


def _routes(files: Files) -> list[str]:
    """What takes this machine's routes to the rooms away again."""
    written = files.rooms.with_suffix(".routes")
    lines: list[str] = json.loads(written.read_text()) if written.exists() else []
    return lines


def _sized(rooms: Sequence[Room], sizes: Mapping[str, int]) -> list[Room]:
    known = {room.id for room in rooms}
    if unknown := set(sizes) - known - {""}:
        said = f"there is no room {sorted(unknown)[0]!r}"
        raise BadInput("Nothing was touched.", [Finding("unknown-reference", Place(object="--mebibytes"), said)])
    return [room.model_copy(update={"mebibytes": sizes.get(room.id, sizes.get("", room.mebibytes))}) for room in rooms]


def _alive(files: Files) -> None:
    if living(files) is None:
        raise CitycloudError("the lab is down; bring it up: citycloud lab up")


def _hosts(file: Path) -> list[LabHost]:
    return [LabHost.model_validate(one) for one in json.loads(file.read_text())]


def _check(spec: RoomsSpec, files: Files) -> None:
    """Raise BadInput where this machine uses an address that a room has."""
    ranges = [found for subnets in spec.prefixes() for found in (subnets.ipv4, subnets.ipv6)]
    used = preflight.observe(commands=False).used
    findings = [
        Finding("range-in-use", Place(object="this machine"), f"{mine} overlaps {theirs}, in use here by {user}")
        for mine in ranges
        for theirs, user in used
        if mine.version == theirs.version and mine.overlaps(theirs)
    ]
    if findings:
        raise BadInput("The machine rooms can't stand on this machine; nothing was touched.", findings)


def _refuse_other(spec: RoomsSpec, files: Files) -> None:
    if _hosts(files.room_hosts) != list(spec.hosts):
        message = "other rooms than these are there (other hosts or ranges)"
        finding = Finding("other-rooms", Place(object=str(files.home)), message, "citycloud lab rooms down")
        raise BadInput("Nothing was touched.", [finding])


def _add(spec: RoomsSpec, files: Files, lower: Path, progress: Progress) -> None:
    with progress.step("machine rooms: network and hosts' identities"):
        if files.rooms.exists():  # an attempt that was cut off
            _change(files, nothing(uuid.uuid4().hex))
        identity.make(spec.hosts, files)
        _write(files.rooms.with_suffix(".routes"), network.machine_side(spec, "del"))
        _change(files, extension(spec, files, lower, machine.cgroup_hierarchies(), uuid.uuid4().hex))
        for line in network.machine_side(spec, "replace"):
            proc.run(["ip", *_family(line), *line.split()], timeout=30)
        identity.publish([*recorded_hosts(files), *spec.hosts], files)
        _write(files.room_hosts, [host.model_dump(mode="json") for host in spec.hosts])


def _family(line: str) -> Sequence[str]:
    return ("-6",) if ":" in line else ("-4",)


def _write(path: Path, value: object) -> None:
    """Whole or not at all: the lab's first process reads it."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(json.dumps(value))
    fresh.rename(path)


def _change(files: Files, plan: dict[str, Any]) -> None:
    """Have the lab's first process carry out ``plan``, and wait for it. Raises CitycloudError with what it says."""
    _write(files.rooms, plan)
    answer = files.rooms.with_suffix(".answer")
    pid = living(files)
    end = time.monotonic() + CHANGE_LIMIT
    if pid is not None:
        os.kill(pid, signal.SIGHUP)
    while not answer.exists() or json.loads(answer.read_text())["serial"] != plan["serial"]:
        if living(files) is None or time.monotonic() > end:
            raise CitycloudError(
                f"the lab's first process does not answer within {CHANGE_LIMIT:g} s; see {files.logs / 'init.log'}. "
                "A lab brought up by an earlier version knows no rooms: citycloud lab down, then lab up"
            )
        time.sleep(0.05)
    if fault := json.loads(answer.read_text())["fault"]:
        raise CitycloudError(f"the rooms could not be added: {fault}")
