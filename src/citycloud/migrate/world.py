"""The World of a department's plan: its own sources and its own machines, and nobody else's.

A plan that names another department's host finds no way there: the World does not have it.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from citycloud import paths
from citycloud.action import Hosts, World
from citycloud.city.model import City
from citycloud.errors import BadInput
from citycloud.plan.model import Plan

if TYPE_CHECKING:
    from testinfra.host import Host  # type: ignore[import-untyped]

    from citycloud.drivers.ssh import Ssh
    from citycloud.migrate.choices import DepartmentChoices


def make_world(plan: Plan, city: City | None) -> World:
    """Raises BadInput where the plan's department has made no choices here."""
    from citycloud.drivers.department_cloud import DepartmentCloud
    from citycloud.drivers.department_stack import DepartmentStack
    from citycloud.drivers.postgres import Postgres
    from citycloud.drivers.ssh import Ssh
    from citycloud.migrate.choices import load_migrations

    if city is None:
        raise BadInput("a move needs the City's declaration: CITYCLOUD_CITY")
    chosen = load_migrations(Path(os.environ.get("CITYCLOUD_MIGRATIONS", "migrations")), city).of(plan.subject)
    if chosen is None:
        raise BadInput(f"{plan.subject} has made no choices about moving")
    ssh = Ssh(ways(city, chosen))
    stacks = frozenset(f"{site.id}-{plan.subject}" for site in city.sites if site.zones)
    drivers: dict[type, object] = {
        Ssh: ssh,
        Postgres: Postgres(ssh),
        DepartmentStack: DepartmentStack(Path.cwd(), stacks),
        DepartmentCloud: DepartmentCloud(plan.subject, city.id, Path.cwd()),
    }
    return World(drivers, Hosts(lambda name: _host(ssh, name)))


def ways(city: City, chosen: DepartmentChoices) -> dict[str, tuple[str, ...]]:
    """ssh's arguments to each of the department's sources, and to each machine that one of them becomes."""
    from citycloud.cloud.halves import halves
    from citycloud.drivers.host_keys import login

    config = paths.lab().absolute() / "ssh" / "config"
    found: dict[str, tuple[str, ...]] = {}
    for source in (source for move in chosen.moves for source in move.sources):
        known = ("-F", str(config), "-l", source.user)
        where = ("-p", str(source.port), "-o", f"HostKeyAlias={source.id}", source.address)
        found[source.id] = (*known, *(where if source.address else (source.id,)))
    systems = {move.system for move in chosen.moves}
    for half in halves(city):
        if half.primary and half.system.id in systems and half.department.id == chosen.department:
            found[half.machine.id] = (*login().arguments(), str(half.addresses.ipv4))
    return found


def _host(ssh: Ssh, name: str) -> Host:
    """testinfra's host, over the very connection that actions use."""
    import testinfra  # type: ignore[import-untyped]

    way = ssh.argv(name)
    host = testinfra.get_host(f"ssh://{way[-1]}", ssh_extra_args=shlex.join(way[1:-1]), controlpersist=0)
    host.backend.hostname = name
    return host
