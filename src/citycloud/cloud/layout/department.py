"""What of a department stands on a site: its security groups, server groups, and machines with their volumes. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from citycloud.city.model import City
from citycloud.cloud.addresses import machine_mac
from citycloud.cloud.halves import Half
from citycloud.cloud.layout import sizes
from citycloud.cloud.layout.ends import Ends
from citycloud.cloud.layout.groups import PLATFORM, own_groups
from citycloud.cloud.layout.openings import Openings, openings
from citycloud.cloud.layout.values import DepartmentLayout, Server, ServerGroup, Volume
from citycloud.cloud.layout.way import network_name, served_segments

Set = tuple[str, str, str]
"""A system, a role and a kind of guests: machines that stand in for each other and may meet on one host."""


def _set(half: Half) -> Set:
    return half.system.id, half.machine.role, str(half.machine.guests)


def department_layout(city: City, site_id: str, department_id: str) -> DepartmentLayout:
    """What the department's own stack on the site holds.

    Raises ValueError where a machine's zone is not on the site; ``citycloud check`` finds that earlier.
    """
    ends = Ends(city)
    here = [half for half in ends.halves if (half.site.id, half.department.id) == (site_id, department_id)]
    opened = openings(ends)
    groups, own_group = own_groups(opened, here)
    apart, served = _server_groups(here), served_segments(here)
    return DepartmentLayout(
        site=site_id,
        department=department_id,
        keypair=department_id,
        groups=groups,
        server_groups=tuple(apart.values()),
        servers=tuple(_server(half, opened, own_group, apart, served) for half in here),
    )


def _server_groups(here: Sequence[Half]) -> dict[Set, ServerGroup]:
    """Machines that stand in for each other stand apart: strictly so where the zone has a host for each of them."""
    counts = Counter(map(_set, here))
    found = {}
    for half in here:
        key = _set(half)
        if counts[key] < 2 or key in found:
            continue
        hosts = [host for host in sizes.zone_of(half).hosts if host.guests is half.machine.guests]
        strict = len(hosts) >= counts[key]
        found[key] = ServerGroup("-".join(key), "anti-affinity" if strict else "soft-anti-affinity")
    return found


def _server(
    half: Half,
    opened: Openings,
    own_group: Mapping[str, str],
    apart: Mapping[Set, ServerGroup],
    served: Collection[str],
) -> Server:
    machine, addresses = half.machine, half.addresses
    group = apart.get(_set(half))
    return Server(
        machine=machine.id,
        system=half.system.id,
        zone=half.system.zone,
        segment=half.segment.id,
        guests=machine.guests,
        flavor=sizes.flavor(machine, half.site, sizes.zone_of(half)).name,
        image=sizes.boot_image(machine.guests),
        network=network_name(half.department, half.segment),
        served=half.segment.id in served,
        ipv4=str(addresses.ipv4),
        ipv6=str(addresses.ipv6),
        mac=machine_mac(addresses.ipv4),
        groups=(own_group[machine.id],) if machine.id in own_group else (),
        shared_groups=(PLATFORM, *opened.shared_by(half)),
        server_group=group.name if group else None,
        volume=_volume(half),
    )


def _volume(half: Half) -> Volume | None:
    if not half.machine.data_disk_gib:
        return None
    return Volume(f"{half.machine.id}-data", half.machine.data_disk_gib, sizes.volume_type(half.machine.guests))
