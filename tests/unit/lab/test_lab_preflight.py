"""What forbids a lab is said all at once, and nothing that is harmless is complained about."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from citycloud.lab.preflight import BARE, Facts, declared_ranges, judge, networks_in_use

ROOT = Path(__file__).parents[3]
RANGES = [ip_network("10.201.0.0/24"), ip_network("2001:db8:1000::/64")]
GOOD = Facts(
    uid=0,
    system="debian 12",
    architecture="x86_64",
    memory=23.5,
    available=20.0,
    disk=60.0,
    disk_at="/root/.cache",
    used=((ip_network("192.0.2.0/24"), "an address of eth0"), (ip_network("ff00::/8"), "a route by eth0")),
)


def test_nothing_is_said_of_a_machine_that_will_do() -> None:
    assert judge(GOOD, RANGES) == []


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"uid": 1000}, "not-root"),
        ({"system": "ubuntu 24.04"}, "wrong-system"),
        ({"architecture": "aarch64"}, "wrong-architecture"),
        ({"memory": 7.8}, "too-little-memory"),
        ({"available": 3.0}, "too-little-memory"),
        ({"disk": 5.0}, "too-little-disk"),
        ({"ipv6": False}, "no-ipv6"),
        ({"missing": ("debootstrap",)}, "missing-commands"),
        ({"used": ((ip_network("10.0.0.0/8"), "a route by tun0"),)}, "range-in-use"),
        ({"used": ((ip_network("2001:db8:1000::7/128"), "a neighbour on eth0"),)}, "range-in-use"),
    ],
)
def test_each_reason_is_found_alone_and_says_what_to_do(change: dict[str, object], kind: str) -> None:
    findings = judge(replace(GOOD, **change), RANGES)  # type: ignore[arg-type]
    assert [finding.kind for finding in findings] == [kind]
    assert findings[0].suggestion


def test_all_reasons_are_said_at_once() -> None:
    bad = replace(
        GOOD, uid=1, system="fedora 40", memory=4.0, disk=1.0, missing=("ssh", "ip"), used=((RANGES[0], "x"),)
    )
    kinds = [finding.kind for finding in judge(bad, RANGES)]
    assert sorted(kinds) == [
        "missing-commands",
        "not-root",
        "range-in-use",
        "too-little-disk",
        "too-little-memory",
        "wrong-system",
    ]


def test_hosts_without_openstack_need_less() -> None:
    small = replace(GOOD, memory=4.0, available=2.0, disk=4.0)
    assert judge(small, RANGES, BARE) == []
    assert {finding.kind for finding in judge(small, RANGES)} == {"too-little-memory", "too-little-disk"}


def test_missing_commands_are_told_with_the_packages_that_bring_them() -> None:
    findings = judge(replace(GOOD, missing=("systemd-nspawn", "tc")), RANGES)
    assert "apt-get install iproute2 systemd-container" in findings[0].suggestion


def test_addresses_routes_and_neighbours_occupy_ranges_but_defaults_and_the_labs_device_do_not() -> None:
    addresses: list[dict[str, object]] = [
        {"ifname": "eth0", "addr_info": [{"local": "10.201.0.7", "prefixlen": 24}]},
        {"ifname": "cclab0", "addr_info": [{"local": "10.200.0.1", "prefixlen": 30}]},
    ]
    routes: list[dict[str, object]] = [
        {"dst": "default", "dev": "eth0"},
        {"dst": "10.211.0.0/16", "dev": "tun0"},
        {"dst": "10.202.0.0/24", "dev": "cclab0"},
    ]
    neighbours: list[dict[str, object]] = [{"dst": "2001:db8:1000::7", "dev": "eth0"}]
    assert networks_in_use(addresses, routes, neighbours, "cclab0") == [
        (ip_network("10.201.0.0/24"), "an address of eth0"),
        (ip_network("10.211.0.0/16"), "a route by tun0"),
        (ip_network("2001:db8:1000::7/128"), "a neighbour on eth0"),
    ]


def test_the_ranges_of_the_declaration_are_found_without_a_yaml_reader() -> None:
    ranges = [str(network) for network in declared_ranges(ROOT / "inventories" / "wuwei" / "city")]
    for wanted in ("10.201.0.0/24", "10.212.0.0/16", "2001:db8:1100::/48", "3fff:200:100::/48", "10.200.0.0/24"):
        assert wanted in ranges


def test_the_preflight_needs_nothing_but_the_standard_library() -> None:
    program = "import sys; sys.path[:0] = ['src']; import citycloud.lab.preflight as p; print(p.judge is not None)"
    argv = [sys.executable, "-I", "-S", "-c", program]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)
    assert done.stdout == "True\n", done.stderr
