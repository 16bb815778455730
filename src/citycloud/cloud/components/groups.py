"""Security groups and their rules."""

from __future__ import annotations

import pulumi
from pulumi_openstack import networking

from citycloud.cloud.components.common import Component
from citycloud.cloud.layout.values import Group

LONGEST = 255
"""Characters of a description, in Neutron."""


class SecurityGroups(Component):
    """``groups``, closed but for their rules; ``shared`` lets every project use them."""

    def __init__(
        self, name: str, groups: tuple[Group, ...], *, shared: bool, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts)
        self.made = {group.name: self._group(group) for group in groups}
        if shared:
            for group in groups:
                networking.RbacPolicyV2(
                    f"share-{group.name}",
                    action="access_as_shared",
                    object_type="security_group",
                    object_id=self.made[group.name].id,
                    target_tenant="*",
                    opts=self.child(),
                )

    def _group(self, group: Group) -> networking.SecGroup:
        made = networking.SecGroup(f"group-{group.name}", name=group.name, delete_default_rules=True, opts=self.child())
        for rule in group.rules:
            networking.SecGroupRule(
                f"{group.name}-{rule.key}",
                security_group_id=made.id,
                direction=rule.direction,
                ethertype=rule.family,
                protocol=rule.protocol,
                port_range_min=rule.port,
                port_range_max=rule.port,
                remote_ip_prefix=rule.remote,
                description="; ".join(rule.flows)[:LONGEST],
                opts=self.child(),
            )
        return made
