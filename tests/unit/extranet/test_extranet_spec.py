"""The extranet that a lab is to have: every unit on it, on two carriers, and nothing twice."""

from __future__ import annotations

from collections import Counter
from functools import cache
from ipaddress import IPv4Network
from pathlib import Path

import networkx as nx
import pytest
import yaml

from citycloud.city.load import load_city
from citycloud.city.model import City, Unit
from citycloud.errors import BadInput
from citycloud.lab.extranet import network
from citycloud.lab.extranet.choice import SMALL, chosen
from citycloud.lab.extranet.spec import ExtranetSpec, Part, extranet_spec
from citycloud.lab.spec import LabSpec, lab_spec

ROOT = Path(__file__).parents[3]
SIZES = (2, SMALL, None)
"""Units: the fewest that can talk, ``make test``'s, all of them."""


@cache
def lab() -> LabSpec:
    return lab_spec(load_city(ROOT / "inventories" / "wuwei" / "city"))


@cache
def extranet(units: int | None) -> ExtranetSpec:
    return extranet_spec(lab(), units=units)


def graph(spec: ExtranetSpec) -> nx.Graph[str]:
    found: nx.Graph[str] = nx.Graph()
    found.add_edges_from((wire.ends[0].namespace, wire.ends[1].namespace) for wire in spec.wires)
    return found


def with_units(units: tuple[Unit, ...]) -> LabSpec:
    city: City = lab().city.model_copy(update={"units": units})
    return lab().model_copy(update={"city": city})


def test_all_351_units_have_a_router_and_a_host_and_large_regions_two_aggregation_routers() -> None:
    spec = extranet(None)
    assert [len(spec.of(part)) for part in (Part.CORE, Part.AGGREGATION, Part.ACCESS)] == [2, 7, 351]
    assert len(spec.hosts) == 351
    lines = Counter(len([p for p in agg.ports if p.name.startswith("unit")]) for agg in spec.of(Part.AGGREGATION))
    assert lines == Counter([36, 58, 57, 31, 45, 44, 80])


def test_the_backbone_is_the_one_that_the_address_plan_knows() -> None:
    schema = yaml.safe_load((ROOT / "ipv6" / "schema.yaml").read_text())
    ours = {router.name for part in (Part.CORE, Part.AGGREGATION) for router in extranet(None).of(part)}
    assert ours == {node["id"] for node in schema["backbone"]["nodes"]}


def test_every_region_is_among_the_small_extranets_units() -> None:
    regions = Counter(unit.region for unit in lab().city.units if unit.id in chosen(lab().city, SMALL))
    assert sum(regions.values()) == SMALL and set(regions) == {region.id for region in lab().city.regions}


@pytest.mark.parametrize("units", SIZES)
def test_no_address_no_device_and_no_name_is_there_twice(units: int | None) -> None:
    spec = extranet(units)
    addresses = [port.address.ip for router in spec.routers for port in router.ports]
    addresses += [router.loopback for router in spec.routers] + [host.address.ip for host in spec.hosts]
    addresses += [spec.portal, spec.resolver, spec.operations_line[0].ip]
    assert [one for one, times in Counter(addresses).items() if times > 1] == []
    assert all(address in spec.range for address in addresses)
    ends = Counter(end for wire in spec.wires for end in wire.ends)
    assert set(ends.values()) == {1} and all(len(end.device) <= 15 for end in ends)
    assert set(Counter(network.namespaces(spec)).values()) == {1}


@pytest.mark.parametrize("units", SIZES)
def test_both_ends_of_every_line_are_in_one_network_and_one_area(units: int | None) -> None:
    spec = extranet(units)
    ports = {(router.name, port.name): port for router in spec.routers for port in router.ports}
    for wire in spec.wires:
        known = [ports[end.namespace, end.device] for end in wire.ends if (end.namespace, end.device) in ports]
        assert len({port.address.network for port in known}) == 1
        assert len({port.area for port in known}) == 1
    hosts = {host.unit: host for host in spec.hosts}
    for router in spec.of(Part.ACCESS):
        gateway = ports[router.name, "lan0"].address
        host = hosts[router.name]
        assert (host.gateway, host.address.network, router.lan) == (gateway.ip, gateway.network, gateway.network)


@pytest.mark.parametrize("units", SIZES)
def test_whichever_carrier_fails_every_unit_still_reaches_a_portal(units: int | None) -> None:
    spec = extranet(units)
    cores = spec.of(Part.CORE)
    assert len({core.carrier for core in cores}) == 2
    for failed in cores:
        left = graph(spec)
        gone = [router.name for router in spec.routers if router.carrier == failed.carrier]
        left.remove_nodes_from(gone)
        portals = [router.name for router in spec.of(Part.PORTAL) if router.name not in gone]
        for host in spec.hosts:
            assert any(nx.has_path(left, host.name, portal) for portal in portals)


def test_a_unit_has_the_same_addresses_however_many_are_up() -> None:
    whole = {router.name: router for router in extranet(None).routers}
    for units in (2, SMALL):
        for router in extranet(units).of(Part.ACCESS):
            assert router == whole[router.name]


def test_a_units_area_is_that_of_its_aggregation_router_alone() -> None:
    spec = extranet(None)
    for agg in spec.of(Part.AGGREGATION):
        areas = {port.area for port in agg.ports}
        assert 0 in areas and len(areas) == 2
    owned = [next(port.area for port in agg.ports if port.area) for agg in spec.of(Part.AGGREGATION)]
    assert len(set(owned)) == len(owned)


def test_before_the_change_no_namespace_has_ipv6_and_nothing_gives_an_ipv6_address() -> None:
    spec = extranet(SMALL)
    off = {one.namespace for one in network.settings(spec) if network.NO_IPV6.items() <= one.values.items()}
    assert off == set(network.namespaces(spec))
    assert not [line for batch in network.batches(spec) for line in batch.lines if "::" in line]


def test_every_fault_is_said_at_once_and_a_range_of_the_lab_is_refused() -> None:
    with pytest.raises(BadInput) as refused:
        extranet_spec(lab(), units=0, within=IPv4Network("10.200.0.0/15"))
    assert [finding.kind for finding in refused.value.findings].count("overlap") >= 1
    assert len(refused.value.findings) >= 3


def test_a_unit_that_is_called_like_something_else_of_the_lab_is_refused() -> None:
    first = lab().city.units[0]
    named = tuple(first.model_copy(update={"id": id_}) for id_ in ("core-1", "bureau", "bureau-host", "east-ctl"))
    with pytest.raises(BadInput) as refused:
        extranet_spec(with_units(named))
    assert "bureau-host, core-1, east-ctl" in str(refused.value.findings[0])


def test_more_units_than_the_range_is_laid_out_for_are_refused() -> None:
    first = lab().city.units[0]
    with pytest.raises(BadInput):
        extranet_spec(with_units(tuple(first.model_copy(update={"id": f"u-{number}"}) for number in range(513))))
    assert extranet_spec(with_units(tuple(first.model_copy(update={"id": f"u-{number}"}) for number in range(512))))
