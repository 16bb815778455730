"""The shared layer of a site: zones, sizes, images, the way out, shared security groups, and each department's project
and networks. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from citycloud.city.model import City, Department, Site
from citycloud.cloud.addresses import router_external
from citycloud.cloud.halves import Half
from citycloud.cloud.layout import sizes, way
from citycloud.cloud.layout.ends import Ends
from citycloud.cloud.layout.groups import shared_groups
from citycloud.cloud.layout.openings import openings
from citycloud.cloud.layout.values import Quota, Router, SiteLayout, Tenant

SPARE = 10
"""Machines that a department may add beyond twice those declared."""


def site_layout(city: City, site_id: str) -> SiteLayout:
    """What the shared layer of the site holds.

    Raises KeyError for a site the City does not declare, ValueError for one that can hold no cloud.
    """
    site = {one.id: one for one in city.sites}[site_id]
    ends = Ends(city)
    here = [half for half in ends.halves if half.site.id == site_id]
    return SiteLayout(
        site=site.id,
        city=city.id,
        external=way.external(site),
        aggregates=sizes.aggregates(site),
        flavors=sizes.flavors(here),
        images=sizes.images(site),
        volume_types=(sizes.THIN, sizes.DISK),
        groups=shared_groups(openings(ends), site, here),
        tenants=tuple(
            _tenant(city, site, department, [half for half in here if half.department.id == department.id])
            for department in city.departments
            if any(quota.site == site.id for quota in department.quotas)
        ),
    )


def _tenant(city: City, site: Site, department: Department, here: Sequence[Half]) -> Tenant:
    used, served = {half.segment.id for half in here}, way.served_segments(here)
    networks = tuple(
        way.network(site, department, segment, served=segment.id in served)
        for segment in city.segments
        if segment.id in used
    )
    return Tenant(
        department=department.id,
        title=department.name,
        quota=_quota(city, site, department, len(here)),
        router=Router(department.id, router_external(site, department)) if networks else None,
        networks=networks,
    )


def _quota(city: City, site: Site, department: Department, machines: int) -> Quota:
    """Sizes as declared. Counts leave room: a migration holds old and new side by side."""
    declared = next(quota for quota in department.quotas if quota.site == site.id)
    room = 2 * machines + SPARE
    return Quota(
        vcpu=declared.vcpu,
        memory_mib=declared.memory_gib * 1024,
        storage_gib=declared.storage_gib,
        machines=room,
        networks=2 * len(city.segments),
        routers=2,
        groups=room,
        rules=40 * room,
    )
