"""Gives the rooms' hosts their software and data, by ssh; running it again does only what is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping

from citycloud.errors import StepFailed
from citycloud.lab.handle import Files
from citycloud.lab.legacy.job import Job, pack
from citycloud.lab.legacy.software.parts import part
from citycloud.lab.legacy.spec import RoomsSpec
from citycloud.lab.legacy.tls import certificates
from citycloud.progress import Progress

MODULE = "citycloud.lab.legacy.play"
LEAST_SECONDS = 300
SECONDS_A_MEBIBYTE = 1.0
"""Filling a database takes a tenth of that on idle cores."""


def deploy(spec: RoomsSpec, files: Files, secrets: Mapping[str, str], progress: Progress) -> None:
    """Files, services, accounts, schema and data of every host. Raises StepFailed."""
    play(job(spec, files, secrets["lab"]), progress)


def job(spec: RoomsSpec, files: Files, secret: str) -> Job:
    """What is to be done on every host, with every file rendered."""
    tls = certificates(spec, files.home)
    largest = max((room.room.mebibytes for room in spec.rooms), default=0)
    return Job(
        key_file=str(files.ssh / "id_ed25519"),
        known_hosts=str(files.ssh / "known_hosts"),
        seconds=LEAST_SECONDS + int(largest * SECONDS_A_MEBIBYTE),
        hosts=tuple(
            pack(host.name, str(host.addresses.ipv4), part(room, declared, secret, tls))
            for room in spec.rooms
            for declared, host in room.pairs()
        ),
    )


def play(wanted: Job, progress: Progress) -> None:
    """Run the job in a process of its own (gevent patches the whole of it), and tell what it does.

    Raises StepFailed.
    """
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", MODULE],  # dies with us
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    assert process.stdin and process.stdout and process.stderr
    watchdog = threading.Timer(3 * wanted.seconds, process.kill)
    watchdog.start()
    noise: list[str] = []
    listener = threading.Thread(target=lambda: noise.extend(process.stderr or ()), daemon=True)
    listener.start()
    try:
        process.stdin.write(wanted.model_dump_json())
        process.stdin.close()
        faults = [fault for line in process.stdout if (fault := _heard(line, progress))]
        code = process.wait()
    finally:
        watchdog.cancel()
        process.kill()
        process.wait()
    listener.join(timeout=5)
    if code or faults:
        _give_up(faults, "".join(noise[-15:]) or f"pyinfra ended with {code}")


def _heard(line: str, progress: Progress) -> dict[str, str] | None:
    """A line of the play: said if it is a step done, given back if it is a failure."""
    try:
        told = json.loads(line)
    except ValueError:
        return None
    if "step" in told:
        progress.say(f"machine rooms: {told['step']}: {told['seconds']} s")
        return None
    return dict(told)


def _give_up(faults: list[dict[str, str]], otherwise: str) -> None:
    fault = next((fault for fault in faults if fault["host"]), faults[0] if faults else {})
    where, what = fault.get("host", ""), fault.get("failed", "deploy")
    raise StepFailed(
        step=f"machine rooms: {what}" + (f" on {where}" if where else ""),
        seen=(fault.get("output", "") or otherwise).strip()[-2000:],
        state="the rooms' hosts run; what they are to run is not complete",
        command="citycloud lab rooms up",
    )
