"""The network's lines: what is made is connected, addressed in both families, and routed both ways."""

from __future__ import annotations

import re
from ipaddress import ip_interface, ip_network
from pathlib import Path

import pytest

from citycloud.city.load import load_city
from citycloud.lab import network
from citycloud.lab.boot import boot_plan
from citycloud.lab.handle import HOME, Files
from citycloud.lab.spec import LabSpec, Role, lab_spec

WUWEI = Path(__file__).parents[3] / "inventories" / "wuwei" / "city"


@pytest.fixture(scope="module")
def spec() -> LabSpec:
    return lab_spec(load_city(WUWEI))


def lines(spec: LabSpec, namespace: str) -> list[str]:
    return [line for batch in network.batches(spec) if batch.namespace == namespace for line in batch.lines]


def test_every_device_name_fits_the_kernel_and_is_used_once_in_its_namespace(spec: LabSpec) -> None:
    made: list[tuple[str, str]] = []
    for batch in network.batches(spec):
        for line in batch.lines:
            if not line.startswith("link add name"):
                continue
            own, peer = line.split(" type veth peer ")
            for end in (own.removeprefix("link add "), peer):
                name = re.findall(r"name (\S+)", end)[0]
                where = re.findall(r"netns (\S+)", end)
                made.append((where[0] if where else "", name))
    assert len(made) == len(set(made)) and made
    assert all(len(name) <= 15 for _, name in made)


@pytest.mark.parametrize("name", ["east-ctl", "west-qemu"])
def test_a_host_has_both_addresses_and_both_default_routes(spec: LabSpec, name: str) -> None:
    host, own = spec.host(name), lines(spec, name)
    carrier = spec.carrier(host.site)
    assert f"addr add {host.addresses.ipv4}/24 dev eth0" in own
    assert f"addr add {host.addresses.ipv6}/64 dev eth0 nodad" in own
    assert f"route add default via {carrier.gateway.ipv4}" in own
    assert f"route add default via {carrier.gateway.ipv6}" in own
    assert ("link set eth1 master br-ex up" in own) == (host.role is Role.CONTROLLER)


def test_every_route_of_a_carrier_has_its_next_hop_on_a_line_of_that_carrier(spec: LabSpec) -> None:
    for carrier in spec.carriers:
        own = lines(spec, carrier.name)
        connected = [ip_interface(line.split()[2]).network for line in own if line.startswith("addr add")]
        hops = [line.split()[-1] for line in own if line.startswith("route add")]
        assert len(hops) == 2 + 2 * len(carrier.routes) + 6  # default, departments, the other carrier's three ranges
        for hop in hops:
            address = ip_interface(hop).ip
            assert any(address.version == net.version and address in net for net in connected), hop


def test_this_machine_gets_one_device_and_a_route_to_every_range(spec: LabSpec) -> None:
    side = network.host_side(spec, "cclab0")
    assert side[0] == "link add name cclab0 type veth peer name host0 netns 1"
    routed = {ip_network(line.split()[2]) for line in side if line.startswith("route")}
    assert routed == {net for subnets in spec.prefixes() for net in (subnets.ipv4, subnets.ipv6)}
    assert not any("default" in line for line in side)


def test_links_are_limited_at_both_ends_to_the_declared_rate(spec: LabSpec) -> None:
    assert [(end, re.findall(r"rate (\w+)", line)) for end, line in network.limits(spec)] == [
        ("telecom", ["1000mbit"]),
        ("unicom", ["1000mbit"]),
    ]


def test_the_boot_plan_gives_each_host_cgroups_root_and_namespace_of_its_own(spec: LabSpec) -> None:
    files = Files(Path("/x/lab"))
    plan = boot_plan(
        spec,
        files,
        [Path("/lower")],
        hierarchies=[Path("/cg/memory"), Path("/cg/pids")],
        extra={Role.LXC: ("--bind=/dev/fuse",)},
    )
    hosts = {host["name"]: host for host in plan["hosts"]}
    assert len({host["root"] for host in hosts.values()}) == len({str(host["cgroups"]) for host in hosts.values()}) == 6
    for name, host in hosts.items():
        assert host["argv"][:2] == ["nsenter", f"--net=/run/netns/{name}"]
        assert not any(argument.startswith("--network") for argument in host["argv"])
        assert ("--bind=/dev/fuse" in host["argv"]) == name.endswith("lxc")
        assert host["env"]["SYSTEMD_NSPAWN_UNIFIED_HIERARCHY"] == ("0" if name.endswith("lxc") else "1")


def test_a_lab_elsewhere_has_another_device_and_other_cgroups_than_the_real_one() -> None:
    real, other = Files(HOME), Files(Path("/tmp/other/lab"))
    assert real.device == "cclab0" and real.cgroup == "citycloud-lab"
    assert other.device != real.device and other.cgroup != real.cgroup
    assert len(other.device) <= 15
