"""A machine: its port, its server, and the volume that it keeps data on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_openstack import blockstorage, compute, networking

from citycloud.cloud.components.common import Component
from citycloud.cloud.layout.values import Server, Volume

PATIENCE = pulumi.CustomTimeouts(create="15m", delete="10m")
"""An emulated machine's first boot waits for image and network; more than that is a fault to be told."""


@dataclass(frozen=True)
class Surroundings:
    """What machines are put into: the site's stack, and the department's own groups and key."""

    below: pulumi.StackReference
    keypair: compute.Keypair
    groups: Mapping[str, networking.SecGroup]
    apart: Mapping[str, compute.ServerGroup]

    def id_of(self, kind: str, name: str) -> pulumi.Output[str]:
        """The id that the site's stack gave a thing of the layout, such as ``flavors`` ``none-2c4g20d``."""
        return self.below.require_output(kind).apply(lambda made: str(made[name]))


class Machine(Component):
    """A server with fixed addresses. ``protect`` keeps it and its volume from deletion and replacement."""

    def __init__(
        self, layout: Server, around: Surroundings, *, protect: bool, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(layout.machine, opts)
        port = self._port(layout, around)
        apart = around.apart.get(layout.server_group or "")
        self.instance = compute.Instance(
            f"{layout.machine}-server",
            name=layout.machine,
            flavor_id=around.id_of("flavors", layout.flavor),
            image_id=around.id_of("images", layout.image),
            key_pair=around.keypair.name,
            availability_zone=layout.zone,
            networks=[compute.InstanceNetworkArgs(port=port.id)],
            scheduler_hints=[compute.InstanceSchedulerHintArgs(group=apart.id)] if apart else None,
            metadata={"system": layout.system, "segment": layout.segment},
            opts=self.child(protect=protect, custom_timeouts=PATIENCE),
        )
        if layout.volume:
            self._volume(layout.machine, layout.volume, protect=protect)

    def _port(self, layout: Server, around: Surroundings) -> networking.Port:
        """Its addresses are fixed; where they are served, prefix and MAC make the IPv6 one (SLAAC), to the same end."""
        shared = [around.id_of("groups", name) for name in layout.shared_groups]
        return networking.Port(
            f"{layout.machine}-port",
            name=layout.machine,
            network_id=around.id_of("networks", layout.network),
            mac_address=layout.mac,
            fixed_ips=[
                networking.PortFixedIpArgs(
                    subnet_id=around.id_of("subnets", f"{layout.network}-{family}"), ip_address=address
                )
                for family, address in (("ipv4", layout.ipv4), *([] if layout.served else [("ipv6", layout.ipv6)]))
            ],
            security_group_ids=[*(around.groups[name].id for name in layout.groups), *shared],
            admin_state_up=True,
            opts=self.child(),
        )

    def _volume(self, machine: str, layout: Volume, *, protect: bool) -> None:
        volume = blockstorage.Volume(
            f"{machine}-volume",
            name=layout.name,
            size=layout.size_gib,
            volume_type=layout.type,
            opts=self.child(protect=protect),
        )
        compute.VolumeAttach(
            f"{machine}-attachment", instance_id=self.instance.id, volume_id=volume.id, opts=self.child()
        )
