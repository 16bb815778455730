"""What a department has on a site, from its layout and from what the site's own stack made."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pulumi
from pulumi_openstack import compute

from citycloud.cloud.components.common import Component
from citycloud.cloud.components.groups import SecurityGroups
from citycloud.cloud.components.machine import Machine, Surroundings
from citycloud.cloud.layout.values import DepartmentLayout, Server

ALL = "*"
"""As a name to release: every machine."""


class Department(Component):
    """A department's keypair, security groups, server groups and machines, made as its own user.

    ``released`` are the machines that were asked for by name: only their servers and volumes may go.
    """

    def __init__(
        self,
        layout: DepartmentLayout,
        *,
        domain: str,
        below: pulumi.StackReference,
        public_key: str,
        released: Collection[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(f"{layout.site}-{layout.department}", opts)
        self._layout, self._domain = layout, domain
        keypair = compute.Keypair("keypair", name=layout.keypair, public_key=public_key, opts=self.child())
        groups = SecurityGroups("groups", layout.groups, shared=False, opts=self.child())
        apart = {
            group.name: compute.ServerGroup(
                f"apart-{group.name}", name=group.name, policies=group.policy, opts=self.child()
            )
            for group in layout.server_groups
        }
        around = Surroundings(below, keypair, groups.made, apart)
        self.machines = {
            server.machine: Machine(
                server, around, protect=server.stateful and not {ALL, server.machine} & set(released), opts=self.child()
            )
            for server in layout.servers
        }

    def outputs(self) -> Mapping[str, pulumi.Output[Any]]:
        """``machines``: what stands, for inventories and checks."""
        servers = {server.machine: server for server in self._layout.servers}
        told = {name: self._told(servers[name], machine) for name, machine in self.machines.items()}
        return {"machines": pulumi.Output.from_input(told)}

    def _told(self, server: Server, machine: Machine) -> dict[str, Any]:
        return {
            "name": f"{server.machine}.{self._layout.site}.{self._domain}",
            "site": self._layout.site,
            "department": self._layout.department,
            "system": server.system,
            "zone": server.zone,
            "segment": server.segment,
            "guests": str(server.guests),
            "ipv4": server.ipv4,
            "ipv6": server.ipv6,
            "server_id": machine.instance.id,
        }
