"""Starting the lab's first process, and waiting until its hosts answer."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from citycloud.errors import CitycloudError
from citycloud.lab.handle import Files, living
from citycloud.lab.spec import LabHost

NETWORK_LIMIT = 60.0
BOOT_LIMIT = 90.0
"""Seconds for all hosts to answer; it takes 3 to 5 on two idle cores."""


def start(files: Files, lock: int) -> None:
    """Start PID 1 by the boot plan in ``files``, and wait until its network stands.

    It inherits the lab's lock until it has written down who it is: no other command can come in between. Raises
    CitycloudError with what it said when it gives up.
    """
    files.failure.unlink(missing_ok=True)
    (files.home / "network").unlink(missing_ok=True)
    host_net = os.open("/proc/self/ns/net", os.O_RDONLY)
    argv = [sys.executable, "-m", "citycloud.lab.init", str(files.plan), str(lock), str(host_net)]
    try:
        with (files.logs / "init.log").open("ab") as log:
            process = subprocess.Popen(
                argv,
                pass_fds=(lock, host_net),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd="/",
            )
    finally:
        os.close(host_net)
    _await_network(files, process)


def _await_network(files: Files, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + NETWORK_LIMIT
    while not (files.home / "network").exists():
        if process.poll() is not None:
            why = files.failure.read_text() if files.failure.exists() else f"exit code {process.returncode}"
            raise CitycloudError(f"the lab's first process gave up: {why}\nmore in {files.logs / 'init.log'}")
        if time.monotonic() > end:
            raise CitycloudError(f"the lab's network does not stand after {NETWORK_LIMIT:g} s; see {files.logs}")
        time.sleep(0.02)


def boot_missing(files: Files) -> None:
    """Tell a living PID 1 to boot again the hosts that are not running."""
    pid = living(files)
    if pid is not None:
        os.kill(pid, signal.SIGHUP)


def answers(address: str, port: int = 22, limit: float = 1.0) -> bool:
    """Whether an SSH server greets at ``address`` within ``limit`` seconds."""
    try:
        with socket.create_connection((address, port), timeout=limit) as line:
            return line.recv(4) == b"SSH-"
    except OSError:
        return False


def silent(hosts: Iterable[LabHost]) -> list[str]:
    """``name address`` of every address of the hosts where no SSH server greets, asked at the same time."""
    asked = [(host.name, str(ip)) for host in hosts for ip in (host.addresses.ipv4, host.addresses.ipv6)]
    with ThreadPoolExecutor(max_workers=16) as pool:
        greeted = list(pool.map(lambda pair: answers(pair[1]), asked))
    return [f"{name} {address}" for (name, address), ok in zip(asked, greeted, strict=True) if not ok]


def await_hosts(hosts: Iterable[LabHost], alive: Callable[[], bool], logs: Path) -> None:
    """Wait until every host answers over both families. Raises CitycloudError naming those that don't."""
    end = time.monotonic() + BOOT_LIMIT
    waiting = tuple(hosts)
    while missing := silent(waiting):
        if not alive():
            raise CitycloudError(f"the lab's first process ended while its hosts were booting; see {logs}")
        if time.monotonic() > end:
            raise CitycloudError(f"no answer by ssh within {BOOT_LIMIT:g} s: {', '.join(missing)}; see {logs}")
        time.sleep(0.1)


def device_numbers(files: Files) -> dict[str, int]:
    """Device numbers of the hosts' root file systems; none where the lab never came so far."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        found: dict[str, int] = json.loads(files.devices.read_text())
        return found
    return {}
