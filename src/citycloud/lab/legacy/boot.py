"""What the lab's first process has to do for the rooms, as plain JSON: added while it lives. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from citycloud.lab import network as lab_network
from citycloud.lab.boot import container, host_plan
from citycloud.lab.handle import Files
from citycloud.lab.legacy import network
from citycloud.lab.legacy.spec import RoomsSpec


def nothing(serial: str) -> dict[str, Any]:
    """The plan without any room: what there is of them goes."""
    empty: dict[str, Any] = {name: [] for name in ("namespaces", "batches", "limits", "undone", "hosts")}
    return {"serial": serial, "sysctls": {}, **empty}


def extension(spec: RoomsSpec, files: Files, lower: Path, hierarchies: Sequence[Path], serial: str) -> dict[str, Any]:
    """The plan that init.Rooms carries out; another ``serial`` than the last one makes it do so anew."""
    routers = {room.room.id: dict(lab_network.ROUTER_SYSCTLS) for room in spec.rooms}
    return {
        "serial": serial,
        "namespaces": network.namespaces(spec),
        "sysctls": {**routers, **{host.name: dict(lab_network.HOST_SYSCTLS) for host in spec.hosts}},
        "batches": [[batch.namespace, list(batch.lines)] for batch in network.batches(spec)],
        "limits": [list(pair) for pair in network.limits(spec)],
        "undone": [[batch.namespace, list(batch.lines)] for batch in network.undone(spec)],
        "hosts": [host_plan(host, files, (lower,), hierarchies, container(host, files, (), ())) for host in spec.hosts],
    }
