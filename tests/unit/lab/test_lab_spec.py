"""The lab's shape follows from the City alone."""

from __future__ import annotations

import ipaddress
from itertools import combinations
from pathlib import Path

import pytest

from citycloud.city.load import load_city
from citycloud.city.model import City
from citycloud.cloud.addresses import department_range, machine_mac, router_external
from citycloud.lab.spec import INFRASTRUCTURE, LabSpec, Role, host_mac, lab_spec

WUWEI = Path(__file__).parents[3] / "inventories" / "wuwei" / "city"


@pytest.fixture(scope="module")
def city() -> City:
    return load_city(WUWEI)


@pytest.fixture(scope="module")
def spec(city: City) -> LabSpec:
    return lab_spec(city)


def test_each_cloud_site_has_a_controller_and_its_declared_hypervisors(spec: LabSpec) -> None:
    names = [(host.name, host.role) for host in spec.hosts]
    assert names == [
        ("east-ctl", Role.CONTROLLER),
        ("east-lxc", Role.LXC),
        ("east-qemu", Role.QEMU),
        ("west-ctl", Role.CONTROLLER),
        ("west-lxc", Role.LXC),
        ("west-qemu", Role.QEMU),
    ]


def test_a_site_without_zones_has_no_part_in_the_lab(spec: LabSpec) -> None:
    assert [carrier.site for carrier in spec.carriers] == ["east", "west"]
    assert [set(link.carriers) for link in spec.links] == [{"telecom", "unicom"}]


def test_hosts_are_numbered_alike_in_both_families(spec: LabSpec) -> None:
    east = spec.host("east-ctl")
    assert str(east.addresses.ipv4) == "10.201.0.10"
    assert str(east.addresses.ipv6) == "2001:db8:1000::10"
    assert [host.addresses.ipv4.packed[3] for host in spec.site_hosts("west")] == [10, 11, 12]


def test_only_controllers_are_on_the_provider_network(spec: LabSpec) -> None:
    assert {host.name for host in spec.hosts if host.provider_mac} == {"east-ctl", "west-ctl"}


def test_every_mac_is_local_unicast_and_unlike_any_machines(spec: LabSpec) -> None:
    macs = [mac for host in spec.hosts for mac in (host.mac, host.provider_mac) if mac]
    assert len(set(macs)) == len(macs)
    assert all(int(mac[:2], 16) & 3 == 2 for mac in macs)
    machines = {machine_mac(host.addresses.ipv4) for host in spec.hosts}
    assert not machines & set(macs)
    assert host_mac(spec.hosts[0].addresses.ipv4, 0) != host_mac(spec.hosts[0].addresses.ipv4, 1)


def test_each_department_is_routed_through_its_own_router(city: City, spec: LabSpec) -> None:
    site = next(site for site in city.sites if site.id == "west")
    routes = {route.to: route.via for route in spec.carrier("west").routes}
    assert routes == {
        department_range(site, department): router_external(site, department) for department in city.departments
    }


def test_no_two_ranges_of_the_lab_overlap(spec: LabSpec) -> None:
    for one, other in combinations(spec.prefixes(), 2):
        assert not one.ipv4.overlaps(other.ipv4), f"{one} and {other}"
        assert not one.ipv6.overlaps(other.ipv6), f"{one} and {other}"


def test_lines_have_ranges_of_their_own_within_the_operators_network(city: City, spec: LabSpec) -> None:
    lines = [spec.host_line, *(carrier.uplink for carrier in spec.carriers), *(link.line for link in spec.links)]
    for one, other in combinations(lines, 2):
        assert not one.subnets.ipv4.overlaps(other.subnets.ipv4)
        assert not one.subnets.ipv6.overlaps(other.subnets.ipv6)
    for line in lines:
        assert line.subnets.ipv4.subnet_of(city.operations[0].ipv4)
        assert line.subnets.ipv6.subnet_of(city.operations[0].ipv6)
        assert line.first.ipv4 in line.subnets.ipv4 and line.second.ipv6 in line.subnets.ipv6


def test_a_city_without_operators_network_gets_the_labs_own(city: City) -> None:
    assert lab_spec(city.model_copy(update={"operations": ()})).infrastructure == INFRASTRUCTURE


def test_the_spec_goes_through_json_unchanged(spec: LabSpec) -> None:
    assert LabSpec.model_validate_json(spec.model_dump_json()) == spec


def test_a_change_that_moves_no_host_keeps_the_labs_shape(city: City, spec: LabSpec) -> None:
    assert lab_spec(city.model_copy(update={"flows": ()})).shape() == spec.shape()
    moved = city.model_copy(update={"links": (city.links[0].model_copy(update={"megabits": 7}), *city.links[1:])})
    assert lab_spec(moved).shape() != spec.shape()


def test_a_site_with_zones_but_no_ranges_is_refused(city: City) -> None:
    broken = city.sites[0].model_copy(update={"external": None})
    with pytest.raises(ValueError, match="east has zones"):
        lab_spec(city.model_copy(update={"sites": (broken, *city.sites[1:])}))


def test_wuweis_lab_keeps_off_documentation_ipv4_that_hosts_are_known_to_use(spec: LabSpec) -> None:
    taken = [ipaddress.ip_network(text) for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]
    for subnets in spec.prefixes():
        assert not any(subnets.ipv4.overlaps(other) for other in taken if other.version == 4)
