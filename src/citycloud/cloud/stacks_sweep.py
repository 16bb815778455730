"""What OpenStack itself made for a project, and leaves behind when the project goes."""

from __future__ import annotations

from typing import Any

from openstack.connection import Connection
from openstack.exceptions import SDKException

from citycloud.errors import CitycloudError


def sweep(cloud: Connection) -> int:
    """Remove ``default`` security groups and network quotas of projects that are no more; how many there were.

    Neutron makes such a group in every project that it hears of, and nobody tells it when Keystone's project goes; and
    the provider forgets a network quota without resetting it. Raises CitycloudError where the cloud does not answer.
    """
    try:
        identity: Any = cloud.identity  # its type allows for version 2 of the API
        living = {project.id for project in identity.projects()}
        orphans = [
            group
            for group in cloud.network.security_groups(name="default")
            if group.project_id and group.project_id not in living
        ]
        for group in orphans:
            cloud.network.delete_security_group(group)
        quotas = [quota.project_id for quota in cloud.network.quotas() if quota.project_id not in living]
        for project in quotas:
            cloud.network.delete_quota(project)
    except SDKException as fault:
        raise CitycloudError(f"what is left of projects that are gone could not be removed: {fault}") from fault
    return len(orphans) + len(quotas)
