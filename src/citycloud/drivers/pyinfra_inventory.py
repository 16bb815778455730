"""The real machines as pyinfra's inventory files tell them: a variable for each group."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from citycloud.drivers.host_keys import Login, learn, login
from citycloud.drivers.inventory import RealMachine, groups, read

Hosts = list[tuple[str, dict[str, Any]]]


def as_pyinfra(machines: Iterable[RealMachine], known: Collection[str], way_in: Login) -> dict[str, Hosts]:
    """Every group as a list of (name, data); ``all`` is one of them. Pure."""
    machines = tuple(machines)
    hosts = {machine.name: _of_host(machine, machine.name in known, way_in) for machine in machines}
    named = {group: [(name, hosts[name]) for name in names] for group, names in groups(machines).items()}
    return {"all": list(hosts.items()), **named}


def _of_host(machine: RealMachine, known: bool, way_in: Login) -> dict[str, Any]:
    return {
        "ssh_hostname": machine.ipv4,
        "ssh_user": "root",
        "ssh_key": str(way_in.key),
        "ssh_known_hosts_file": str(way_in.known_hosts),
        "ssh_strict_host_key_checking": "yes",
        "ssh_allow_agent": False,
        "ssh_look_for_keys": False,
        "host_key_known": known,
        **asdict(machine),
    }


def hosts(project: Path, city: Path) -> dict[str, Hosts]:
    """The groups as they are now. Raises BadInput, CommandFailed."""
    machines = read(project, city)
    return as_pyinfra(machines, learn(machines), login())
