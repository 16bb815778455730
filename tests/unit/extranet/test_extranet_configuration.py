"""What the extranet's routers are configured with before IPv6."""

from __future__ import annotations

import re
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from test_extranet_spec import extranet

from citycloud.lab.extranet.choice import SMALL
from citycloud.lab.extranet.filters import ruleset
from citycloud.lab.extranet.frr import DEAD, HELLO, configuration, daemons
from citycloud.lab.extranet.spec import Part

HERE = Path(__file__).parent
GOLDEN = ("core-1", "portal-east", "agg-minqin-1", "municipal-001")


def shown(name: str) -> str:
    spec = extranet(SMALL)
    router = spec.router(name)
    return configuration(spec, router) + (f"\n{ruleset(spec, router)}" if router.lan else "")


@pytest.mark.parametrize("name", GOLDEN)
def test_a_routers_configuration_is_the_one_on_record(name: str) -> None:
    assert shown(name) == (HERE / "golden" / f"{name}.conf").read_text()


def test_no_router_speaks_ipv6() -> None:
    spec = extranet(None)
    for router in spec.routers:
        text = shown_of(router.name)
        assert "ipv6" not in text and "ospf6" not in text and "::" not in text
        assert not {"ospf6d", "ripngd"} & set(daemons(router))
    assert spec.routers


def shown_of(name: str) -> str:
    return configuration(extranet(None), extranet(None).router(name))


def test_every_line_between_two_routers_says_hello_alike_or_they_would_not_be_neighbours() -> None:
    for router in extranet(None).routers:
        lines = [port for port in router.ports if port.area is not None and not port.passive]
        text = shown_of(router.name)
        for said in ("network point-to-point", f"hello-interval {HELLO}", f"dead-interval {DEAD}"):
            assert text.count(f" ip ospf {said}\n") == len(lines)


def test_an_area_is_a_stub_at_both_of_its_ends_before_any_port_is_in_it() -> None:
    for router in extranet(None).routers:
        text = shown_of(router.name)
        stubs = set(re.findall(r"^ area (\d+) stub", text, re.M))
        assert stubs == {str(port.area) for port in router.ports if port.area}
        if stubs:
            assert text.index(" stub") < text.index("interface lo")
            assert ("no-summary" in text) == (router.part is Part.AGGREGATION)


def test_bgp_neighbours_name_each_other_with_the_right_autonomous_systems() -> None:
    spec = extranet(SMALL)
    speakers = [router for router in spec.routers if router.autonomous_system is not None]
    owner = {port.address.ip: router for router in speakers for port in router.ports}
    owner |= {router.loopback: router for router in speakers}
    said: set[tuple[str, str]] = set()
    for router in speakers:
        for address, system in re.findall(r"^ neighbor (\S+) remote-as (\d+)", configuration(spec, router), re.M):
            other = next(one for at, one in owner.items() if str(at) == address)
            assert other.autonomous_system == int(system)
            said.add((router.name, other.name))
    assert said == {(other, one) for one, other in said} and len(said) == 6


def test_a_cloud_is_believed_for_the_portal_and_the_resolver_only() -> None:
    spec = extranet(SMALL)
    for router in (*spec.of(Part.CORE), *spec.of(Part.PORTAL)):
        text = configuration(spec, router)
        believed = {IPv4Network(one) for one in re.findall(r"prefix-list CLOUD seq \d+ permit (\S+)", text)}
        assert believed == {IPv4Network(spec.portal), IPv4Network(spec.resolver)}
        outside = re.findall(r"^ neighbor (\S+) remote-as (?!64512)\d+", text, re.M) if router.part is Part.CORE else []
        for address in outside:
            assert f"neighbor {address} route-map HEAR in" in text and f"neighbor {address} route-map TELL out" in text


def test_a_filter_drops_what_it_does_not_name_and_every_rule_that_decides_counts() -> None:
    spec = extranet(None)
    for router in spec.of(Part.ACCESS):
        text = ruleset(spec, router)
        assert text.count("policy drop;") == 2
        rules = [line.strip() for line in text.splitlines() if re.search(r"\b(accept|drop)\b comment", line)]
        assert all("counter" in rule for rule in rules) and len(rules) == 12
        assert f"ip saddr != {router.lan} counter drop" in text


def test_only_operators_reach_ssh() -> None:
    spec = extranet(SMALL)
    for router in spec.of(Part.ACCESS):
        for rule in [line for line in ruleset(spec, router).splitlines() if "dport 22" in line]:
            assert all(str(network) in rule for network in spec.operations) and f"saddr {spec.range}" not in rule


def test_a_router_without_a_unit_has_no_filter_of_one() -> None:
    with pytest.raises(ValueError, match="no unit"):
        ruleset(extranet(SMALL), extranet(SMALL).router("core-1"))


if __name__ == "__main__":
    (HERE / "golden").mkdir(exist_ok=True)
    for one in GOLDEN:
        (HERE / "golden" / f"{one}.conf").write_text(shown(one))
