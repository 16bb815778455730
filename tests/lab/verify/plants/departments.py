"""Faults in what departments have: users, quotas, networks, routers, names."""

from __future__ import annotations

from collections.abc import Iterator

from .plant import SITE, World, call, plant


@plant({"project/east/finance": "is an administrator too"})
def a_member_becomes_an_administrator(world: World) -> Iterator[None]:
    api, seen = world.cloud.identity, world.instances.seen(SITE)
    project = seen.project("finance")["id"]
    held = [one for one in seen.assignments if one["scope"].get("project", {}).get("id") == project]
    user = next(one["user"]["id"] for one in held if one["role"]["name"] == "member")
    role = call(api, "get", "/roles?name=admin")["roles"][0]["id"]
    path = f"/projects/{project}/users/{user}/roles/{role}"
    call(api, "put", path)
    try:
        yield
    finally:
        call(api, "delete", path)


@plant({"quota/east/education": "cores is"})
def a_quota_is_raised(world: World) -> Iterator[None]:
    api, project = world.cloud.compute, world.named("projects", "education")["id"]
    before = world.instances.seen(SITE).quotas["education"]["cores"]
    path = f"/os-quota-sets/{project}"
    call(api, "put", path, json={"quota_set": {"cores": before + 1}})
    try:
        yield
    finally:
        call(api, "put", path, json={"quota_set": {"cores": before}})


@plant({"network/east/police/government-public": "198.18.77.0/28"})
def a_network_gets_another_subnet(world: World) -> Iterator[None]:
    api, network = world.cloud.network, world.named("networks", "police-government-public")
    asked = {"network_id": network["id"], "ip_version": 4, "cidr": "198.18.77.0/28", "enable_dhcp": False}
    subnet = call(api, "post", "/subnets", json={"subnet": {**asked, "name": "planted", "gateway_ip": None}})["subnet"]
    try:
        yield
    finally:
        call(api, "delete", f"/subnets/{subnet['id']}")


@plant({"router/east/police": "the router translates addresses"})
def a_router_translates_addresses(world: World) -> Iterator[None]:
    api, seen = world.cloud.network, world.instances.seen(SITE)
    project = seen.project("police")["id"]
    router = next(one for one in seen.routers if one["project_id"] == project)
    outside = router["external_gateway_info"]

    def put(translate: bool) -> None:
        call(
            api,
            "put",
            f"/routers/{router['id']}",
            json={"router": {"external_gateway_info": {**outside, "enable_snat": translate}}},
        )

    put(True)
    try:
        yield
    finally:
        put(False)


@plant({"dns/west/e-seal-web.east.wuwei.example": "10.99.99.99"})
def a_name_server_answers_wrongly(world: World) -> Iterator[None]:
    zone, host = "/etc/knot/zones/wuwei.example.zone", "west-ctl"
    kept = world.on_lab_host(host, f"cat {zone}")
    line = "e-seal-web.east.wuwei.example. "
    changed = [
        f"{line} 60 IN A 10.99.99.99" if row.startswith(line) and " A " in row else row for row in kept.splitlines()
    ]

    def put(text: str) -> None:
        world.on_lab_host(host, f"cat > {zone} && knotc --blocking zone-reload wuwei.example", text)

    put("\n".join(changed) + "\n")
    try:
        yield
    finally:
        put(kept)
