"""When a cloud counts as ready: each planted fault is told."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from citycloud.lab.openstack.ready import missing, not_declared
from citycloud.lab.openstack.settings import Cloud

World = dict[tuple[str, str], Any]


@pytest.fixture
def world(east: Cloud) -> World:
    """What a cloud answers that is as declared."""
    controller = east.controller.name
    names = [compute.name for compute in east.computes]
    up = {"state": "up", "status": "enabled"}
    services = [{"binary": "nova-compute", "host": name, **up} for name in names]
    services += [{"binary": binary, "host": controller, **up} for binary in ("nova-conductor", "nova-scheduler")]
    agents = [{"agent_type": "Linux bridge agent", "host": host, "alive": True} for host in [controller, *names]]
    agents += [
        {"agent_type": kind, "host": controller, "alive": True} for kind in ("L3 agent", "DHCP agent", "Metadata agent")
    ]
    answers: World = {
        ("compute", "/os-services"): {"services": services},
        ("network", "/v2.0/agents"): {"agents": agents},
        ("volumev3", "/os-services"): {
            "services": [{"host": f"{controller}@{name}", **up} for name in ("disk", "thin")]
        },
        ("image", "/v2/images?limit=1"): {},
        ("placement", "/resource_providers"): {"resource_providers": [{"name": name, "uuid": name} for name in names]},
    }
    for compute in east.computes:
        totals = {"VCPU": compute.vcpu, "MEMORY_MB": compute.memory_mib, "DISK_GB": compute.disk_gib}
        held = {name: {"total": total, "reserved": 0, "allocation_ratio": 1.0} for name, total in totals.items()}
        answers["placement", f"/resource_providers/{compute.name}/inventories"] = {"inventories": held}
        answers["placement", f"/resource_providers/{compute.name}/traits"] = {"traits": list(compute.traits)}
    return copy.deepcopy(answers)


def told(cloud: Cloud, world: World) -> list[str]:
    return list(missing(cloud, lambda service, path: world[service, path]))


def test_nothing_is_missing_from_a_cloud_as_declared(east: Cloud, world: World) -> None:
    assert told(east, world) == []


@pytest.mark.parametrize(
    ("service", "path", "field", "value", "word"),
    [
        ("compute", "/os-services", "state", "down", "nova-compute on east-g1 is not up"),
        ("compute", "/os-services", "status", "disabled", "nova-compute on east-g1 is not up"),
        ("network", "/v2.0/agents", "alive", False, "Linux bridge agent of east-ctl is not alive"),
        ("volumev3", "/os-services", "state", "down", "volume backend disk is not up"),
    ],
)
def test_a_service_that_is_not_up_is_told(
    east: Cloud, world: World, service: str, path: str, field: str, value: object, word: str
) -> None:
    next(iter(world[service, path].values()))[0][field] = value
    assert told(east, world) == [word]


@pytest.mark.parametrize(
    ("resource", "field", "value"),
    [("VCPU", "total", 1), ("MEMORY_MB", "reserved", 512), ("DISK_GB", "allocation_ratio", 1.5)],
)
def test_a_capacity_that_differs_from_the_declared_is_told(
    east: Cloud, world: World, resource: str, field: str, value: float
) -> None:
    world["placement", "/resource_providers/east-x1/inventories"]["inventories"][resource][field] = value
    found = told(east, world)
    assert len(found) == 1 and found[0].startswith(f"east-x1 lends {resource}")


def test_a_missing_trait_is_told(east: Cloud, world: World) -> None:
    world["placement", "/resource_providers/east-x1/traits"]["traits"].remove("CUSTOM_GUESTS_NONE")
    assert told(east, world) == ["east-x1 lacks CUSTOM_GUESTS_NONE"]


def test_a_host_that_placement_does_not_know_is_told(east: Cloud, world: World) -> None:
    world["placement", "/resource_providers"]["resource_providers"].pop(0)
    assert list(not_declared(east, lambda service, path: world[service, path])) == ["placement does not know east-g1"]
