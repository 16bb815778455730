"""The Wuwei declaration is what the city's plan says it is."""

from __future__ import annotations

from collections import Counter

import pytest
from planting import WUWEI

from citycloud.city.load import load_city, read
from citycloud.city.model import City, Guests
from citycloud.cloud.halves import halves


@pytest.fixture(scope="module")
def wuwei() -> City:
    return load_city(WUWEI)


NAMED_IN_THE_PLAN = {
    "甘肃党建河西云基地",
    "天马党建",
    "智慧医疗",
    "雪亮工程",
    "智慧消防",
    "智慧养老",
    "智慧交通",
    "智慧水利",
    "市级政务服务平台",
    "工程建设项目审批系统",
    "市政府综合协同办公平台",
    "12345 便民服务平台",
    "国土空间基础信息平台",
    "天马行 App 后台",
}


def test_the_declaration_has_no_finding_not_even_a_warning() -> None:
    city, findings = read(WUWEI)
    assert city is not None
    assert findings == []


def test_it_says_that_what_the_plan_does_not_say_is_made_up(wuwei: City) -> None:
    assert wuwei.synthetic


def test_hosts_sum_to_the_built_capacity(wuwei: City) -> None:
    hosts = [host.capacity for site in wuwei.sites for zone in site.zones for host in zone.hosts]
    assert sum(host.vcpu for host in hosts) == 18_900
    assert sum(host.memory_gib for host in hosts) == 20 * 1024
    assert sum(host.storage_gib for host in hosts) == 405 * 1024


def test_48_systems_are_declared_and_the_plans_14_by_name(wuwei: City) -> None:
    assert len(wuwei.systems) == 48
    assert {system.name for system in wuwei.systems if system.source == "plan"} == NAMED_IN_THE_PLAN


def test_the_first_20_systems_are_the_plans_14_and_6_of_the_service_centres_12(wuwei: City) -> None:
    first = [system for system in wuwei.systems if system.wave == "first"]
    assert len(first) == 20
    assert {system.name for system in first} >= NAMED_IN_THE_PLAN
    assert [system.department for system in first if system.source == "synthetic"] == ["service"] * 6
    assert sum(system.department == "service" for system in wuwei.systems) == 12


def test_machines_of_the_first_20_systems_sum_to_the_plans_figures(wuwei: City) -> None:
    first = {system.id for system in wuwei.systems if system.wave == "first"}
    machines = [machine for machine in wuwei.machines if machine.system in first]
    assert {machine.system for machine in machines} == first
    assert sum(machine.vcpu for machine in machines) == 200
    assert sum(machine.memory_gib for machine in machines) == 464
    assert sum(machine.system_disk_gib for machine in machines) == 800
    assert sum(machine.data_disk_gib for machine in machines) == 17_836


def test_351_units_are_connected_in_five_regions(wuwei: City) -> None:
    counts = Counter(unit.region for unit in wuwei.units)
    assert counts == {"municipal": 36, "liangzhou": 115, "minqin": 31, "gulang": 89, "tianzhu": 80}
    assert len({unit.name for unit in wuwei.units}) == 351


def test_departments_bear_the_ids_that_the_rest_of_the_library_uses(wuwei: City) -> None:
    owners = {system.name: system.department for system in wuwei.systems}
    assert owners["天马行 App 后台"] == owners["市政府综合协同办公平台"] == "bigdata"
    assert owners["智慧水利"] == "water"
    assert owners["智慧消防"] == "emergency"
    assert owners["智慧交通"] == "transport"
    assert owners["智慧医疗"] == "health"
    assert owners["智慧养老"] == "civil"
    assert owners["雪亮工程"] == "police"
    assert owners["天马党建"] == owners["甘肃党建河西云基地"] == "party"
    assert owners["国土空间基础信息平台"] == "resources"
    assert owners["市级政务服务平台"] == owners["12345 便民服务平台"] == "service"


def test_hydro_is_real_in_all_segments_and_paired_at_level_6(wuwei: City) -> None:
    machines = {machine.id: machine for machine in wuwei.machines if machine.guests is not Guests.NONE}
    assert {machine.system for machine in machines.values()} == {"hydro"}
    assert {machine.segment for machine in machines.values()} == {segment.id for segment in wuwei.segments}
    assert {half.site.id for half in halves(wuwei) if half.machine.id in machines} == {"east", "west"}
    assert next(system.dr_level for system in wuwei.systems if system.id == "hydro") == 6


def test_operators_may_reach_every_real_machine_and_nobody_else_its_ssh(wuwei: City) -> None:
    ssh = {(flow.source, flow.target) for flow in wuwei.flows if flow.port == 22}
    assert ("operations", "hydro") in ssh
    assert {source for source, _ in ssh} == {"operations"}


def test_real_machines_fit_the_lab(wuwei: City) -> None:
    """QEMU without hardware help stays small; LXC guests take no volume."""
    for machine in wuwei.machines:
        if machine.guests is Guests.QEMU:
            assert machine.memory_gib <= 1
        if machine.guests is Guests.LXC:
            assert machine.data_disk_gib == 0


def test_two_sites_have_clouds_on_two_carriers_and_the_third_has_none(wuwei: City) -> None:
    clouds = {site.id: site.carrier for site in wuwei.sites if site.zones}
    assert clouds == {"east": "telecom", "west": "unicom"}
    assert [site.id for site in wuwei.sites if not site.zones] == ["province"]
