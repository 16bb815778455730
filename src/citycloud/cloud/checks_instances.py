"""Checks from inside of real instances, with testinfra over SSH. Each proves the requirements of one Kind."""

from __future__ import annotations

import json
import time
from typing import Any

from citycloud.cloud.requirements import Requirement
from citycloud.cloud.verify_evidence import Saw, same
from citycloud.cloud.verify_instances import Instances

MEMORY_SLACK = 0.15
"""Share of a machine's memory that its kernel may keep for itself: an emulated one with 1 GiB shows about 0.95 GiB."""
GIB = 1024**3


def test_ssh(requirement: Requirement, instances: Instances, saw: Saw) -> None:
    want = requirement.want
    host = instances.host(requirement.site, want["machine"], want["family"])
    client, _, server, port = host.check_output("echo $SSH_CONNECTION").split()
    address = instances.address(requirement.site, want["machine"], want["family"])
    saw(f"{want['name']} is [{address}]:{port}, called from {client}; key {instances.fingerprint(want['name'])}")
    same(address, server, "address of the session")
    same(want["family"] == "ipv6", ":" in client, "family of the session")


def test_hostname(requirement: Requirement, instances: Instances, saw: Saw) -> None:
    host = instances.host(requirement.site, requirement.subject)
    name = host.check_output("hostname")
    saw(name)
    same(requirement.want["hostname"], name, "hostname")
    same(requirement.want["hostname"], host.file("/etc/hostname").content_string.strip(), "/etc/hostname")


def test_inside_addresses(requirement: Requirement, instances: Instances, saw: Saw) -> None:
    host, want = instances.host(requirement.site, requirement.subject), requirement.want
    links = json.loads(host.check_output("ip -j address show scope global"))
    found = sorted(
        each["local"] for link in links for each in link.get("addr_info", []) if each.get("scope") == "global"
    )
    saw(", ".join(found))
    same(sorted([want["ipv4"], want["ipv6"]]), found, "addresses")
    for family in ("-4", "-6"):
        routes = json.loads(host.check_output(f"ip -j {family} route show default"))
        saw(f"default by {', '.join(str(_hop(route)) for route in routes)}")
        assert routes, f"no default route (ip {family})"


def test_inside_size(requirement: Requirement, instances: Instances, saw: Saw) -> None:
    host, want = instances.host(requirement.site, requirement.subject), requirement.want
    memory = int(host.check_output("awk '/^MemTotal:/ {print $2}' /proc/meminfo")) * 1024
    saw(f"{memory / GIB:.2f} GiB of memory")
    low, high = (1 - MEMORY_SLACK) * want["memory_gib"], want["memory_gib"]
    assert low * GIB <= memory <= high * GIB, f"memory is {memory / GIB:.2f} GiB, not {low:.2f} to {high} GiB"
    if want["data_disk_gib"]:
        disks = json.loads(host.check_output("lsblk --json --bytes --nodeps --output NAME,SIZE"))["blockdevices"]
        sizes = {disk["name"]: int(disk["size"]) for disk in disks}
        saw(", ".join(f"{name} {size / GIB:g} GiB" for name, size in sizes.items()))
        assert want["data_disk_gib"] * GIB in sizes.values(), f"no disk of {want['data_disk_gib']} GiB"


def test_inside_vcpu(requirement: Requirement, instances: Instances, saw: Saw) -> None:
    processors = int(instances.host(requirement.site, requirement.subject).check_output("nproc"))
    saw(f"{processors} vCPU")
    same(requirement.want["vcpu"], processors, "vCPU")


def test_clock(requirement: Requirement, instances: Instances, saw: Saw) -> None:
    host = instances.host(requirement.site, requirement.subject)
    host.check_output("true")
    before = time.time()
    there = float(host.check_output("date +%s.%N"))
    after = time.time()
    away = max(before - there, there - after, 0.0)
    saw(f"{away:.3f} s away, read within {after - before:.3f} s")
    assert away <= requirement.want["seconds"], f"the clock is {away:.1f} s away"


def test_login(requirement: Requirement, instances: Instances, saw: Saw) -> None:
    host = instances.host(requirement.site, requirement.subject)
    offered = instances.offered(requirement.site, requirement.subject)
    usable = host.check_output("awk -F: '$2 !~ /^[!*]/ {print $1}' /etc/shadow").split()
    saw(f"the server offers: {', '.join(offered)}; accounts with a password: {', '.join(usable) or 'none'}")
    same(["publickey"], offered, "ways to log in that the server offers")
    same([], usable, "accounts with a password")


def test_listening(requirement: Requirement, instances: Instances, saw: Saw) -> None:
    host = instances.host(requirement.site, requirement.subject)
    lines = [line.split() for line in host.check_output("ss -H -l -t -n").splitlines()]
    ends = [line[3].rpartition(":") for line in lines]
    outside = sorted({int(port) for address, _, port in ends if not _loopback(address)})
    saw(f"TCP {', '.join(map(str, outside)) or 'none'}")
    assert 22 in outside, "nothing listens on port 22"
    extra = sorted(set(outside) - set(requirement.want["ports"]))
    assert not extra, f"listening on undeclared TCP ports: {', '.join(map(str, extra))}"


def _loopback(address: str) -> bool:
    return address.startswith(("127.", "[::1]", "::1")) or address.endswith("%lo")


def _hop(route: dict[str, Any]) -> object:
    return route.get("gateway") or route.get("via", {}).get("host") or route.get("dev")
