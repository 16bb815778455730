"""Stacks that a killed Pulumi left locked, or in the middle of something."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path

from citycloud.cloud.layout import Stack
from citycloud.cloud.stacks import Workspace
from citycloud.errors import CitycloudError
from citycloud.progress import Progress

PATIENCE = 150.0
"""Seconds to wait for a living Pulumi that was told to stop."""


class Held(CitycloudError):
    """Somebody else is changing the stack."""


def unlock(workspace: Workspace, stack: str, patience: float = PATIENCE) -> bool:
    """Take away locks whose holders are dead; wait ``patience`` seconds for living ones. True if there were any.

    Raises Held for a lock that a living process has, or somebody on another machine.
    """
    end = time.monotonic() + patience
    found = False
    while locks := workspace.locks(stack):
        found = True
        held = [who for who in map(_holder, locks) if who]
        if not held:
            workspace.pulumi("cancel", "--yes", "--stack", stack)
            break
        if time.monotonic() > end:
            raise Held(
                f"stack {stack} is being changed by {', '.join(held)}; wait for it to end, or, if you are sure that "
                f"nobody is at it, take the lock away: pulumi cancel -s {stack}"
            )
        time.sleep(1)
    return found


def _holder(lock: Path) -> str:
    """Who holds the lock, in words; '' if he is gone."""
    try:
        told = json.loads(lock.read_text())
        pid, host = int(told["pid"]), str(told["hostname"])
    except (OSError, ValueError, KeyError):
        return ""  # cut off while it was being written, or gone meanwhile
    if host != socket.gethostname():
        return f"{told.get('username', 'somebody')} on {host}"
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]
    except OSError:
        return ""
    return f"process {pid}" if command.endswith(b"pulumi") else ""


def recover(workspace: Workspace, stack: Stack, progress: Progress) -> None:
    """Make a stack that a killed Pulumi left behind fit for the next run. Raises Held."""
    if unlock(workspace, stack.name):
        progress.say(f"{stack.name}: a lock of a Pulumi that is gone was taken away", "yellow")
