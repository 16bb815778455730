"""How hosts are reached: over SSH with checked host keys; and a shipped fake that answers from what was recorded."""

from __future__ import annotations

import shlex
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal, Protocol

from citycloud import proc
from citycloud.errors import CitycloudError
from citycloud.migrate.choices import Source

CONNECT_SECONDS = 10
NO_SSH = 255
"""OpenSSH's own exit code for what went wrong before the command."""
TIMED_OUT = 124
"""timeout(1)'s."""
Language = Literal["sh", "python"]
INTERPRETERS: Mapping[Language, str] = {"sh": "sh -s --", "python": "python3 -"}


class Unreachable(CitycloudError):
    """The host did not let us in: no answer, no login, or a host key that is not the known one."""


class Reach(Protocol):
    """The one way to a source."""

    def run(self, source: Source, language: Language, program: str, words: tuple[str, ...], seconds: float) -> str:
        """What ``program`` printed there. ``words`` are its arguments and hold no secret.

        Raises Unreachable where nobody is let in, CitycloudError where the program failed or ran out of time.
        """
        ...


@dataclass
class OpenSsh:
    """OpenSSH's client with strict host keys and one kept connection for each host.

    ``config`` is an OpenSSH configuration that knows hosts by their ids (the lab writes one); ``known_hosts`` and
    ``identity`` are for hosts that it does not know. Nothing is learnt from the network.
    """

    config: Path | None = None
    known_hosts: Path | None = None
    identity: Path | None = None
    _folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="cc-")), repr=False)

    def run(self, source: Source, language: Language, program: str, words: tuple[str, ...], seconds: float) -> str:
        root = "" if source.user == "root" else "sudo -n "
        polite = f"timeout {seconds:.0f} nice -n 19 {INTERPRETERS[language]}"
        command = f"{root}{polite} {' '.join(map(shlex.quote, words))}"
        argv = ["ssh", *self._options, *_where(source), command]
        try:
            return proc.run(argv, timeout=seconds + CONNECT_SECONDS + 5, stdin=program).stdout
        except proc.CommandFailed as fault:
            if fault.code == NO_SSH:
                raise Unreachable(f"{source.id}: {_last_line(fault.output)}") from fault
            raise CitycloudError(f"{source.id}: {_why(fault, seconds)}") from fault

    @cached_property
    def _options(self) -> tuple[str, ...]:
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
        if self.known_hosts is not None:
            options |= {"UserKnownHostsFile": str(self.known_hosts), "GlobalKnownHostsFile": "/dev/null"}
        if self.identity is not None:
            options |= {"IdentityFile": str(self.identity), "IdentitiesOnly": "yes"}
        chosen = ("-F", str(self.config)) if self.config is not None else ()
        return (*chosen, *(word for name, value in options.items() for word in ("-o", f"{name}={value}")))

    def close(self, sources: tuple[Source, ...]) -> None:
        """End the kept connections."""
        for source in sources:
            with suppress(proc.CommandFailed):
                proc.run(["ssh", *self._options, "-O", "exit", *_where(source)], timeout=10, check=False)
        shutil.rmtree(self._folder, ignore_errors=True)


def _where(source: Source) -> tuple[str, ...]:
    """By its id, as the configuration knows it; or by its address, its host key under its id all the same."""
    if not source.address:
        return ("-l", source.user, source.id)
    return ("-l", source.user, "-p", str(source.port), "-o", f"HostKeyAlias={source.id}", source.address)


def _last_line(output: str) -> str:
    lines = [line for line in output.strip().splitlines() if line.strip()]
    return lines[-1] if lines else "no answer"


def _why(fault: proc.CommandFailed, seconds: float) -> str:
    if fault.code is None:
        return str(fault).splitlines()[0]
    if fault.code == TIMED_OUT:
        return f"no end after {seconds:.0f} s"
    if fault.code == 127:
        return f"what it needs is not there: {_last_line(fault.output)}"
    return f"exit code {fault.code}: {_last_line(fault.output)}"


@dataclass
class Recorded:
    """The fake: answers from a folder of recordings, ``HOST/FACT.txt`` (a second look in ``FACT.2.txt``).

    ``programs`` tells which fact a program is. A host without a folder cannot be reached; a fact without a file fails.
    """

    folder: Path
    programs: Mapping[str, str]
    asked: list[tuple[str, str]] = field(default_factory=list)

    def run(self, source: Source, language: Language, program: str, words: tuple[str, ...], seconds: float) -> str:
        fact = self.programs[program]
        home = self.folder / source.id
        if not home.is_dir():
            raise Unreachable(f"{source.id}: no answer")
        times = self.asked.count((source.id, fact))
        self.asked.append((source.id, fact))
        again = home / f"{fact}.2.txt"
        file = again if times and again.is_file() else home / f"{fact}.txt"
        if not file.is_file():
            raise CitycloudError(f"{source.id}: what it needs is not there: {fact}")
        return file.read_text(encoding="utf-8")
