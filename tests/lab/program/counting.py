"""How many things of each kind each project has, as a cloud's administrator sees them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from citycloud.cloud.verify_seen import connect

SERVICES = "service"
"""The project of the cloud's own services: one of them gets it a default group by asking first; no stack does."""
Counts = Counter[tuple[str, str]]
"""By kind and project; the project is '' for what belongs to none."""


def count(site: str) -> Counts:
    """Everything that a stack can make, on one site. Projects are told by name, so that a new one counts as the old."""
    cloud: Any = connect(site)
    list(cloud.network.security_groups())  # makes the administrator's own default group, if it is not there yet
    own = {("security_groups", SERVICES), ("security_group_rules", SERVICES)}
    names = {project.id: project.name for project in cloud.identity.projects()}
    found = Counter(
        (kind, names.get(project := str(getattr(thing, "project_id", None) or ""), project))
        for kind, things in _kinds(cloud)
        for thing in things
    )
    return Counter({what: number for what, number in found.items() if what not in own})


def _kinds(cloud: Any) -> Iterable[tuple[str, Iterable[Any]]]:  # noqa: ANN401  # openstacksdk tells no types
    yield from (("project", cloud.identity.projects()), ("user", cloud.identity.users()))
    yield "role assignment", cloud.identity.role_assignments()
    for kind in ("networks", "subnets", "routers", "ports", "security_groups", "security_group_rules", "rbac_policies"):
        yield kind, getattr(cloud.network, kind)()
    yield "quota", cloud.network.quotas()
    yield "server", cloud.compute.servers(all_projects=True)
    yield "server group", cloud.compute.server_groups(all_projects=True)
    yield from (("flavor", cloud.compute.flavors(is_public=None)), ("aggregate", cloud.compute.aggregates()))
    yield from (("image", cloud.image.images()), ("volume type", cloud.block_storage.types()))
    yield from (("volume", cloud.block_storage.volumes(all_projects=True)),)
    yield "snapshot", cloud.block_storage.snapshots(all_projects=True)
