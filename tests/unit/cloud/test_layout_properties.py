"""What holds for the layout of any City."""

from __future__ import annotations

from collections import Counter
from ipaddress import IPv4Address, IPv4Network, ip_address, ip_network
from itertools import product

from hypothesis import HealthCheck, given, settings
from layout_cities import cities

from citycloud.city.model import City, Flow, Protocol
from citycloud.cloud.halves import Half, halves
from citycloud.cloud.layout import DepartmentLayout, SiteLayout, department_layout, site_layout, stack_named, stacks
from citycloud.cloud.layout.openings import flow_name
from citycloud.cloud.layout.values import Group, Rule, Server

quickly = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
Layouts = tuple[dict[str, SiteLayout], dict[tuple[str, str], DepartmentLayout]]


def _layouts(city: City) -> Layouts:
    sites = {stack.site: site_layout(city, stack.site) for stack in stacks(city) if not stack.department}
    departments = {
        (stack.site, stack.department): department_layout(city, stack.site, stack.department)
        for stack in stacks(city)
        if stack.department
    }
    return sites, departments


def _servers(layouts: Layouts) -> dict[tuple[str, str], tuple[Server, list[Rule]]]:
    """Every server with all rules of its groups, by site and machine."""
    sites, departments = layouts
    found = {}
    for (site, _), layout in departments.items():
        own = {group.name: group.rules for group in layout.groups}
        shared = {group.name: group.rules for group in sites[site].groups}
        for server in layout.servers:
            rules = [rule for name in server.groups for rule in own[name]]
            rules += [rule for name in server.shared_groups for rule in shared[name]]
            found[site, server.machine] = server, rules
    return found


def _all_groups(layouts: Layouts) -> list[tuple[Group, ...]]:
    sites, departments = layouts
    return [layout.groups for layout in sites.values()] + [layout.groups for layout in departments.values()]


def _all_rules(layouts: Layouts) -> list[tuple[Rule, ...]]:
    return [group.rules for groups in _all_groups(layouts) for group in groups]


@quickly
@given(cities())
def test_a_connection_passes_exactly_where_a_flow_declares_it_over_both_families(city: City) -> None:
    servers = _servers(_layouts(city))
    probes: list[tuple[Protocol, int | None]] = [("tcp", 443), ("udp", 22), ("icmp", None)]
    for source, target in product(halves(city), repeat=2):
        for protocol, port in probes:
            declared = any(_declares(flow, source, target, protocol, port) for flow in city.flows)
            there, here = servers[target.where], servers[source.where]
            for family in (4, 6):
                passes = _opens(here[1], "egress", protocol, port, there[0], family) and _opens(
                    there[1], "ingress", protocol, port, here[0], family
                )
                assert passes == declared, (source.where, target.where, protocol, port, family)


def _declares(flow: Flow, source: Half, target: Half, protocol: Protocol, port: int | None) -> bool:
    """The oracle, straight from the noun's words. Neither ``any`` nor ``operations`` is a machine of ours."""
    if (flow.protocol, flow.port) != (protocol, port):
        return False
    if target.segment.own_department_only and source.department.id != target.department.id:
        return False
    return flow.source in _names(source) and flow.target in _names(target)


def _names(half: Half) -> tuple[str, str, str]:
    return half.machine.id, half.system.id, half.segment.id


def _opens(rules: list[Rule], direction: str, protocol: str, port: int | None, peer: Server, family: int) -> bool:
    address = ip_address(peer.ipv4 if family == 4 else peer.ipv6)
    wanted = "ipv6-icmp" if (protocol, family) == ("icmp", 6) else protocol
    return any(
        (rule.direction, rule.family, rule.protocol, rule.port) == (direction, f"IPv{family}", wanted, port)
        and address in ip_network(rule.remote)
        for rule in rules
    )


@quickly
@given(cities())
def test_every_rule_traces_to_a_declared_flow_or_to_the_platform(city: City) -> None:
    declared = {flow_name(flow) for flow in city.flows} | {"platform: metadata", "platform: names"}
    for rules in _all_rules(_layouts(city)):
        for rule in rules:
            assert rule.flows and set(rule.flows) <= declared


@quickly
@given(cities())
def test_both_families_are_opened_alike(city: City) -> None:
    for rules in _all_rules(_layouts(city)):
        alike = Counter(
            (r.direction, r.protocol.replace("ipv6-icmp", "icmp"), r.port, r.flows, r.family) for r in rules
        )
        for (*what, family), count in alike.items():
            other = "IPv4" if family == "IPv6" else "IPv6"
            assert alike[(*what, other)] == count  # type: ignore[index]


@quickly
@given(cities())
def test_names_that_have_to_be_unique_are(city: City) -> None:
    sites, departments = _layouts(city)
    for rules in _all_rules((sites, departments)):
        assert len({rule.key for rule in rules}) == len(rules)
    for groups in _all_groups((sites, departments)):
        assert len({group.name for group in groups}) == len(groups)
    for site in sites.values():
        assert len({flavor.name for flavor in site.flavors}) == len(site.flavors)
    macs = [server.mac for layout in departments.values() for server in layout.servers]
    assert len(set(macs)) == len(macs)


@quickly
@given(cities())
def test_whatever_a_server_names_is_there_and_its_addresses_are_in_its_network(city: City) -> None:
    sites, departments = _layouts(city)
    for (site, department), layout in departments.items():
        shared = sites[site]
        tenant = next(tenant for tenant in shared.tenants if tenant.department == department)
        networks = {network.name: network for network in tenant.networks}
        for server in layout.servers:
            assert server.flavor in {flavor.name for flavor in shared.flavors}
            assert server.image in {image.name for image in shared.images}
            assert set(server.groups) <= {group.name for group in layout.groups}
            assert {"platform"} <= set(server.shared_groups) <= {group.name for group in shared.groups}
            assert IPv4Address(server.ipv4) in IPv4Network(networks[server.network].subnets.ipv4)
            assert ip_address(server.ipv6) in networks[server.network].subnets.ipv6
            assert server.server_group in {None, *(group.name for group in layout.server_groups)}


@quickly
@given(cities())
def test_every_half_of_every_machine_stands_in_exactly_one_stack(city: City) -> None:
    _, departments = _layouts(city)
    placed = [(site, server.machine) for (site, _), layout in departments.items() for server in layout.servers]
    assert sorted(placed) == sorted(half.where for half in halves(city))


@quickly
@given(cities())
def test_a_zone_set_apart_is_asked_for_by_its_machines_and_by_no_others(city: City) -> None:
    sites, departments = _layouts(city)
    for (site, _), layout in departments.items():
        flavors = {flavor.name: flavor for flavor in sites[site].flavors}
        for server in layout.servers:
            traits = flavors[server.flavor].traits
            assert ("CUSTOM_APART" in traits) == (server.zone == "apart")
            assert f"CUSTOM_GUESTS_{server.guests.name}" in traits


@quickly
@given(cities())
def test_machines_that_stand_in_for_each_other_stand_strictly_apart_where_there_are_hosts_enough(city: City) -> None:
    _, departments = _layouts(city)
    for layout in departments.values():
        policies = {group.name: group.policy for group in layout.server_groups}
        members = Counter(server.server_group for server in layout.servers if server.server_group)
        for server in (one for one in layout.servers if one.server_group):
            name = server.server_group or ""
            hosts = 2 if (server.zone, str(server.guests)) == ("plain", "none") else 1
            assert members[name] >= 2
            assert (policies[name] == "anti-affinity") == (hosts >= members[name])


@quickly
@given(cities())
def test_a_stacks_name_leads_back_to_it(city: City) -> None:
    for stack in stacks(city):
        assert stack_named(city, stack.name) == stack
