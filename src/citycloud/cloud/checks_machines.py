"""Checks of machines through the APIs and the name servers. Each proves the requirements of one Kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network

from citycloud.cloud.requirements import Requirement
from citycloud.cloud.requirements_flows import collapsed, key
from citycloud.cloud.verify_evidence import Saw, Sites, same
from citycloud.cloud.verify_names import Names
from citycloud.cloud.verify_seen import Seen, Thing

Network = IPv4Network | IPv6Network


def test_dns(requirement: Requirement, names: Names, saw: Saw) -> None:
    want, name = requirement.want, requirement.subject
    answers = {kind: names.ask(requirement.site, name, kind) for kind in ("A", "AAAA")}
    saw(", ".join(answers["A"] + answers["AAAA"]) or "no such name")
    for kind in ("A", "AAAA"):
        same(want[kind], answers[kind], kind)
    for address in want["PTR"]:
        same([name], names.ask_back(requirement.site, address), f"reverse name of {address}")


def test_server(requirement: Requirement, seen: Sites, saw: Saw) -> None:
    want, cloud = requirement.want, seen(requirement.site)
    server = cloud.server(requirement.subject)
    flavor, host = server["flavor"], server["OS-EXT-SRV-ATTR:host"]
    saw(f"{server['status']} on {host}, {flavor['vcpus']} vCPU, {flavor['ram']} MiB, {flavor['disk']} GiB")
    same("ACTIVE", server["status"], "status")
    same(
        {size: want[size] for size in ("vcpus", "ram", "disk")},
        {size: flavor[size] for size in ("vcpus", "ram", "disk")},
    )
    assert host in want["hosts"], f"it is on {host}, not on one of {', '.join(want['hosts'])}"
    same(want["zone"], server["OS-EXT-AZ:availability_zone"], "zone")
    same(cloud.project(want["project"])["id"], server["tenant_id"], "project")


def test_port(requirement: Requirement, seen: Sites, saw: Saw) -> None:
    want, cloud = requirement.want, seen(requirement.site)
    ports = cloud.ports_of(cloud.server(requirement.subject))
    found = sorted(each["ip_address"] for port in ports for each in port["fixed_ips"])
    saw(f"{len(ports)} port, {', '.join(found)}, {', '.join(port['mac_address'] for port in ports)}")
    same(sorted([want["ipv4"], want["ipv6"]]), found, "addresses")
    same([want["mac"]], [port["mac_address"] for port in ports], "MAC")
    networks = {network["id"]: network["name"] for network in cloud.networks}
    same([want["network"]], [networks.get(port["network_id"]) for port in ports], "network")


def test_security(requirement: Requirement, seen: Sites, saw: Saw) -> None:
    cloud = seen(requirement.site)
    ports = cloud.ports_of(cloud.server(requirement.subject))
    opened = effective(cloud, ports)
    saw(f"{len(opened)} openings: {', '.join(sorted({name.split(' ', 2)[2] for name in opened}))}")
    for port in ports:
        assert port["port_security_enabled"], "port security is off: everything is open"
        assert not port.get("allowed_address_pairs"), "the port may use other addresses than its own"
    same(requirement.want["openings"], opened)


def test_volume(requirement: Requirement, seen: Sites, saw: Saw) -> None:
    cloud = seen(requirement.site)
    server = cloud.server(requirement.subject)
    volumes = [one for one in cloud.volumes if any(each["server_id"] == server["id"] for each in one["attachments"])]
    saw(", ".join(f"{one['name']}: {one['size']} GiB, {one['status']}" for one in volumes) or "none attached")
    same([requirement.want["size"]], [one["size"] for one in volumes], "sizes of attached volumes, GiB")
    same(["in-use"], [one["status"] for one in volumes], "status")
    known = [one["id"] for one in server["os-extended-volumes:volumes_attached"]]
    same([one["id"] for one in volumes], known, "volumes that the server knows of")


def test_apart(requirement: Requirement, seen: Sites, saw: Saw) -> None:
    cloud = seen(requirement.site)
    hosts = {name: cloud.server(name)["OS-EXT-SRV-ATTR:host"] for name in requirement.want["machines"]}
    saw(", ".join(f"{name} on {host}" for name, host in hosts.items()))
    same(requirement.want["hosts"], len(set(hosts.values())), "number of hosts")


def test_standby(requirement: Requirement, seen: Sites, saw: Saw) -> None:
    want = requirement.want
    for site in want["sites"]:
        standing = {server["name"]: server["status"] for server in seen(site).servers}
        here = {name: standing.get(name, "missing") for name in want["machines"]}
        saw(f"{site}: " + ", ".join(f"{name} {status}" for name, status in here.items()))
        same(dict.fromkeys(want["machines"], "ACTIVE"), here, site)


def effective(cloud: Seen, ports: Iterable[Thing]) -> dict[str, list[str]]:
    """What the security groups of these ports open in all, as requirements say it (requirements_flows.openings)."""
    groups = {group["id"]: group for group in cloud.groups}
    found: dict[str, list[Network]] = defaultdict(list)
    for port in ports:
        for group in port["security_groups"]:
            for rule in groups[group]["security_group_rules"]:
                found[_key(rule)].extend(_remotes(cloud, rule))
    return {name: list(collapsed(prefixes)) for name, prefixes in sorted(found.items())}


def _key(rule: Thing) -> str:
    """Port ranges and whole protocols have names that no declared flow bears."""
    protocol = str(rule["protocol"] or "anything")
    protocol = "icmp" if protocol in ("icmp", "icmpv6", "ipv6-icmp", "1", "58") else protocol
    low, high = rule["port_range_min"], rule["port_range_max"]
    name = key(rule["direction"], rule["ethertype"], protocol, low)
    return name if low == high else f"{name}-{high}"


def _remotes(cloud: Seen, rule: Thing) -> list[Network]:
    four = rule["ethertype"] == "IPv4"
    if rule["remote_group_id"]:
        members = [port for port in cloud.ports if rule["remote_group_id"] in port["security_groups"]]
        addresses = [ip_network(each["ip_address"]) for port in members for each in port["fixed_ips"]]
        return [address for address in addresses if isinstance(address, IPv4Network) == four]
    return [ip_network(rule["remote_ip_prefix"] or ("0.0.0.0/0" if four else "::/0"))]
