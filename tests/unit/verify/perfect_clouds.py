"""A cloud as its APIs would tell of it if everything stood exactly as the layout says: made from the layout alone, so
that checks (made from the City) and layout meet here before any cloud is there."""

from __future__ import annotations

from typing import Any

from citycloud.city.model import City, Site
from citycloud.cloud.layout import department_layout, site_layout
from citycloud.cloud.layout.values import DepartmentLayout, Flavor, Group, Network, Server, SiteLayout, Tenant
from citycloud.cloud.verify_seen import Provider, Seen

JSON = dict[str, Any]


def perfect(city: City, site: Site) -> Seen:
    """What verification would see of the site's cloud. Things are plain dicts: a test changes one to plant a fault."""
    layout = site_layout(city, site.id)
    departments = [department_layout(city, site.id, tenant.department) for tenant in layout.tenants]
    flavors = {flavor.name: flavor for flavor in layout.flavors}
    groups = [_group(own.department, group) for own in departments for group in own.groups]
    groups += [_group("shared", group) for group in layout.groups]
    servers = [
        _server(own, server, flavors, _host(city, site, server)) for own in departments for server in own.servers
    ]
    return Seen(
        site=site.id,
        providers=tuple(_providers(site)),
        zones=tuple(_zone(aggregate.name, aggregate.hosts) for aggregate in layout.aggregates),
        aggregates=tuple(
            {
                "name": each.name,
                "hosts": list(each.hosts),
                "metadata": {"availability_zone": each.name, **{f"trait:{trait}": "required" for trait in each.traits}},
            }
            for each in layout.aggregates
        ),
        projects=tuple(
            {"id": f"p-{each.department}", "name": each.department, "enabled": True} for each in layout.tenants
        ),
        assignments=tuple(_assignment(tenant) for tenant in layout.tenants),
        quotas={each.department: _quota(each) for each in layout.tenants},
        networks=tuple(_network(tenant, network) for tenant in layout.tenants for network in tenant.networks),
        subnets=tuple(one for tenant in layout.tenants for network in tenant.networks for one in _subnets(network)),
        routers=tuple(_router(tenant) for tenant in layout.tenants if tenant.router),
        ports=(*_router_ports(layout), *(_port(own, server) for own in departments for server in own.servers)),
        groups=tuple(groups),
        servers=tuple(servers),
        volumes=tuple(_volume(server) for own in departments for server in own.servers if server.volume),
    )


def _providers(site: Site) -> list[Provider]:
    found = []
    for zone in site.zones:
        for host in zone.hosts:
            size = host.capacity
            totals = {"VCPU": size.vcpu, "MEMORY_MB": size.memory_gib * 1024, "DISK_GB": size.storage_gib}
            inventories = {
                name: {"total": total, "reserved": 0, "allocation_ratio": 1.0} for name, total in totals.items()
            }
            traits = {f"CUSTOM_GUESTS_{host.guests.upper()}", *host.traits, "COMPUTE_NODE"}
            found.append(Provider(host.id, inventories, frozenset(traits)))
    return found


def _zone(name: str, hosts: tuple[str, ...]) -> JSON:
    up = {"nova-compute": {"available": True, "active": True}}
    return {"zoneName": name, "zoneState": {"available": True}, "hosts": {host: dict(up) for host in hosts}}


def _assignment(tenant: Tenant) -> JSON:
    scope = {"project": {"id": f"p-{tenant.department}"}}
    return {"user": {"name": tenant.department}, "role": {"name": "member"}, "scope": scope}


def _quota(tenant: Tenant) -> JSON:
    quota = tenant.quota
    return {"cores": quota.vcpu, "ram": quota.memory_mib, "gigabytes": quota.storage_gib}


def _network(tenant: Tenant, network: Network) -> JSON:
    return {
        "id": f"n-{network.name}",
        "name": network.name,
        "project_id": f"p-{tenant.department}",
        "status": "ACTIVE",
        "shared": False,
    }


def _subnets(network: Network) -> list[JSON]:
    own = {"network_id": f"n-{network.name}", "enable_dhcp": network.served}
    mode = "slaac" if network.served else None
    slaac = {"ipv6_address_mode": mode, "ipv6_ra_mode": mode}
    four = {"cidr": str(network.subnets.ipv4), "gateway_ip": str(network.gateway.ipv4), "ip_version": 4}
    six = {"cidr": str(network.subnets.ipv6), "gateway_ip": str(network.gateway.ipv6), "ip_version": 6}
    return [{**own, **four}, {**own, **six, **slaac}]


def _router(tenant: Tenant) -> JSON:
    assert tenant.router
    outside = tenant.router.external
    fixed = [{"ip_address": str(outside.ipv4)}, {"ip_address": str(outside.ipv6)}]
    return {
        "name": tenant.router.name,
        "project_id": f"p-{tenant.department}",
        "status": "ACTIVE",
        "external_gateway_info": {"external_fixed_ips": fixed, "enable_snat": False},
    }


def _router_ports(layout: SiteLayout) -> list[JSON]:
    return [
        {
            "device_id": f"r-{tenant.department}",
            "device_owner": "network:router_interface",
            "network_id": f"n-{network.name}",
            "security_groups": [],
            "fixed_ips": [{"ip_address": str(network.gateway.ipv4)}, {"ip_address": str(network.gateway.ipv6)}],
        }
        for tenant in layout.tenants
        for network in tenant.networks
    ]


def _group(owner: str, group: Group) -> JSON:
    rules = [
        {
            "direction": rule.direction,
            "ethertype": rule.family,
            "protocol": rule.protocol,
            "port_range_min": rule.port,
            "port_range_max": rule.port,
            "remote_ip_prefix": rule.remote,
            "remote_group_id": None,
        }
        for rule in group.rules
    ]
    return {"id": f"g-{owner}-{group.name}", "security_group_rules": rules}


def _port(own: DepartmentLayout, server: Server) -> JSON:
    return {
        "device_id": f"s-{server.machine}",
        "device_owner": "compute:nova",
        "network_id": f"n-{server.network}",
        "mac_address": server.mac,
        "fixed_ips": [{"ip_address": server.ipv4}, {"ip_address": server.ipv6}],
        "security_groups": [
            *(f"g-{own.department}-{group}" for group in server.groups),
            *(f"g-shared-{group}" for group in server.shared_groups),
        ],
        "port_security_enabled": True,
        "allowed_address_pairs": [],
    }


def _host(city: City, site: Site, server: Server) -> str:
    """A host that fits: machines of one system and role are spread."""
    zone = next(zone for zone in site.zones if zone.id == server.zone)
    fitting = [host.id for host in zone.hosts if host.guests is server.guests]
    return fitting[
        sum(machine.id < server.machine for machine in city.machines if machine.system == server.system) % len(fitting)
    ]


def _server(own: DepartmentLayout, server: Server, flavors: dict[str, Flavor], host: str) -> JSON:
    flavor = flavors[server.flavor]
    return {
        "id": f"s-{server.machine}",
        "name": server.machine,
        "status": "ACTIVE",
        "tenant_id": f"p-{own.department}",
        "flavor": {"vcpus": flavor.vcpu, "ram": flavor.memory_mib, "disk": flavor.disk_gib},
        "OS-EXT-SRV-ATTR:host": host,
        "OS-EXT-AZ:availability_zone": server.zone,
        "os-extended-volumes:volumes_attached": [{"id": f"v-{server.machine}"}] if server.volume else [],
    }


def _volume(server: Server) -> JSON:
    assert server.volume
    return {
        "id": f"v-{server.machine}",
        "name": server.volume.name,
        "size": server.volume.size_gib,
        "status": "in-use",
        "attachments": [{"server_id": f"s-{server.machine}"}],
    }
