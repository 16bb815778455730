"""Faults in what hosts lend, and in zones."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .plant import World, call, plant


@plant(
    {
        "capacity-host/east/east-x1": "VCPU is 2323, should be 2322",
        "capacity-site/east/all": "VCPU is",
        "capacity-city/all": "VCPU is 18901, should be 18900",
    }
)
def a_host_lends_one_vcpu_more(world: World) -> Iterator[None]:
    api = world.cloud.placement
    found = call(api, "get", "/resource_providers?name=east-x1", microversion="1.17")["resource_providers"]
    path = f"/resource_providers/{found[0]['uuid']}/inventories/VCPU"

    def put(total: int) -> None:
        now = call(api, "get", path, microversion="1.17")
        new = {**now, "total": total, "max_unit": total}
        call(api, "put", path, microversion="1.17", json=new)

    total = call(api, "get", path, microversion="1.17")["total"]
    put(total + 1)
    try:
        yield
    finally:
        put(total)


@plant({"host-traits/east/east-g2": "CUSTOM_PLANTED"})
def a_host_gets_a_trait(world: World) -> Iterator[None]:
    api = world.cloud.placement
    found = call(api, "get", "/resource_providers?name=east-g2", microversion="1.17")["resource_providers"]
    path = f"/resource_providers/{found[0]['uuid']}/traits"

    def put(change: Callable[[set[str]], set[str]]) -> None:
        now = call(api, "get", path, microversion="1.17")
        call(api, "put", path, microversion="1.17", json={**now, "traits": sorted(change(set(now["traits"])))})

    call(api, "put", "/traits/CUSTOM_PLANTED", microversion="1.17")
    put(lambda traits: traits | {"CUSTOM_PLANTED"})
    try:
        yield
    finally:
        put(lambda traits: traits - {"CUSTOM_PLANTED"})
        call(api, "delete", "/traits/CUSTOM_PLANTED", microversion="1.17")


@plant({"zone/east/general": "hosts: is"})
def a_compute_service_is_disabled(world: World) -> Iterator[None]:
    api = world.cloud.compute
    services = call(api, "get", "/os-services?host=east-g2&binary=nova-compute", microversion="2.53")["services"]
    path = f"/os-services/{services[0]['id']}"
    call(api, "put", path, microversion="2.53", json={"status": "disabled", "disabled_reason": "planted"})
    try:
        yield
    finally:
        call(api, "put", path, microversion="2.53", json={"status": "enabled"})


@plant({"aggregate/east/xinchuang": "planted should not be there"})
def an_aggregate_gets_other_metadata(world: World) -> Iterator[None]:
    api = world.cloud.compute
    path = f"/os-aggregates/{world.named('aggregates', 'xinchuang')['id']}/action"
    call(api, "post", path, json={"set_metadata": {"metadata": {"planted": "yes"}}})
    try:
        yield
    finally:
        call(api, "post", path, json={"set_metadata": {"metadata": {"planted": None}}})
