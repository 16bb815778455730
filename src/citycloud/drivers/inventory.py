"""The real machines of a City: those that its clouds hold and that answer, for every tool that logs in to them.

What stands, and where, is what the stacks' outputs say; what it is for comes from the City. Ansible's and pyinfra's
inventories are two shapes of this one list (drivers/ansible_inventory.py, drivers/pyinfra_inventory.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from citycloud.city.load import load_city
from citycloud.city.model import City, Guests
from citycloud.cloud.halves import Half, halves
from citycloud.cloud.layout.stacks import Stack
from citycloud.drivers.stacks import Outputs, outputs


@dataclass(frozen=True, order=True)
class RealMachine:
    """A machine that runs, as its stack tells of it."""

    name: str
    """Its declared name in the City's domain."""
    machine: str
    site: str
    zone: str
    segment: str
    department: str
    system: str
    guests: str
    ipv4: str
    ipv6: str
    server_id: str
    """Of the cloud; another one is another machine, with another host key."""
    role: str = ""
    """From the City, as what follows; empty where the City declares the machine no more."""
    title: str = ""
    """The system's name, for people."""
    primary: bool = True
    """Whether it stands at its system's primary Site."""


def real_stacks(city: City) -> tuple[str, ...]:
    """Names of the stacks that hold real machines, each once, in the order of declaration."""
    found = [Stack(half.site.id, half.department.id).name for half in halves(city) if _is_real(half)]
    return tuple(dict.fromkeys(found))


def _is_real(half: Half) -> bool:
    return half.machine.guests is not Guests.NONE


def real_machines(city: City, told: Mapping[str, Outputs]) -> tuple[RealMachine, ...]:
    """Real machines by name, from the stacks' outputs. Pure. Raises KeyError for outputs of another shape."""
    declared = {half.where: half for half in halves(city)}
    found = [
        _machine(machine, facts, declared.get((str(facts["site"]), machine)))
        for stack in told.values()
        for machine, facts in stack.get("machines", {}).items()
        if facts["guests"] != Guests.NONE
    ]
    return tuple(sorted(found))


_TOLD = ("name", "site", "zone", "segment", "department", "system", "guests", "ipv4", "ipv6", "server_id")


def _machine(machine: str, facts: Mapping[str, str], half: Half | None) -> RealMachine:
    told: dict[str, Any] = {key: str(facts[key]) for key in _TOLD}
    if half is None:
        return RealMachine(machine=machine, **told)
    return RealMachine(machine=machine, role=half.machine.role, title=half.system.name, primary=half.primary, **told)


def groups(machines: Iterable[RealMachine]) -> dict[str, tuple[str, ...]]:
    """Names of machines by group: ``site_east``, ``department_water``, ... as both tools allow groups to be named."""
    found: dict[str, list[str]] = defaultdict(list)
    for machine in machines:
        for group in _groups_of(machine):
            found[group].append(machine.name)
    return {group: tuple(names) for group, names in sorted(found.items())}


def _groups_of(machine: RealMachine) -> Iterator[str]:
    for kind in ("site", "zone", "segment", "department", "system", "guests", "role"):
        if value := getattr(machine, kind):
            yield f"{kind}_{value}".replace("-", "_")
    yield "primary" if machine.primary else "standby"


def read(project: Path, city: Path) -> Sequence[RealMachine]:
    """The real machines of the City declared in ``city``, as the stacks of ``project`` tell now.

    Raises BadInput where the declaration is faulty, CommandFailed where Pulumi cannot be asked.
    """
    declared = load_city(city)
    return real_machines(declared, outputs(project, real_stacks(declared)))
