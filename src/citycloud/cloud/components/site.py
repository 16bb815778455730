"""The shared layer of a site, from its layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pulumi
from pulumi_openstack import identity

from citycloud.cloud.components.capacity import Capacity
from citycloud.cloud.components.common import Component, ids
from citycloud.cloud.components.external import ProviderNetwork
from citycloud.cloud.components.groups import SecurityGroups
from citycloud.cloud.components.tenant import Tenant
from citycloud.cloud.layout.values import SiteLayout


class Site(Component):
    """Everything on a site that departments share, or that only its administrator may make."""

    def __init__(
        self,
        layout: SiteLayout,
        *,
        seed: pulumi.Output[str],
        image_folders: Sequence[Path],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(layout.site, opts)
        self.capacity = Capacity("capacity", layout, image_folders, self.child())
        self.groups = SecurityGroups("shared-groups", layout.groups, shared=True, opts=self.child())
        external = ProviderNetwork("provider-network", layout.external, self.child())
        domain = identity.Project(
            "domain", name=layout.city, description="The city's departments", is_domain=True, opts=self.child()
        )
        role = identity.get_role_output(name="member", opts=pulumi.InvokeOutputOptions(parent=self)).id
        self.tenants = {
            tenant.department: Tenant(
                tenant,
                site=layout.site,
                domain=domain.id,
                seed=seed,
                role=role,
                external=external,
                opts=self.child(),
            )
            for tenant in layout.tenants
        }

    def outputs(self) -> Mapping[str, pulumi.Output[Any]]:
        """What the departments' stacks need to know, by the layout's names. Passwords are a secret of their own."""
        tenants = self.tenants.values()
        return {
            "flavors": ids(self.capacity.flavors),
            "images": ids(self.capacity.images),
            "groups": ids(self.groups.made),
            "projects": ids({name: tenant.project for name, tenant in self.tenants.items()}),
            "networks": ids({name: network for tenant in tenants for name, network in tenant.networks.items()}),
            "subnets": ids({name: subnet for tenant in tenants for name, subnet in tenant.subnets.items()}),
            "passwords": pulumi.Output.secret(
                pulumi.Output.all(**{name: tenant.password for name, tenant in self.tenants.items()})
            ),
        }
