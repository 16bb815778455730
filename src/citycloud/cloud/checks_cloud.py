"""Checks of a cloud through its APIs: capacity, zones, projects, networks. Each proves the requirements of one Kind."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterable, Mapping

from citycloud import paths
from citycloud.cloud.requirements import Requirement
from citycloud.cloud.verify_evidence import Saw, Sites, same
from citycloud.cloud.verify_seen import Provider, Thing, only

CLASSES = ("VCPU", "MEMORY_MB", "DISK_GB")
TLS_SECONDS = 10


def test_api(requirement: Requirement, saw: Saw) -> None:
    want = requirement.want
    trusted = ssl.create_default_context(cafile=str(paths.lab() / "ca.pem"))
    line = http.client.HTTPSConnection(want["address"], want["port"], timeout=TLS_SECONDS, context=trusted)
    secured = trusted.wrap_socket(_dial(line), server_hostname=want["name"])
    version, line.sock = secured.version(), secured
    try:
        line.request("GET", "/", headers={"Host": want["name"]})
        answer = line.getresponse()
    finally:
        line.close()
    saw(f"[{want['address']}]:{want['port']} {version}, certificate valid for {want['name']}, HTTP {answer.status}")
    assert answer.status < 500, f"the API is broken: HTTP {answer.status}"


def test_capacity_host(requirement: Requirement, seen: Sites, saw: Saw) -> None:
    providers = [one for one in seen(requirement.site).providers if one.name == requirement.subject]
    assert providers, f"placement knows no host {requirement.subject}"
    saw(told(providers[0]))
    same(requirement.want, totals(providers))
    for name in CLASSES:
        inventory = providers[0].inventories[name]
        same({"reserved": 0, "ratio": 1.0}, {"reserved": inventory["reserved"], "ratio": inventory["allocation_ratio"]})


def test_capacity_site(requirement: Requirement, seen: Sites, saw: Saw) -> None:
    providers = seen(requirement.site).providers
    saw(f"{len(providers)} hosts: {amounts(totals(providers))}")
    same(requirement.want["hosts"], sorted(provider.name for provider in providers), "hosts")
    same(requirement.want["totals"], totals(providers))


def test_capacity_city(requirement: Requirement, seen: Sites, saw: Saw) -> None:
    providers = [provider for site in seen.sites for provider in seen(site).providers]
    saw(f"{len(providers)} hosts: {amounts(totals(providers))}")
    same(requirement.want, totals(providers))


def test_host_traits(requirement: Requirement, seen: Sites, saw: Saw) -> None:
    provider = next((one for one in seen(requirement.site).providers if one.name == requirement.subject), None)
    assert provider is not None, f"placement knows no host {requirement.subject}"
    ours = sorted(trait for trait in provider.traits if trait.startswith("CUSTOM_"))
    saw(", ".join(ours) or "no trait of ours")
    same(requirement.want["traits"], ours, "traits")


def test_zone(requirement: Requirement, seen: Sites, saw: Saw) -> None:
    zone = only(seen(requirement.site).zones, f"zone {requirement.subject}", zoneName=requirement.subject)
    hosts = {host: services.get("nova-compute", {}) for host, services in (zone["hosts"] or {}).items()}
    saw(f"hosts {', '.join(sorted(hosts))}")
    assert zone["zoneState"]["available"], "the zone is not available"
    same(requirement.want["hosts"], sorted(hosts), "hosts")
    down = sorted(host for host, service in hosts.items() if not (service.get("available") and service.get("active")))
    assert not down, f"nova-compute is down on {', '.join(down)}"


def test_aggregate(requirement: Requirement, seen: Sites, saw: Saw) -> None:
    zone = requirement.subject
    aggregates = [one for one in seen(requirement.site).aggregates if one["metadata"].get("availability_zone") == zone]
    aggregate = only(aggregates, f"aggregate of zone {zone}")
    metadata = {key: value for key, value in aggregate["metadata"].items() if key != "availability_zone"}
    saw(f"{aggregate['name']}: {', '.join(sorted(aggregate['hosts']))}; {metadata or 'nothing else'}")
    same(requirement.want["hosts"], sorted(aggregate["hosts"]), "hosts")
    same({f"trait:{trait}": "required" for trait in requirement.want["traits"]}, metadata, "metadata")


def test_project(requirement: Requirement, seen: Sites, saw: Saw) -> None:
    cloud = seen(requirement.site)
    project = cloud.project(requirement.want["project"])
    assert project["enabled"], "the project is disabled"
    roles: dict[str, set[str]] = {}
    for assignment in cloud.assignments:
        if "user" in assignment and assignment["scope"].get("project", {}).get("id") == project["id"]:
            roles.setdefault(assignment["user"]["name"], set()).add(assignment["role"]["name"])
    saw("; ".join(f"{user}: {', '.join(sorted(held))}" for user, held in sorted(roles.items())) or "nobody")
    members = sorted(user for user, held in roles.items() if "member" in held)
    assert members, "nobody is a member of the project"
    powerful = [user for user in members if "admin" in roles[user]]
    assert not powerful, f"{', '.join(powerful)} is an administrator too"


def test_quota(requirement: Requirement, seen: Sites, saw: Saw) -> None:
    cloud = seen(requirement.site)
    cloud.project(requirement.subject)
    quota = {key: cloud.quotas[requirement.subject][key] for key in requirement.want}
    saw(", ".join(f"{key} {value}" for key, value in quota.items()))
    same(requirement.want, quota)


def test_network(requirement: Requirement, seen: Sites, saw: Saw) -> None:
    want, cloud = requirement.want, seen(requirement.site)
    project = cloud.project(want["project"])["id"]
    network = only(
        cloud.networks, f"network {want['name']} of {want['project']}", name=want["name"], project_id=project
    )
    subnets = [subnet for subnet in cloud.subnets if subnet["network_id"] == network["id"]]
    saw(f"{network['status']}, {', '.join(sorted(subnet['cidr'] for subnet in subnets))}")
    same(sorted([want["ipv4"], want["ipv6"]]), sorted(subnet["cidr"] for subnet in subnets), "subnets")
    same(sorted(want["gateways"]), sorted(subnet["gateway_ip"] for subnet in subnets), "gateways")
    six = only(subnets, "IPv6 subnet", ip_version=6)
    mode = "slaac" if want["served"] else None
    same([mode, mode], [six["ipv6_address_mode"], six["ipv6_ra_mode"]], "address and advertisement mode")
    same([want["served"]], list({subnet["enable_dhcp"] for subnet in subnets}), "DHCP")
    ports = [port for port in cloud.ports if port["network_id"] == network["id"]]
    routed = [each["ip_address"] for port in ports if _routes(port) for each in port["fixed_ips"]]
    same(sorted(want["gateways"]), sorted(routed), "addresses of the router in it")
    assert not network["shared"], "the network is shared with other projects"


def test_router(requirement: Requirement, seen: Sites, saw: Saw) -> None:
    want, cloud = requirement.want, seen(requirement.site)
    project = cloud.project(want["project"])["id"]
    router = only(cloud.routers, f"router of {want['project']}", project_id=project)
    outside: Mapping[str, object] = router["external_gateway_info"] or {}
    addresses = sorted(each["ip_address"] for each in outside.get("external_fixed_ips", []))  # type: ignore[attr-defined]
    saw(f"{router['status']}, outside {', '.join(addresses)}, translates: {outside.get('enable_snat')}")
    same(sorted([want["ipv4"], want["ipv6"]]), addresses, "addresses outside")
    assert outside.get("enable_snat") is False, "the router translates addresses"
    same("ACTIVE", router["status"], "status")


def totals(providers: Iterable[Provider]) -> dict[str, int]:
    """What the hosts lend in all, by placement's names. A class that a host does not report counts as nothing."""
    found = list(providers)
    return {name: sum(one.inventories.get(name, {}).get("total", 0) for one in found) for name in CLASSES}


def amounts(sums: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {total:,}" for name, total in sums.items())


def told(provider: Provider) -> str:
    ratios = sorted({one["allocation_ratio"] for one in provider.inventories.values()})
    return f"{amounts(totals([provider]))}; ratios {ratios}"


def _routes(port: Thing) -> bool:
    return str(port["device_owner"]).startswith("network:router_interface")


def _dial(line: http.client.HTTPSConnection) -> socket.socket:
    return socket.create_connection((line.host, line.port), timeout=TLS_SECONDS)
