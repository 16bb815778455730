"""Where machines stand: each declared Machine has a half at its System's primary Site, and one wherever the System
is held for disaster recovery or served a second time.

Pure. DNS, layouts, inventories, pictures and checks all ask here, so that they agree.
"""

from __future__ import annotations

from dataclasses import dataclass

from citycloud.city.model import Addresses, City, Department, Machine, Segment, Site, System
from citycloud.cloud.addresses import machine_addresses


@dataclass(frozen=True)
class Half:
    """A Machine at one Site, with everything that its place follows from."""

    machine: Machine
    system: System
    department: Department
    segment: Segment
    site: Site

    @property
    def addresses(self) -> Addresses:
        return machine_addresses(self.site, self.department, self.segment, self.machine)

    @property
    def where(self) -> tuple[str, str]:
        """The ids of its site and its machine, which name it."""
        return self.site.id, self.machine.id

    @property
    def primary(self) -> bool:
        """Whether this is the System's primary Site."""
        return self.system.site == self.site.id


def sites_of(city: City, system: System) -> tuple[str, ...]:
    """The ids of the Sites that hold ``system``, primary first.

    The other Site of every Pair that names the System holds its standby half; a System served from both Sites
    (``on_both``) stands on every Site with a cloud.
    """
    found = [system.site]
    for pair in city.pairs:
        if system.id in pair.systems:
            found += pair.sites
    if system.on_both:
        found += [site.id for site in city.sites if site.zones]
    return tuple(dict.fromkeys(found))


def halves(city: City) -> tuple[Half, ...]:
    """Every Machine's halves, in the order of declaration, primary first. Raises KeyError for an unknown reference."""
    systems = {one.id: one for one in city.systems}
    departments = {one.id: one for one in city.departments}
    segments = {one.id: one for one in city.segments}
    sites = {one.id: one for one in city.sites}
    stands = {one.id: sites_of(city, one) for one in city.systems}
    found = []
    for machine in city.machines:
        system, segment = systems[machine.system], segments[machine.segment]
        department = departments[system.department]
        found += [Half(machine, system, department, segment, sites[site]) for site in stands[system.id]]
    return tuple(found)
