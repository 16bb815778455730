"""pyinfra operations for the rooms' hosts: each is run again without harm, and says nothing secret in a command."""

from __future__ import annotations

import base64
import io
from collections.abc import Generator, Iterable, Sequence

from pyinfra.api.command import FileUploadCommand, StringCommand
from pyinfra.api.facts import FactBase
from pyinfra.api.operation import operation
from pyinfra.context import host

STAMP = "/var/lib/lab-digest"
UPLOAD = "/run/lab.tar"
ALONE = "exec 9> /run/lab.lock; flock --timeout 600 9\n"
"""First line of a script: one that a killed deploy left running is waited for (it goes on without its ssh)."""

Commands = Generator[StringCommand | FileUploadCommand, None, None]


class GivenDigest(FactBase[str]):
    """The digest of the files that the host was given last, or ''."""

    def command(self) -> str:
        return f"cat {STAMP} 2>/dev/null || true"

    def process(self, output: Iterable[str]) -> str:
        return "".join(output).strip()


@operation()
def tree(archive: str, digest: str, units: Sequence[str], prepare: str) -> Commands:
    """Give the host its files (a tar archive in base64) and run ``prepare``, units stopped meanwhile."""
    known = host.get_fact(GivenDigest)
    if known == digest:
        return
    if known:
        yield StringCommand("systemctl", "stop", *units)
    yield FileUploadCommand(io.BytesIO(base64.b64decode(archive)), UPLOAD)
    yield StringCommand(f"chmod 600 {UPLOAD} && tar -C / -xpf {UPLOAD} && rm {UPLOAD}")
    if prepare:
        yield StringCommand("sh", "-e", "-s", _stdin=(ALONE + prepare).splitlines())
    yield StringCommand(f"systemctl daemon-reload && echo {digest} > {STAMP}")


@operation(is_idempotent=True)
def running(units: Sequence[str]) -> Commands:
    """Units started now, and with every boot."""
    if units:
        # Not `enable --now`: for a script of System V times it enables only.
        yield StringCommand("systemctl", "enable", "--quiet", *units)
        yield StringCommand("systemctl", "start", *units)


@operation(is_idempotent=True)
def script(text: str) -> Commands:
    """Run a script of the host's own shell; it may hold passwords: on standard input, never as an argument."""
    if text:
        yield StringCommand("sh", "-e", "-s", _stdin=(ALONE + text).splitlines())
