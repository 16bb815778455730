"""What each System takes where it will stand, and what has to be sent there. Pure.

The nearest knowledge counts: what a person wrote for the System; what was measured; its declared machines; defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from citycloud.city.model import Arch, City, System
from citycloud.cloud.halves import sites_of
from citycloud.migrate.choices import Migrations, MoveChoices, SystemChoices, WaveChoices

SIZES = ("vcpu", "memory_gib", "storage_gib")
FIRST_WEIGHT, LATER_WEIGHT = 5, 1
"""How much earlier the City's first systems go than the others, where nobody says otherwise."""


@dataclass(frozen=True)
class Measured:
    """What was seen of a System at its source: see assess/measured.py."""

    copy_mib: int
    arches: frozenset[str] = frozenset()
    """What it can run on; empty: on any."""


@dataclass(frozen=True)
class Moving:
    """One System that has to move (or has moved), with everything that its wave depends on."""

    system: System
    sizes: Mapping[str, int]
    """By size (SIZES), at each Site where it will stand."""
    sites: tuple[str, ...]
    """Primary first."""
    copy_mib: int
    cutover_minutes: int
    weight: int
    arches: frozenset[str]
    """Empty: any."""
    move: MoveChoices | None
    """Its department's own choices."""
    chosen: SystemChoices | None
    known_from: str
    """``choices``, ``measured``, ``machines`` or ``defaults``: how its sizes are known."""

    @property
    def id(self) -> str:
        return self.system.id

    @property
    def moved(self) -> bool:
        return self.chosen is not None and self.chosen.moved


def movings(city: City, migrations: Migrations, measured: Mapping[str, Measured]) -> tuple[Moving, ...]:
    """Every System of the City, by id, with what was measured of some."""
    waves = migrations.waves
    assert waves is not None
    moves = {move.system: move for department in migrations.departments for move in department.moves}
    chosen = {one.id: one for one in waves.systems}
    found = [
        _moving(city, waves, one, moves.get(one.id), chosen.get(one.id), measured.get(one.id)) for one in city.systems
    ]
    return tuple(sorted(found, key=lambda moving: moving.id))


def _moving(
    city: City,
    waves: WaveChoices,
    system: System,
    move: MoveChoices | None,
    chosen: SystemChoices | None,
    measured: Measured | None,
) -> Moving:
    sizes, known_from = _declared(city, waves, system)
    copy_mib = _copy_mib(city, waves, system)
    if measured is not None:
        copy_mib, known_from = measured.copy_mib, "measured"
    if chosen is not None:
        said = {size: value for size in SIZES if (value := getattr(chosen, size)) is not None}
        sizes, known_from = {**sizes, **said}, "choices" if said else known_from
        copy_mib = copy_mib if chosen.copy_gib is None or measured is not None else chosen.copy_gib * 1024
    first = FIRST_WEIGHT if system.wave == "first" else LATER_WEIGHT
    return Moving(
        system=system,
        sizes=sizes,
        sites=sites_of(city, system),
        copy_mib=copy_mib,
        cutover_minutes=_cutover(waves, move, chosen),
        weight=(chosen.weight if chosen else None) or first,
        arches=_arches(measured, chosen),
        move=move,
        chosen=chosen,
        known_from=known_from,
    )


def _arches(measured: Measured | None, chosen: SystemChoices | None) -> frozenset[str]:
    """What a person wrote counts before what was seen."""
    if chosen is not None and chosen.arches:
        return frozenset(map(str, chosen.arches))
    return measured.arches if measured is not None else frozenset()


def _declared(city: City, waves: WaveChoices, system: System) -> tuple[dict[str, int], str]:
    machines = [machine for machine in city.machines if machine.system == system.id]
    if not machines:
        return {size: getattr(waves.defaults, size) for size in SIZES}, "defaults"
    storage = sum(machine.system_disk_gib + machine.data_disk_gib for machine in machines)
    sizes = {size: sum(getattr(machine, size) for machine in machines) for size in SIZES[:2]}
    return {**sizes, "storage_gib": storage}, "machines"


def _copy_mib(city: City, waves: WaveChoices, system: System) -> int:
    disks = [
        machine.system_disk_gib + machine.data_disk_gib for machine in city.machines if machine.system == system.id
    ]
    return ceil(sum(disks) * 1024 * waves.fill_percent / 100) if disks else waves.defaults.copy_gib * 1024


def _cutover(waves: WaveChoices, move: MoveChoices | None, chosen: SystemChoices | None) -> int:
    if move is not None:
        return move.cutover_minutes
    return (chosen.cutover_minutes if chosen else None) or waves.defaults.cutover_minutes


def zone_arches(city: City, site: str, zone: str) -> frozenset[str]:
    """The architectures of a zone's hosts."""
    hosts = (
        host for one in city.sites if one.id == site for each in one.zones if each.id == zone for host in each.hosts
    )
    return frozenset(str(Arch(host.arch)) for host in hosts)
