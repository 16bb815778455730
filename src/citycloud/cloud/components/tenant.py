"""A department on a site, as its administrator makes it: project, user, quotas, networks, router."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

import pulumi
from pulumi_openstack import blockstorage, compute, identity, networking

from citycloud.cloud.components.common import Component
from citycloud.cloud.components.external import ProviderNetwork
from citycloud.cloud.layout import values

FIRST_SERVICE, LAST_SERVICE = 2, 9
"""Host parts of the IPv4 addresses that the cloud takes for itself (DHCP); machines begin at 10."""


class Tenant(Component):
    """The department's project and everything in it that is not a machine's."""

    def __init__(
        self,
        layout: values.Tenant,
        *,
        site: str,
        domain: pulumi.Input[str],
        seed: pulumi.Output[str],
        role: pulumi.Input[str],
        external: ProviderNetwork,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(layout.department, opts)
        self._name = layout.department
        self.project = identity.Project(
            f"{self._name}-project",
            name=self._name,
            description=layout.title,
            domain_id=domain,
            opts=self.child(),
        )
        # secret, because the seed is
        self.password = seed.apply(lambda key: password(key, site, layout.department))
        self._user(role, domain)
        self._quotas(layout.quota)
        self.networks: dict[str, networking.Network] = {}
        self.subnets: dict[str, networking.Subnet] = {}
        router = self._router(layout.router, external) if layout.router else None
        for network in layout.networks:
            self._network(network, router)

    def _user(self, role: pulumi.Input[str], domain: pulumi.Input[str]) -> None:
        user = identity.User(
            f"{self._name}-user",
            name=self._name,
            password=self.password,
            domain_id=domain,
            default_project_id=self.project.id,
            opts=self.child(additional_secret_outputs=["password"]),
        )
        identity.RoleAssignment(
            f"{self._name}-member", user_id=user.id, project_id=self.project.id, role_id=role, opts=self.child()
        )

    def _quotas(self, quota: values.Quota) -> None:
        compute.QuotaSetV2(
            f"{self._name}-compute-quota",
            project_id=self.project.id,
            cores=quota.vcpu,
            ram=quota.memory_mib,
            instances=quota.machines,
            server_groups=quota.machines,
            server_group_members=quota.machines,
            opts=self.child(),
        )
        blockstorage.QuoteSetV3(
            f"{self._name}-volume-quota",
            project_id=self.project.id,
            gigabytes=quota.storage_gib,
            volumes=quota.machines,
            opts=self.child(),
        )
        networking.QuotaV2(
            f"{self._name}-network-quota",
            project_id=self.project.id,
            network=quota.networks,
            subnet=2 * quota.networks,
            router=quota.routers,
            port=quota.machines + 4 * quota.networks,
            floatingip=0,
            security_group=quota.groups,
            security_group_rule=quota.rules,
            opts=self.child(),
        )

    def _router(self, router: values.Router, external: ProviderNetwork) -> networking.Router:
        return networking.Router(
            f"{self._name}-router",
            name=router.name,
            tenant_id=self.project.id,
            external_network_id=external.network.id,
            enable_snat=False,
            external_fixed_ips=[
                networking.RouterExternalFixedIpArgs(subnet_id=external.ipv4.id, ip_address=str(router.external.ipv4)),
                networking.RouterExternalFixedIpArgs(subnet_id=external.ipv6.id, ip_address=str(router.external.ipv6)),
            ],
            opts=self.child(),
        )

    def _network(self, layout: values.Network, router: networking.Router | None) -> None:
        network = networking.Network(layout.name, name=layout.name, tenant_id=self.project.id, opts=self.child())
        first = layout.subnets.ipv4.network_address
        ipv4 = networking.Subnet(
            f"{layout.name}-ipv4",
            name=f"{layout.name}-ipv4",
            tenant_id=self.project.id,
            network_id=network.id,
            ip_version=4,
            enable_dhcp=layout.served,
            cidr=str(layout.subnets.ipv4),
            gateway_ip=str(layout.gateway.ipv4),
            allocation_pools=[
                networking.SubnetAllocationPoolArgs(start=str(first + FIRST_SERVICE), end=str(first + LAST_SERVICE))
            ],
            dns_nameservers=[str(layout.name_server.ipv4)],
            opts=self.child(),
        )
        ipv6 = networking.Subnet(
            f"{layout.name}-ipv6",
            name=f"{layout.name}-ipv6",
            tenant_id=self.project.id,
            network_id=network.id,
            ip_version=6,
            enable_dhcp=layout.served,
            cidr=str(layout.subnets.ipv6),
            gateway_ip=str(layout.gateway.ipv6),
            ipv6_address_mode="slaac" if layout.served else None,
            ipv6_ra_mode="slaac" if layout.served else None,
            dns_nameservers=[str(layout.name_server.ipv6)],
            opts=self.child(),
        )
        self.networks[layout.name] = network
        self.subnets |= {f"{layout.name}-ipv4": ipv4, f"{layout.name}-ipv6": ipv6}
        if router:
            self._way(layout, router, network, (ipv4, ipv6))

    def _way(
        self,
        layout: values.Network,
        router: networking.Router,
        network: networking.Network,
        subnets: Sequence[networking.Subnet],
    ) -> None:
        """One port for both families: every port of a router keeps the network's agents busy for seconds."""
        gateways = (layout.gateway.ipv4, layout.gateway.ipv6)
        port = networking.Port(
            f"{layout.name}-gateway",
            name=f"{layout.name}-gateway",
            tenant_id=self.project.id,
            network_id=network.id,
            # an address of one's choice in a network with SLAAC: only a router may ask for that
            device_owner="network:router_interface",
            fixed_ips=[
                networking.PortFixedIpArgs(subnet_id=subnet.id, ip_address=str(gateway))
                for subnet, gateway in zip(subnets, gateways, strict=True)
            ],
            no_security_groups=True,
            opts=self.child(),
        )
        networking.RouterInterface(f"{layout.name}-way", router_id=router.id, port_id=port.id, opts=self.child())


def password(seed: str, site: str, department: str) -> str:
    """The department's password on a site: HMAC-SHA-256 (RFC 2104) of who it is for, keyed with the site's seed."""
    digest = hmac.digest(seed.encode(), f"user {department} at {site}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
