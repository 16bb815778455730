"""Faults planted in the running lab, each undone whatever happens: one at least for every kind of check.

A plant is a context manager: it makes its fault and takes it back. Most change something of machines without guests,
which nobody uses; those on real instances change nothing that outlasts them.
"""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from openstack.connection import Connection
from testinfra.host import Host  # type: ignore[import-untyped]

from citycloud import proc
from citycloud.cloud import probes
from citycloud.cloud.verify_instances import Instances
from citycloud.cloud.verify_seen import Thing, connect

SITE = "east"
LAB_SECONDS = 60
CITYCLOUD = (sys.executable, "-m", "citycloud.cli")


@dataclass
class World:
    """What plants change: the east cloud as its administrator, its real instances, the lab's hosts."""

    instances: Instances

    def __post_init__(self) -> None:
        self.cloud: Connection = connect(SITE)

    def host(self, machine: str, family: str = "ipv4") -> Host:
        return self.instances.host(SITE, machine, family)

    def server(self, machine: str) -> Thing:
        return self.instances.seen(SITE).server(machine)

    def named(self, things: str, name: str) -> Thing:
        return next(one for one in getattr(self.instances.seen(SITE), things) if one["name"] == name)

    def on_lab_host(self, host: str, script: str, given: str | None = None) -> str:
        """Run a shell script on a host of the lab; ``given`` is its input."""
        words = ["lab", "shell", host, "sh", "-c", shlex.quote(script)]
        return proc.run([*CITYCLOUD, *words], stdin=given, timeout=LAB_SECONDS).stdout


@dataclass(frozen=True)
class Plant:
    """A fault, and the requirements that have to fail for it, with words that their evidence has to say."""

    make: Callable[[World], Any]
    caught: Mapping[str, str]

    @property
    def name(self) -> str:
        return self.make.__name__


PLANTS: list[Plant] = []


def plant(
    caught: Mapping[str, str],
) -> Callable[[Callable[[World], Iterator[None]]], Callable[[World], Iterator[None]]]:
    """Keep what it decorates as a Plant."""

    def keep(make: Callable[[World], Iterator[None]]) -> Callable[[World], Iterator[None]]:
        PLANTS.append(Plant(contextmanager(make), caught))
        return make

    return keep


def _call(api: Any, verb: str, path: str, *, microversion: str | None = None, **given: Any) -> Any:  # noqa: ANN401
    """One API call that has to succeed."""
    words = {"microversion": microversion} if microversion else {}
    answer = getattr(api, verb)(path, **words, **given)
    assert answer.status_code < 400, f"{verb} {path}: {answer.status_code} {answer.text[:300]}"
    return answer.json() if answer.content else {}


# -- capacity and zones ------------------------------------------------------------------------------------------------


@plant(
    {
        "capacity-host/east/east-x1": "VCPU is 2323, should be 2322",
        "capacity-site/east/all": "VCPU is",
        "capacity-city/all": "VCPU is 18901, should be 18900",
    }
)
def a_host_lends_one_vcpu_more(world: World) -> Iterator[None]:
    api = world.cloud.placement
    found = _call(api, "get", "/resource_providers?name=east-x1", microversion="1.17")["resource_providers"]
    path = f"/resource_providers/{found[0]['uuid']}/inventories/VCPU"

    def put(total: int) -> None:
        now = _call(api, "get", path, microversion="1.17")
        new = {**now, "total": total, "max_unit": total}
        _call(api, "put", path, microversion="1.17", json=new)

    total = _call(api, "get", path, microversion="1.17")["total"]
    put(total + 1)
    try:
        yield
    finally:
        put(total)


@plant({"host-traits/east/east-g2": "CUSTOM_PLANTED"})
def a_host_gets_a_trait(world: World) -> Iterator[None]:
    api = world.cloud.placement
    found = _call(api, "get", "/resource_providers?name=east-g2", microversion="1.17")["resource_providers"]
    path = f"/resource_providers/{found[0]['uuid']}/traits"

    def put(change: Callable[[set[str]], set[str]]) -> None:
        now = _call(api, "get", path, microversion="1.17")
        _call(api, "put", path, microversion="1.17", json={**now, "traits": sorted(change(set(now["traits"])))})

    _call(api, "put", "/traits/CUSTOM_PLANTED", microversion="1.17")
    put(lambda traits: traits | {"CUSTOM_PLANTED"})
    try:
        yield
    finally:
        put(lambda traits: traits - {"CUSTOM_PLANTED"})
        _call(api, "delete", "/traits/CUSTOM_PLANTED", microversion="1.17")


@plant({"zone/east/general": "hosts: is"})
def a_compute_service_is_disabled(world: World) -> Iterator[None]:
    api = world.cloud.compute
    services = _call(api, "get", "/os-services?host=east-g2&binary=nova-compute", microversion="2.53")["services"]
    path = f"/os-services/{services[0]['id']}"
    _call(api, "put", path, microversion="2.53", json={"status": "disabled", "disabled_reason": "planted"})
    try:
        yield
    finally:
        _call(api, "put", path, microversion="2.53", json={"status": "enabled"})


@plant({"aggregate/east/xinchuang": "planted should not be there"})
def an_aggregate_gets_other_metadata(world: World) -> Iterator[None]:
    api = world.cloud.compute
    path = f"/os-aggregates/{world.named('aggregates', 'xinchuang')['id']}/action"
    _call(api, "post", path, json={"set_metadata": {"metadata": {"planted": "yes"}}})
    try:
        yield
    finally:
        _call(api, "post", path, json={"set_metadata": {"metadata": {"planted": None}}})


# -- departments -------------------------------------------------------------------------------------------------------


@plant({"project/east/finance": "is an administrator too"})
def a_member_becomes_an_administrator(world: World) -> Iterator[None]:
    api, seen = world.cloud.identity, world.instances.seen(SITE)
    project = seen.project("finance")["id"]
    held = [one for one in seen.assignments if one["scope"].get("project", {}).get("id") == project]
    user = next(one["user"]["id"] for one in held if one["role"]["name"] == "member")
    role = _call(api, "get", "/roles?name=admin")["roles"][0]["id"]
    path = f"/projects/{project}/users/{user}/roles/{role}"
    _call(api, "put", path)
    try:
        yield
    finally:
        _call(api, "delete", path)


@plant({"quota/east/education": "cores is"})
def a_quota_is_raised(world: World) -> Iterator[None]:
    api, project = world.cloud.compute, world.named("projects", "education")["id"]
    before = world.instances.seen(SITE).quotas["education"]["cores"]
    path = f"/os-quota-sets/{project}"
    _call(api, "put", path, json={"quota_set": {"cores": before + 1}})
    try:
        yield
    finally:
        _call(api, "put", path, json={"quota_set": {"cores": before}})


@plant({"network/east/police/government-public": "198.18.77.0/28"})
def a_network_gets_another_subnet(world: World) -> Iterator[None]:
    api, network = world.cloud.network, world.named("networks", "police-government-public")
    asked = {"network_id": network["id"], "ip_version": 4, "cidr": "198.18.77.0/28", "enable_dhcp": False}
    subnet = _call(api, "post", "/subnets", json={"subnet": {**asked, "name": "planted", "gateway_ip": None}})["subnet"]
    try:
        yield
    finally:
        _call(api, "delete", f"/subnets/{subnet['id']}")


@plant({"router/east/police": "the router translates addresses"})
def a_router_translates_addresses(world: World) -> Iterator[None]:
    api, seen = world.cloud.network, world.instances.seen(SITE)
    project = seen.project("police")["id"]
    router = next(one for one in seen.routers if one["project_id"] == project)
    outside = router["external_gateway_info"]

    def put(translate: bool) -> None:
        _call(
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


# -- machines without guests -------------------------------------------------------------------------------------------


@plant({"server/east/bright-eyes-web": "status: is SHUTOFF"})
def a_server_is_stopped(world: World) -> Iterator[None]:
    with _stopped(world, "bright-eyes-web"):
        yield


@plant({"standby/oa": "east: oa-web is SHUTOFF"})
def a_standby_half_is_stopped(world: World) -> Iterator[None]:
    with _stopped(world, "oa-web"):
        yield


@plant({"server/east/spatial-base-db": "there is none"})
def a_server_is_not_there(world: World) -> Iterator[None]:
    """Under another name it is as good as deleted to those who look for it by name."""
    server = world.server("spatial-base-db")
    path = f"/servers/{server['id']}"
    _call(world.cloud.compute, "put", path, json={"server": {"name": "planted"}})
    try:
        yield
    finally:
        _call(world.cloud.compute, "put", path, json={"server": {"name": "spatial-base-db"}})


@contextmanager
def _stopped(world: World, machine: str) -> Iterator[None]:
    path = f"/servers/{world.server(machine)['id']}"

    def reach(action: str, status: str) -> None:
        _call(world.cloud.compute, "post", f"{path}/action", json={action: None})
        for _ in range(60):
            if _call(world.cloud.compute, "get", path)["server"]["status"] == status:
                return
            time.sleep(1)
        raise AssertionError(f"{machine} is not {status} after a minute")

    reach("os-stop", "SHUTOFF")
    try:
        yield
    finally:
        reach("os-start", "ACTIVE")


@plant({"port/east/bright-eyes-video": "addresses"})
def a_port_gets_another_address(world: World) -> Iterator[None]:
    seen = world.instances.seen(SITE)
    port = seen.ports_of(seen.server("bright-eyes-video"))[0]
    four = next(each for each in port["fixed_ips"] if "." in each["ip_address"])
    other = {"subnet_id": four["subnet_id"], "ip_address": four["ip_address"].rpartition(".")[0] + ".251"}
    path = f"/ports/{port['id']}"
    _call(world.cloud.network, "put", path, json={"port": {"fixed_ips": [*port["fixed_ips"], other]}})
    try:
        yield
    finally:
        _call(world.cloud.network, "put", path, json={"port": {"fixed_ips": port["fixed_ips"]}})


@plant({"volume/east/bright-eyes-video": "sizes of attached volumes"})
def a_volume_too_many_is_attached(world: World) -> Iterator[None]:
    server = world.server("bright-eyes-video")
    cloud = world.cloud
    volume = cloud.block_storage.create_volume(name="planted", size=1, volume_type="thin")
    path = f"/servers/{server['id']}/os-volume_attachments"
    try:
        cloud.block_storage.wait_for_status(volume, "available", interval=1, wait=60)
        _call(cloud.compute, "post", path, json={"volumeAttachment": {"volumeId": volume.id}})
        cloud.block_storage.wait_for_status(volume, "in-use", interval=1, wait=60)
        yield
    finally:
        cloud.compute.delete(f"{path}/{volume.id}")
        cloud.block_storage.wait_for_status(cloud.block_storage.get_volume(volume.id), "available", interval=1, wait=60)
        cloud.block_storage.delete_volume(volume.id)


# -- rules and packets -------------------------------------------------------------------------------------------------


@plant(
    {
        "security/east/hydro-web": "ingress IPv6 tcp/8971 should not be there",
        "shut/east/general/internet-facing/hydro-web/8971/operators/ipv6": "it was not dropped: answered",
    }
)
def a_rule_too_many_opens_a_port_over_ipv6(world: World) -> Iterator[None]:
    api, seen = world.cloud.network, world.instances.seen(SITE)
    server = seen.server("hydro-web")
    groups = seen.ports_of(server)[0]["security_groups"]
    own = next(one for one in seen.groups if one["id"] in groups and one["project_id"] == server["tenant_id"])
    asked = {"security_group_id": own["id"], "direction": "ingress", "ethertype": "IPv6", "protocol": "tcp"}
    asked |= {"port_range_min": 8971, "port_range_max": 8971, "remote_ip_prefix": "::/0", "description": "planted"}
    rule = _call(api, "post", "/security-group-rules", json={"security_group_rule": asked})["security_group_rule"]
    try:
        time.sleep(8)  # the agent's next round
        yield
    finally:
        _call(api, "delete", f"/security-group-rules/{rule['id']}")
        time.sleep(8)


@plant(
    {
        "open/east/general/department-only/hydro-db/5432/hydro-web.east/ipv4": "did not come through: timeout",
        "open/east/general/department-only/hydro-db/5432/hydro-web.west/ipv6": "did not come through: timeout",
    }
)
def a_filter_drops_a_declared_flow(world: World) -> Iterator[None]:
    with _filtered(world, "hydro-db", "iifname != lo tcp dport 5432 drop"):
        yield


@plant({"ssh/east/hydro-files/ipv6": ""})
def a_filter_drops_ssh_over_ipv6(world: World) -> Iterator[None]:
    with _filtered(world, "hydro-files", "meta nfproto ipv6 tcp dport 22 drop"):
        yield


@contextmanager
def _filtered(world: World, machine: str, rule: str) -> Iterator[None]:
    host = world.host(machine)
    host.check_output("nft add table inet planted")
    try:
        host.check_output("nft 'add chain inet planted input { type filter hook input priority 0; }'")
        host.check_output(f"nft add rule inet planted input {rule}")
        yield
    finally:
        host.check_output("nft delete table inet planted")


# -- inside of instances -----------------------------------------------------------------------------------------------


@plant({"hostname/east/hydro-db": "hostname: is planted"})
def an_instance_is_renamed(world: World) -> Iterator[None]:
    world.host("hydro-db").check_output("hostname planted")
    try:
        yield
    finally:
        world.host("hydro-db").check_output("hostname hydro-db")


@plant({"inside-addresses/east/hydro-web": "10.99.0.1"})
def an_instance_gets_another_address(world: World) -> Iterator[None]:
    world.host("hydro-web").check_output("ip address add 10.99.0.1/32 dev lo scope global")
    try:
        yield
    finally:
        world.host("hydro-web").check_output("ip address del 10.99.0.1/32 dev lo")


@plant({"clock/east/hydro-files": "s away"})
def a_clock_is_put_wrong(world: World) -> Iterator[None]:
    """On the emulated machine: it has a clock of its own."""
    world.host("hydro-files").check_output(f"date -s @{time.time() + 600:.0f}")
    try:
        yield
    finally:
        world.host("hydro-files").check_output(f"date -s @{time.time():.2f}")


@plant({"login/east/hydro-web": 'accounts with a password: is ["planted"]'})
def an_account_gets_a_password(world: World) -> Iterator[None]:
    host = world.host("hydro-web")
    host.check_output("useradd --no-create-home --shell /usr/sbin/nologin planted")
    try:
        host.check_output("usermod --password planted planted")
        yield
    finally:
        host.check_output("userdel planted")


@plant({"listening/east/hydro-web": "undeclared TCP ports: 3306"})
def an_undeclared_port_is_listened_on(world: World) -> Iterator[None]:
    host = world.host("hydro-web")
    started = host.check_output(probes.guest_command("listen", {"ports": [3306], "seconds": 600}))
    pid = int(started.partition('"pid": ')[2].partition(",")[0])
    try:
        yield
    finally:
        host.check_output(probes.guest_command("stop", {"pid": pid}))
