"""Addresses: pure arithmetic whose results never collide, for any declaration that fits the ranges."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Address, IPv6Network
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citycloud.city.model import Department, Guests, Machine, Segment, Site, Subnets
from citycloud.cloud.addresses import (
    department_range,
    eui64,
    gateway,
    machine_addresses,
    machine_mac,
    router_external,
    segment_subnets,
)

TENANT = Subnets(ipv4=IPv4Network("10.211.0.0/16"), ipv6=IPv6Network("2001:db8:1100::/48"))
SITE = Site(
    id="east",
    name="East",
    carrier="one",
    external=Subnets(ipv4=IPv4Network("10.201.8.0/24"), ipv6=IPv6Network("2001:db8:1001::/64")),
    tenant=TENANT,
)
DEPARTMENTS = st.integers(0, 62).map(
    lambda number: Department(id=f"d{number}", name="", number=number, owner="me", people=(), quotas=())
)
SEGMENTS = st.integers(0, 3).map(lambda number: Segment(id=f"s{number}", name="", number=number, may_reach=()))
MACHINES = st.integers(10, 249).map(
    lambda number: Machine(
        id=f"m{number}",
        system="system",
        role="web",
        number=number,
        segment="s0",
        guests=Guests.NONE,
        vcpu=1,
        memory_gib=1,
        system_disk_gib=1,
        data_disk_gib=0,
    )
)
SPOTS = st.tuples(DEPARTMENTS, SEGMENTS, MACHINES)


@given(st.lists(DEPARTMENTS, unique_by=lambda one: one.number, max_size=8))
def test_departments_ranges_never_overlap_and_stay_in_the_sites(departments: list[Department]) -> None:
    ranges = [department_range(SITE, one) for one in departments]
    for one in ranges:
        assert one.ipv4.subnet_of(TENANT.ipv4) and one.ipv6.subnet_of(TENANT.ipv6)
    for one, other in combinations(ranges, 2):
        assert not one.ipv4.overlaps(other.ipv4) and not one.ipv6.overlaps(other.ipv6)


@given(DEPARTMENTS)
def test_segments_networks_never_overlap_and_stay_in_the_departments(department: Department) -> None:
    share = department_range(SITE, department)
    networks = [
        segment_subnets(SITE, department, Segment(id=f"s{number}", name="", number=number, may_reach=()))
        for number in range(4)
    ]
    for one in networks:
        assert one.ipv4.subnet_of(share.ipv4) and one.ipv6.subnet_of(share.ipv6)
        assert (one.ipv4.prefixlen, one.ipv6.prefixlen) == (24, 64)
    for one, other in combinations(networks, 2):
        assert not one.ipv4.overlaps(other.ipv4) and not one.ipv6.overlaps(other.ipv6)


@given(SPOTS)
def test_a_machine_is_in_its_network_and_is_not_its_gateway(spot: tuple[Department, Segment, Machine]) -> None:
    department, segment, machine = spot
    network = segment_subnets(SITE, department, segment)
    found = machine_addresses(SITE, department, segment, machine)
    assert found.ipv4 in network.ipv4 and found.ipv6 in network.ipv6
    assert found.ipv4 not in (network.ipv4.network_address, network.ipv4.broadcast_address)
    assert found.ipv4 != gateway(network).ipv4 and found.ipv6 != gateway(network).ipv6


@given(st.lists(SPOTS, unique_by=lambda spot: tuple(one.number for one in spot), max_size=20))
def test_no_two_machines_share_an_address_or_a_mac(spots: list[tuple[Department, Segment, Machine]]) -> None:
    found = [machine_addresses(SITE, *spot) for spot in spots]
    assert len({one.ipv4 for one in found}) == len(spots)
    assert len({one.ipv6 for one in found}) == len(spots)
    assert len({machine_mac(one.ipv4) for one in found}) == len(spots)


@given(DEPARTMENTS, DEPARTMENTS)
def test_routers_on_the_provider_network_are_apart_and_not_the_gateway(one: Department, other: Department) -> None:
    external = SITE.external
    assert external is not None
    found = router_external(SITE, one)
    assert found.ipv4 in external.ipv4 and found.ipv6 in external.ipv6
    assert found.ipv4 != gateway(external).ipv4
    assert (found == router_external(SITE, other)) == (one.number == other.number)


def test_eui_64_is_as_in_the_standards_example() -> None:
    """RFC 4291, appendix A: MAC 34-56-78-9A-BC-DE becomes the identifier 3656:78FF:FE9A:BCDE."""
    found = eui64(IPv6Network("2001:db8::/64"), "34:56:78:9a:bc:de")
    assert found == IPv6Address("2001:db8::3656:78ff:fe9a:bcde")


@given(SPOTS)
def test_a_machines_mac_is_unicast_and_locally_administered(spot: tuple[Department, Segment, Machine]) -> None:
    first = int(machine_mac(machine_addresses(SITE, *spot).ipv4).split(":")[0], 16)
    assert first & 0b11 == 0b10


def test_a_site_without_a_cloud_has_no_addresses() -> None:
    witness = Site(id="province", name="Province", carrier="one")
    department = Department(id="water", name="", number=1, owner="me", people=(), quotas=())
    with pytest.raises(ValueError, match="province holds no cloud"):
        department_range(witness, department)
    with pytest.raises(ValueError, match="province holds no cloud"):
        router_external(witness, department)
