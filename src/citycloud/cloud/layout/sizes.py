"""Flavors, images and zones: where a machine may stand, how large it is, and what it boots from. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from citycloud.city.model import Guests, Machine, Site, Zone
from citycloud.cloud.halves import Half
from citycloud.cloud.layout.values import Aggregate, Flavor, Image, VolumeType

CAPACITY_ONLY = Image("capacity-only", "capacity-only.raw")
"""For computes without guests: nothing ever reads it."""
DEBIAN = Image("debian-12", "root.raw")
KERNEL = Image("debian-12-kernel", "vmlinuz", format="aki")
RAMDISK = Image("debian-12-ramdisk", "initrd.img", format="ari")
DEBIAN_QEMU = Image(
    "debian-12-qemu",
    DEBIAN.file,
    kernel=KERNEL.name,
    ramdisk=RAMDISK.name,
    command_line="root=/dev/vda rw console=ttyS0 quiet",
)

_IMAGES: dict[Guests, tuple[Image, ...]] = {
    Guests.NONE: (CAPACITY_ONLY,),
    Guests.LXC: (DEBIAN,),
    Guests.QEMU: (KERNEL, RAMDISK, DEBIAN_QEMU),
    Guests.KVM: (KERNEL, RAMDISK, DEBIAN_QEMU),
}
"""What has to be there for each kind of guest; the last one is what its machines boot from."""

THIN = VolumeType("thin", "thin")
DISK = VolumeType("disk", "disk")


def boot_image(guests: Guests) -> str:
    """The name of the image that a machine of that kind boots from."""
    return _IMAGES[guests][-1].name


def images(site: Site) -> tuple[Image, ...]:
    """The images for every kind of guest that the site's hosts run, a kernel before what names it."""
    kinds = sorted({host.guests for zone in site.zones for host in zone.hosts})
    return tuple(dict.fromkeys(image for kind in kinds for image in _IMAGES[kind]))


def volume_type(guests: Guests) -> str:
    """Real storage under real instances; declared capacity under the others."""
    return THIN.name if guests is Guests.NONE else DISK.name


def zone_of(half: Half) -> Zone:
    """The zone that the half stands in. Raises ValueError where its site has no such zone."""
    for zone in half.site.zones:
        if zone.id == half.system.zone:
            return zone
    raise ValueError(f"system {half.system.id} wants zone {half.system.zone}, which site {half.site.id} has not")


def zone_traits(site: Site, zone: Zone) -> tuple[str, ...]:
    """Traits that every host of the zone has and no host of the site outside of it: they set the zone apart."""
    inside = set.intersection(*(set(host.traits) for host in zone.hosts)) if zone.hosts else set()
    outside = {trait for other in site.zones if other.id != zone.id for host in other.hosts for trait in host.traits}
    return tuple(sorted(inside - outside))


def guests_trait(guests: Guests) -> str:
    """The trait that compute drivers report for what they run."""
    return f"CUSTOM_GUESTS_{guests.name}"


def aggregates(site: Site) -> tuple[Aggregate, ...]:
    return tuple(
        Aggregate(zone.id, tuple(sorted(host.id for host in zone.hosts)), zone_traits(site, zone))
        for zone in site.zones
    )


def flavor(machine: Machine, site: Site, zone: Zone) -> Flavor:
    """The flavor of a machine in a zone: its sizes in the name, its kind of host and its zone's traits asked for."""
    apart = zone_traits(site, zone)
    size = f"{machine.vcpu}c{machine.memory_gib}g{machine.system_disk_gib}d"
    return Flavor(
        name="-".join([str(machine.guests), size, *([zone.id] if apart else [])]),
        vcpu=machine.vcpu,
        memory_mib=machine.memory_gib * 1024,
        disk_gib=machine.system_disk_gib,
        traits=(guests_trait(machine.guests), *apart),
    )


def flavors(halves: Iterable[Half]) -> tuple[Flavor, ...]:
    """One for each distinct size, kind of host and set-apart zone."""
    return tuple(sorted({flavor(half.machine, half.site, zone_of(half)) for half in halves}))
