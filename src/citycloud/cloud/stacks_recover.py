"""Stacks that a killed Pulumi left locked, or in the middle of something."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from openstack.exceptions import SDKException

from citycloud.cloud.layout import Stack
from citycloud.cloud.stacks import Workspace
from citycloud.cloud.stacks_adopt import find
from citycloud.cloud.verify_seen import connect
from citycloud.errors import CitycloudError
from citycloud.progress import Progress

PATIENCE = 150.0
"""Seconds to wait for a living Pulumi that was told to stop."""
REFRESH = 900.0
"""Seconds for reading a whole stack from its cloud."""


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
    if pending := workspace.pending(stack.name):
        taken = take_in(workspace, stack, pending)
        progress.say(
            f"{stack.name}: cut off in the middle of {len(pending)} operations; {taken} had been made", "yellow"
        )


def take_in(workspace: Workspace, stack: Stack, pending: Sequence[Mapping[str, Any]]) -> int:
    """Find what was being made and take it into the state; how many there were. The rest is made anew, or read again.

    Raises CitycloudError where Pulumi or the cloud does not answer.
    """
    try:
        cloud: Any = connect(stack.site)
        projects = workspace.outputs(stack.site).get("projects", {})
        project = projects[stack.department] if stack.department else None
        known = {resource.get("id") for resource in workspace.resources(stack.name)}
        made: list[str] = []
        for one in (operation["resource"] for operation in pending if operation["type"] == "creating"):
            found = find(cloud, one["type"], one["inputs"], project)
            if found and found not in known:
                made += [one["urn"], found]
    except SDKException as fault:
        raise CitycloudError(f"{stack.site}: the cloud could not be asked what stands: {fault}") from fault
    imports = [word for part in made for word in ("--import-pending-creates", part)]
    workspace.pulumi(
        *("refresh", "--stack", stack.name, "--yes", "--skip-preview", "--clear-pending-creates", *imports),
        timeout=REFRESH,
    )
    return len(made) // 2
