"""One way to run a command on a host: OpenSSH's client, checked host keys, a kept connection, a time limit.

Commands hold no secret: what is secret goes in by standard input.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from citycloud import proc
from citycloud.errors import CitycloudError

CONNECT_SECONDS = 10
SLACK = 5
"""Seconds that the far end's own time limit has, to be told before ours."""
NO_SSH = 255
"""OpenSSH's own exit code for what went wrong before the command."""


class Unreachable(CitycloudError):
    """The host did not let us in, or the connection broke: whether the command had an effect nobody knows."""


class CommandRefused(CitycloudError):
    """The command ended badly, or ran out of time (``code`` is None then)."""

    def __init__(self, host: str, code: int | None, said: str) -> None:
        self.host, self.code, self.said = host, code, said
        super().__init__(f"{host}: {said}")


@dataclass
class Ssh:
    """``ways``: for each host, ssh's arguments that lead there; the last one is the destination."""

    ways: Mapping[str, Sequence[str]]
    _folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="cc-")), repr=False)

    def run(self, host: str, command: str, stdin: str = "", seconds: float = 60) -> str:
        """What ``command`` (for a POSIX shell) printed on ``host``. Raises Unreachable, CommandRefused."""
        limited = [*self.argv(host), f"exec timeout -k 5 {seconds:.0f} sh -c {_quoted(command)}"]
        try:
            return proc.run(limited, timeout=seconds + CONNECT_SECONDS + SLACK, stdin=stdin).stdout
        except proc.CommandFailed as fault:
            if fault.code in (None, NO_SSH):
                raise Unreachable(f"{host}: {_tail(fault.output) or str(fault)}") from fault
            raise CommandRefused(host, fault.code, _tail(fault.output) or str(fault)) from fault

    def octets(self, host: str, command: str, stdin: bytes = b"", seconds: float = 300) -> bytes:
        """As ``run``, but what goes in and comes out are octets."""
        limited = [*self.argv(host), f"exec timeout -k 5 {seconds:.0f} sh -c {_quoted(command)}"]
        limit = seconds + CONNECT_SECONDS + SLACK
        try:
            done = subprocess.run(limited, input=stdin, capture_output=True, timeout=limit, check=False)
        except subprocess.TimeoutExpired as gone:
            raise Unreachable(f"{host}: no end after {limit:g} s") from gone
        if done.returncode == NO_SSH:
            raise Unreachable(f"{host}: {_tail(done.stderr.decode(errors='replace'))}")
        if done.returncode:
            raise CommandRefused(host, done.returncode, _tail(done.stderr.decode(errors="replace")))
        return done.stdout

    def session(self, host: str, command: str) -> subprocess.Popen[bytes]:
        """A command that is talked to; who asks for it ends it."""
        pipe = subprocess.PIPE
        return subprocess.Popen([*self.argv(host), command], stdin=pipe, stdout=pipe, stderr=pipe)

    def argv(self, host: str) -> list[str]:
        """ssh with every option, up to where the command goes. Raises LookupError for a host without a way."""
        if host not in self.ways:
            raise LookupError(f"no way to {host}: this plan's world does not have it")
        return ["ssh", *self._options(), *self.ways[host]]

    def _options(self) -> list[str]:
        options = {
            "BatchMode": "yes",
            "StrictHostKeyChecking": "yes",
            "ConnectTimeout": str(CONNECT_SECONDS),
            "ServerAliveInterval": "5",
            "ServerAliveCountMax": "3",
            "ControlMaster": "auto",
            "ControlPersist": "60",
            "ControlPath": str(self._folder / "%C"),
            "LogLevel": "ERROR",
        }
        return [word for name, value in options.items() for word in ("-o", f"{name}={value}")]

    def close(self) -> None:
        """End the kept connections."""
        for host in self.ways:
            with suppress(proc.CommandFailed):
                proc.run([*self.argv(host)[:-1], "-O", "exit", self.ways[host][-1]], timeout=10, check=False)
        shutil.rmtree(self._folder, ignore_errors=True)


def _quoted(command: str) -> str:
    return "'" + command.replace("'", "'\\''") + "'"


def _tail(output: str) -> str:
    lines = [line for line in output.strip().splitlines() if line.strip()]
    return "; ".join(lines[-3:])
