"""What OpenStack itself made for a project, and leaves behind when the project goes."""

from __future__ import annotations

from typing import Any

from openstack.connection import Connection
from openstack.exceptions import SDKException

from citycloud.errors import CitycloudError


def sweep(cloud: Connection) -> int:
    """Remove ``default`` security groups of projects that are no more; how many there were.

    Neutron makes one in every project that it hears of, and nobody tells it when Keystone's project goes. Raises
    CitycloudError where the cloud does not answer.
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
    except SDKException as fault:
        raise CitycloudError(f"security groups of projects that are gone could not be removed: {fault}") from fault
    return len(orphans)
