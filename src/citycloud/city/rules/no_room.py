"""``no-room``: a machine that no host can take, at one of the sites where it stands.

A machine goes to a host of its zone that runs the same kind of guests and is large enough on its own. The LXC
hypervisor cannot attach volumes, so a machine on it has no data disk.
"""

from __future__ import annotations

from collections.abc import Iterator

from citycloud.city.model import City, Guests, Host, Machine, System
from citycloud.city.places import Places
from citycloud.cloud.halves import sites_of
from citycloud.findings import Finding


def find(city: City, places: Places) -> Iterator[Finding]:
    systems = {system.id: system for system in city.systems}
    for at, machine in enumerate(city.machines):
        if machine.guests is Guests.LXC and machine.data_disk_gib:
            said = f"{machine.id!r} runs on LXC, which can't attach its data disk of {machine.data_disk_gib} GiB"
            place = places.of("machines", at, "data_disk_gib")
            yield Finding("no-room", place, said, "set it to 0, or run it on another kind of host")
        system = systems.get(machine.system)
        if system and places.whole("sites"):
            yield from _sites(city, system, machine, at, places)


def _sites(city: City, system: System, machine: Machine, at: int, places: Places) -> Iterator[Finding]:
    for site in sites_of(city, system):
        zones = {zone.id: zone for one in city.sites if one.id == site for zone in one.zones}
        if system.zone not in zones:
            continue  # an unknown reference, or a faulty pair
        alike = [host for host in zones[system.zone].hosts if host.guests is machine.guests]
        where = f"{site}/{system.zone}"
        if not alike:
            said = f"{where} has no host for {machine.id!r}: none runs guests {machine.guests.value!r}"
            yield Finding("no-room", places.of("machines", at, "guests"), said, "add one, or choose another zone")
        elif not any(_fits(machine, host) for host in alike):
            said = f"{machine.id!r} is larger than every host at {where} that runs guests {machine.guests.value!r}"
            yield Finding("no-room", places.of("machines", at), said, "shrink it, or add a larger host")


def _fits(machine: Machine, host: Host) -> bool:
    free = host.capacity
    return (
        machine.vcpu <= free.vcpu
        and machine.memory_gib <= free.memory_gib
        and machine.system_disk_gib <= free.storage_gib
    )
