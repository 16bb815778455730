"""Stacks that a killed Pulumi left locked, or in the middle of something."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from openstack.exceptions import SDKException

from citycloud.cloud.layout import Stack
from citycloud.cloud.stacks import REFRESH, Workspace
from citycloud.cloud.stacks_adopt import cut_off, find
from citycloud.cloud.verify_seen import connect
from citycloud.errors import CitycloudError
from citycloud.progress import Progress

PATIENCE = 150.0
"""Seconds to wait for a living Pulumi that was told to stop."""
Resource = Mapping[str, Any]
"""As Pulumi's state has it: urn, type, inputs and so on."""


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
    """Make a stack that was cut off fit for the next run: what had been made, but not recorded, is taken in.

    Raises Held, and CitycloudError where Pulumi or the cloud does not answer.
    """
    if unlock(workspace, stack.name):
        progress.say(f"{stack.name}: a lock of a Pulumi that is gone was taken away", "yellow")
    if pending := workspace.pending(stack.name):
        # killed: it had no time to say how far it was
        begun = [operation["resource"] for operation in pending if operation["type"] == "creating"]
        taken = workspace.take_in(stack.name, _found(workspace, stack, begun, None))
        progress.say(f"{stack.name}: was killed in the middle of {len(pending)} operations; took in {taken}", "yellow")
    if since := workspace.failing_since(stack.name):
        # stopped or failed: a resource that it gave up waiting for is in the cloud, but not in the state
        found = _found(workspace, stack, _planned(workspace, stack), since)
        if found:
            taken = workspace.take_in(stack.name, found)
            progress.say(f"{stack.name}: {taken} things had been made but not recorded; took them in", "yellow")


def _planned(workspace: Workspace, stack: Stack) -> list[Resource]:
    """What is to be made yet, of the kinds that a run can give up waiting for."""
    told = workspace.pulumi("preview", "--stack", stack.name, "--json", timeout=REFRESH, check=False)
    try:
        steps = json.loads(told.stdout)["steps"]
    except (ValueError, KeyError):
        return []  # the program itself is at fault: the run that follows says how
    return [step["newState"] for step in steps if step["op"] == "create" and step["newState"].get("custom")]


def _found(
    workspace: Workspace, stack: Stack, asked: Sequence[Resource], since: datetime | None
) -> list[tuple[Resource, str]]:
    """Those of ``asked`` that are in the cloud but not in the state, with their ids; what can never be ended goes."""
    try:
        cloud = connect(stack.site)
        projects = workspace.outputs(stack.site).get("projects", {})
        project = projects[stack.department] if stack.department else None
        known = {resource.get("id") for resource in workspace.resources(stack.name)}
        for one in asked:
            for half in cut_off(cloud, one["type"], one["inputs"]):
                if half.id not in known:
                    cloud.image.delete_image(half)
        found = [(one, find(cloud, one["type"], one["inputs"], project, since=since)) for one in asked]
    except SDKException as fault:
        raise CitycloudError(f"{stack.site}: the cloud could not be asked what stands: {fault}") from fault
    return [(one, id_) for one, id_ in found if id_ and id_ not in known]
