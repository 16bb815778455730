"""What waves need to know of an Observation: how much is to be sent, and what the System can run on. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from citycloud.migrate.assess.sizing import data_mib, stored_mib
from citycloud.migrate.choices import Migrations, MoveChoices
from citycloud.migrate.seen import Observation, SeenHost
from citycloud.migrate.waves.demand import Measured


def measured(migrations: Migrations, several: Sequence[Observation]) -> dict[str, Measured]:
    """By System; those that were not seen are left out."""
    found = {}
    for seen in several:
        chosen = migrations.of(seen.department)
        for move in chosen.moves if chosen else ():
            hosts = seen.of(move.system)
            if hosts:
                found[move.system] = _measured(move, hosts)
    return dict(sorted(found.items()))


def _measured(move: MoveChoices, hosts: Sequence[SeenHost]) -> Measured:
    """A lifted machine moves with all its disks, and to its own architecture only."""
    lifted = move.method == "lift"
    size = sum(stored_mib(host) if lifted else data_mib(host) for host in hosts)
    systems = {host.os.arch for host in hosts if lifted and host.os}
    programs = {one.arch for host in hosts for one in host.programs if one.kind == "elf" and one.arch and one.runs}
    bound = systems or programs
    return Measured(copy_mib=size, arches=frozenset(bound))
