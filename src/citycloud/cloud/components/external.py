"""The provider network, on which departments' routers meet the carrier."""

from __future__ import annotations

import pulumi
from pulumi_openstack import networking

from citycloud.cloud.components.common import Component
from citycloud.cloud.layout.values import External


class ProviderNetwork(Component):
    """The network and one subnet for each family; the carrier holds their gateways."""

    def __init__(self, name: str, layout: External, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.network = networking.Network(
            "external",
            name=layout.name,
            external=True,
            shared=False,
            segments=[networking.NetworkSegmentArgs(network_type="flat", physical_network=layout.physical_network)],
            opts=self.child(),
        )
        self.ipv4, self.ipv6 = (
            networking.Subnet(
                f"external-ipv{version}",
                name=f"{layout.name}-ipv{version}",
                network_id=self.network.id,
                ip_version=version,
                cidr=str(cidr),
                gateway_ip=str(gateway),
                enable_dhcp=False,
                opts=self.child(),
            )
            for version, cidr, gateway in (
                (4, layout.subnets.ipv4, layout.gateway.ipv4),
                (6, layout.subnets.ipv6, layout.gateway.ipv6),
            )
        )
