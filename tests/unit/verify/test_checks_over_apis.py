"""The checks that compare what a cloud's APIs tell: they hold where all stands as laid out, and catch every fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from perfect_clouds import perfect
from small_cities import small_city

from citycloud.city.load import load_city
from citycloud.city.model import City
from citycloud.cloud import checks_cloud, checks_machines
from citycloud.cloud.requirements import Kind, Requirement, requirements
from citycloud.cloud.requirements_cloud import clouds
from citycloud.cloud.verify_seen import Provider, Seen

WUWEI = Path(__file__).parents[3] / "inventories" / "wuwei" / "city"
OVER_APIS = (
    Kind.CAPACITY_HOST,
    Kind.CAPACITY_SITE,
    Kind.CAPACITY_CITY,
    Kind.HOST_TRAITS,
    Kind.ZONE,
    Kind.AGGREGATE,
    Kind.PROJECT,
    Kind.QUOTA,
    Kind.NETWORK,
    Kind.ROUTER,
    Kind.SERVER,
    Kind.PORT,
    Kind.SECURITY,
    Kind.VOLUME,
    Kind.APART,
    Kind.STANDBY,
)


class Clouds:
    """Stands in for Sites."""

    def __init__(self, seen: Mapping[str, Seen]) -> None:
        self.seen, self.sites = dict(seen), tuple(seen)

    def __call__(self, site: str) -> Seen:
        return self.seen[site]


@cache
def wuwei() -> City:
    return load_city(WUWEI)


def clouds_of(city: City) -> Clouds:
    return Clouds({site.id: perfect(city, site) for site in clouds(city)})


def failures(city: City, seen: Clouds) -> dict[str, str]:
    """The ids of requirements that do not hold, with what the check said."""
    found = {}
    for requirement in requirements(city):
        if requirement.kind in OVER_APIS:
            try:
                _check(requirement.kind)(requirement=requirement, seen=seen, saw=lambda text: None)
            except AssertionError as fault:
                found[requirement.id] = str(fault)
    return found


def _check(kind: Kind) -> Callable[..., None]:
    name = f"test_{kind.replace('-', '_')}"
    check: Callable[..., None] = getattr(checks_cloud, name, None) or getattr(checks_machines, name)
    return check


def test_the_layout_of_wuwei_fulfils_every_requirement_of_wuwei() -> None:
    assert failures(wuwei(), clouds_of(wuwei())) == {}


def test_the_layout_of_a_small_city_fulfils_every_requirement_of_it() -> None:
    assert failures(small_city(), clouds_of(small_city())) == {}


Plant = Callable[[Seen], Seen | None]


def _provider(name: str, change: Callable[[Provider], Provider]) -> Plant:
    def plant(seen: Seen) -> Seen:
        return replace(seen, providers=tuple(change(one) if one.name == name else one for one in seen.providers))

    return plant


def _bigger(provider: Provider) -> Provider:
    more = {
        **provider.inventories,
        "VCPU": {**provider.inventories["VCPU"], "total": 1 + provider.inventories["VCPU"]["total"]},
    }
    return replace(provider, inventories=more)


def _overcommitted(provider: Provider) -> Provider:
    return replace(
        provider,
        inventories={**provider.inventories, "VCPU": {**provider.inventories["VCPU"], "allocation_ratio": 4.0}},
    )


def _put(things: str, which: str, /, **values: Any) -> Plant:  # noqa: ANN401 (JSON)
    def plant(seen: Seen) -> None:
        thing = next(
            one
            for one in getattr(seen, things)
            if which in (one.get("name"), one.get("zoneName"), one.get("id"), one.get("cidr"))
        )
        thing.update(values)

    return plant


def _without(things: str, name: str) -> Plant:
    def plant(seen: Seen) -> Seen:
        left = tuple(one for one in getattr(seen, things) if name not in (one.get("name"), one.get("id")))
        assert len(left) < len(getattr(seen, things))
        return replace(seen, **{things: left})  # type: ignore[arg-type]

    return plant


def _rule(group: str, **values: object) -> Plant:
    rule = {
        "direction": "ingress",
        "ethertype": "IPv4",
        "protocol": "tcp",
        "port_range_min": 80,
        "port_range_max": 80,
        "remote_ip_prefix": None,
        "remote_group_id": None,
        **values,
    }

    def plant(seen: Seen) -> None:
        next(one for one in seen.groups if one["id"] == group)["security_group_rules"].append(rule)

    return plant


def _lost_rule(group: str, family: str) -> Plant:
    def plant(seen: Seen) -> None:
        rules = next(one for one in seen.groups if one["id"] == group)["security_group_rules"]
        rules.remove(next(rule for rule in rules if rule["ethertype"] == family))

    return plant


def _open_port(name: str) -> Plant:
    def plant(seen: Seen) -> None:
        next(port for port in seen.ports if port["device_id"] == name)["port_security_enabled"] = False  # type: ignore[index]

    return plant


def _quota(department: str) -> Plant:
    return lambda seen: seen.quotas[department].update(cores=1000)  # type: ignore[attr-defined]


def _zone_host_down(seen: Seen) -> None:
    seen.zones[0]["hosts"]["east-g1"]["nova-compute"]["available"] = False


def _admin(seen: Seen) -> None:
    seen.assignments[0]["role"]["name"] = "admin"


FAULTS: tuple[tuple[str, Plant, str], ...] = (
    ("capacity-host/east/east-g1", _provider("east-g1", _bigger), "VCPU is"),
    ("capacity-host/east/east-g1", _provider("east-g1", _overcommitted), "ratio"),
    ("capacity-site/east/all", _provider("east-g1", _bigger), "VCPU is"),
    ("capacity-city/all", _provider("east-g1", _bigger), "VCPU is"),
    ("host-traits/east/east-x1", _provider("east-x1", lambda one: replace(one, traits=frozenset())), "traits"),
    ("zone/east/general", _zone_host_down, "down on east-g1"),
    ("zone/east/general", _put("zones", "general", zoneState={"available": False}), "not available"),
    ("aggregate/east/general", _put("aggregates", "general", hosts=["east-g1"]), "hosts"),
    (
        "aggregate/east/xinchuang",
        _put("aggregates", "xinchuang", metadata={"availability_zone": "xinchuang"}),
        "metadata",
    ),
    ("project/east/water", _put("projects", "water", enabled=False), "disabled"),
    ("project/east/water", _admin, "member"),
    ("quota/east/water", _quota("water"), "cores is 1000, should be 64"),
    ("network/east/water/internet", _without("networks", "water-internet"), "there is none"),
    ("network/east/water/internet", _put("subnets", "10.211.0.0/24", gateway_ip="10.211.0.9"), "gateways"),
    ("network/east/water/internet", _put("networks", "water-internet", shared=True), "shared"),
    (
        "router/east/water",
        _put("routers", "water", external_gateway_info={"external_fixed_ips": []}),
        "addresses outside",
    ),
    ("server/east/hydro-web-1", _without("servers", "hydro-web-1"), "there is none"),
    ("server/east/hydro-web-1", _put("servers", "hydro-web-1", status="SHUTOFF"), "status"),
    (
        "server/east/clinic-web-1",
        _put("servers", "clinic-web-1", **{"OS-EXT-SRV-ATTR:host": "east-x1"}),
        "not on one of",
    ),
    ("port/east/hydro-web-1", _put("networks", "water-internet", name="other"), "network"),
    ("security/east/hydro-web-1", _rule("g-shared-platform"), "ingress IPv4 tcp/80 should not be there"),
    ("security/east/hydro-web-1", _rule("g-shared-platform", ethertype="IPv6"), "ingress IPv6 tcp/80 should not be"),
    (
        "security/east/hydro-web-1",
        _rule("g-shared-platform", protocol=None, port_range_min=None, port_range_max=None),
        "anything",
    ),
    ("security/east/hydro-web-1", _rule("g-shared-platform", port_range_min=440, port_range_max=450), "tcp/440-450"),
    ("security/east/hydro-web-1", _rule("g-shared-platform", remote_group_id="g-shared-platform"), "10.211."),
    ("security/east/hydro-web-1", _lost_rule("g-shared-platform", "IPv6"), "is missing"),
    ("security/east/hydro-web-1", _open_port("s-hydro-web-1"), "port security is off"),
    ("volume/east/clinic-web-2", _without("volumes", "v-clinic-web-2"), "should be [100]"),
    ("volume/east/clinic-web-2", _put("volumes", "v-clinic-web-2", size=99), "should be [100]"),
    (
        "apart/east/clinic-web",
        _put("servers", "clinic-web-2", **{"OS-EXT-SRV-ATTR:host": "east-g1"}),
        "number of hosts",
    ),
    ("standby/hydro", _without("servers", "hydro-db-1"), "missing"),
)


@pytest.mark.parametrize(("requirement", "plant", "words"), FAULTS, ids=[f"{fault[0]} {fault[2]}" for fault in FAULTS])
def test_a_planted_fault_is_caught_by_its_check(requirement: str, plant: Plant, words: str) -> None:
    seen = clouds_of(small_city())
    seen.seen["east"] = plant(seen("east")) or seen("east")
    assert words in failures(small_city(), seen).get(requirement, "passed")


def test_every_kind_that_is_checked_over_apis_has_a_planted_fault() -> None:
    assert {str(kind) for kind in OVER_APIS} == {requirement.partition("/")[0] for requirement, _, _ in FAULTS}


def test_no_two_requirements_share_an_id() -> None:
    found = [requirement.id for requirement in requirements(wuwei())]
    assert len(found) == len(set(found))


def test_every_kind_has_one_check_function_and_every_check_function_a_kind() -> None:
    from citycloud.cloud import checks

    functions = {name.removeprefix("test_").replace("_", "-") for name in checks.__all__}
    assert functions == {str(kind) for kind in Kind}


def _probed(found: list[Requirement]) -> set[tuple[str, ...]]:
    return {(each.kind, each.site, *each.subject.split("/")[:2], each.subject.rpartition("/")[2]) for each in found}


def test_each_zone_and_segment_with_machines_is_probed_both_ways_over_both_families_or_named_as_unprovable() -> None:
    from citycloud.cloud.halves import halves

    places = {(half.site.id, half.system.zone, half.segment.id) for half in halves(wuwei())}
    probes = [each for each in requirements(wuwei()) if each.kind in (Kind.OPEN, Kind.SHUT)]
    wanted = {
        (kind, *place, family) for place in places for kind in (Kind.OPEN, Kind.SHUT) for family in ("ipv4", "ipv6")
    }
    assert _probed(probes) == wanted
    assert all((each.unprovable is not None) == each.subject.startswith("xinchuang/") for each in probes)
