"""What the lab is right now: whether it lives, since when, and each host's addresses, answers and memory."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from citycloud.lab.handle import Files, living, start_time
from citycloud.lab.launch import silent
from citycloud.lab.machine import cgroup_hierarchies
from citycloud.lab.spec import LabHost

State = Literal["down", "coming up", "up"]


@dataclass(frozen=True)
class HostStatus:
    """One host. ``memory_mib`` is resident memory of all its processes, None where the machine doesn't count it."""

    name: str
    site: str
    role: str
    ipv4: str
    ipv6: str
    silent: tuple[str, ...]
    """Its addresses at which no SSH server greets."""
    memory_mib: int | None


@dataclass(frozen=True)
class LabStatus:
    """The lab. ``pid`` is its first process as this machine counts; ``age`` in seconds."""

    state: State
    pid: int | None
    age: int | None
    hosts: tuple[HostStatus, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def memory_mib(self) -> int:
        return sum(host.memory_mib or 0 for host in self.hosts)


def age(pid: int) -> int:
    """Seconds since the process began."""
    began = int(start_time(pid) or 0) / os.sysconf("SC_CLK_TCK")
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) - began)


def parse_rss(text: str) -> int:
    """MiB of resident memory from a cgroup's memory.stat, of the old (``total_rss``) or the unified kind (``anon``)."""
    values = dict(line.split() for line in text.splitlines() if len(line.split()) == 2)
    if "total_rss" in values:
        return int(values["total_rss"]) >> 20
    return int(values["anon"]) >> 20


def memory(group: str, name: str, hierarchies: Iterable[Path]) -> int | None:
    """MiB that the host's processes hold, instances included."""
    for hierarchy in hierarchies:
        file = hierarchy / group / name / "memory.stat"
        if file.exists() and (text := file.read_text()):
            return parse_rss(text)
    return None


def recorded_hosts(files: Files) -> tuple[LabHost, ...]:
    """The hosts that the lab was started with, and those of the machine rooms that were added to it."""
    return (*_hosts_in(files.hosts), *_hosts_in(files.room_hosts))


def _hosts_in(file: Path) -> tuple[LabHost, ...]:
    try:
        return tuple(LabHost.model_validate(one) for one in json.loads(file.read_text()))
    except FileNotFoundError:
        return ()


def status(files: Files) -> LabStatus:
    """Ask the machine and every host, all at once: about a second where some don't answer."""
    pid = living(files)
    if pid is None:
        return LabStatus("down", None, None, ())
    hosts = recorded_hosts(files)
    quiet = [entry.split() for entry in silent(hosts)]
    hierarchies = cgroup_hierarchies()
    return LabStatus(
        state="up" if files.ready.exists() else "coming up",
        pid=pid,
        age=age(pid),
        hosts=tuple(
            HostStatus(
                name=host.name,
                site=host.site,
                role=host.role.value,
                ipv4=str(host.addresses.ipv4),
                ipv6=str(host.addresses.ipv6),
                silent=tuple(address for name, address in quiet if name == host.name),
                memory_mib=memory(files.cgroup, host.name, hierarchies),
            )
            for host in hosts
        ),
    )
