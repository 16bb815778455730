"""The real machines as Ansible's inventory scripts tell them (``--list`` and ``--host``)."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from citycloud.drivers.host_keys import KEY_EXCHANGE, Login, learn, login
from citycloud.drivers.inventory import RealMachine, groups, read
from citycloud.errors import CitycloudError


def as_ansible(machines: Iterable[RealMachine], known: Collection[str], way_in: Login) -> dict[str, Any]:
    """The whole inventory as plain JSON values. Pure."""
    machines = tuple(machines)
    members = {group: {"hosts": list(names)} for group, names in groups(machines).items()}
    return {
        "_meta": {"hostvars": {machine.name: _of_host(machine, machine.name in known) for machine in machines}},
        "all": {"children": ["ungrouped", *members], "vars": _of_all(way_in) if machines else {}},
        **members,
    }


def _of_host(machine: RealMachine, known: bool) -> dict[str, Any]:
    facts = ("machine", "site", "zone", "segment", "department", "system", "guests", "role", "title", "primary")
    return {
        "ansible_host": machine.ipv4,
        "ipv4": machine.ipv4,
        "ipv6": machine.ipv6,
        "server_id": machine.server_id,
        "host_key_known": known,
        **{fact: getattr(machine, fact) for fact in facts},
    }


def _of_all(way_in: Login) -> dict[str, str]:
    ssh = {"UserKnownHostsFile": way_in.known_hosts, "GlobalKnownHostsFile": "/dev/null"}
    common = {**ssh, "StrictHostKeyChecking": "yes", "IdentitiesOnly": "yes", "KexAlgorithms": KEY_EXCHANGE}
    return {
        "ansible_user": "root",
        "ansible_ssh_private_key_file": str(way_in.key),
        "ansible_ssh_common_args": " ".join(f"-o {name}={value}" for name, value in common.items()),
        "ansible_python_interpreter": "/usr/bin/python3",
    }


def main(project: Path, city: Path, words: list[str]) -> int:
    """What the script in an inventory directory does; gives back its exit code."""
    try:
        machines = read(project, city)
    except CitycloudError as fault:
        print(fault, file=sys.stderr)
        return fault.exit_code
    told = as_ansible(machines, learn(machines), login())
    if words[:1] == ["--host"]:
        told = told["_meta"]["hostvars"].get(words[1] if len(words) > 1 else "", {})
    json.dump(told, sys.stdout, indent=2, ensure_ascii=False)
    print()
    return 0
