"""Faults in what is open and what is shut."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from .plant import SITE, World, call, plant


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
    rule = call(api, "post", "/security-group-rules", json={"security_group_rule": asked})["security_group_rule"]
    try:
        time.sleep(8)  # the agent's next round
        yield
    finally:
        call(api, "delete", f"/security-group-rules/{rule['id']}")
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
