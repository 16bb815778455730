"""When a cloud is ready: every service reports that it is up, and placement holds exactly what is declared."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeAlias

import openstack
from keystoneauth1.exceptions import ClientException

from citycloud.errors import StepFailed
from citycloud.lab.openstack.clouds_yaml import entry
from citycloud.lab.openstack.keys import Keys
from citycloud.lab.openstack.settings import Cloud
from citycloud.progress import Progress

TIME_LIMIT = 180.0
"""Seconds until a started cloud must be ready."""

Answer: TypeAlias = Any
Get = Callable[[str, str], Answer]
"""``get(service type, path)``: the JSON that the cloud answers."""


def connect(cloud: Cloud, keys: Keys, authority: Path) -> openstack.connection.Connection:
    """As admin, and from these values only: openstacksdk would prefer any clouds.yaml or OS_ variable that it finds."""
    given = entry(cloud, keys, authority, ipv6=False)
    return openstack.connect(load_yaml_config=False, load_envvars=False, **given.pop("auth"), **given)


def getter(connection: openstack.connection.Connection) -> Get:
    def get(service: str, path: str) -> Answer:
        version = {"placement": "placement 1.30", "compute": "compute 2.90"}.get(service)
        headers = {"OpenStack-API-Version": version} if version else {}
        where = {"service_type": service, "interface": "public"}
        return connection.session.get(path, endpoint_filter=where, headers=headers, timeout=30).json()

    return get


def missing(cloud: Cloud, get: Get) -> Iterator[str]:
    """What the cloud still lacks, in a person's words; nothing when it is ready."""
    yield from _computes(cloud, get)
    yield from _agents(cloud, get)
    yield from _volumes(cloud, get)
    get("image", "/v2/images?limit=1")
    yield from not_declared(cloud, get)


def _computes(cloud: Cloud, get: Get) -> Iterator[str]:
    up = {
        (one["binary"], one["host"])
        for one in get("compute", "/os-services")["services"]
        if one["state"] == "up" and one["status"] == "enabled"
    }
    controller = cloud.controller.name
    wanted = {("nova-conductor", controller), ("nova-scheduler", controller)}
    wanted |= {("nova-compute", compute.name) for compute in cloud.computes}
    yield from (f"{binary} on {host} is not up" for binary, host in sorted(wanted - up))


def _agents(cloud: Cloud, get: Get) -> Iterator[str]:
    alive = {(one["agent_type"], one["host"]) for one in get("network", "/v2.0/agents")["agents"] if one["alive"]}
    controller = cloud.controller.name
    wanted = {(kind, controller) for kind in ("L3 agent", "DHCP agent", "Metadata agent")}
    wanted |= {("Linux bridge agent", host) for host in (controller, *(one.name for one in cloud.computes))}
    yield from (f"{kind} of {host} is not alive" for kind, host in sorted(wanted - alive))


def _volumes(cloud: Cloud, get: Get) -> Iterator[str]:
    up = {one["host"].partition("@")[2] for one in get("volumev3", "/os-services")["services"] if one["state"] == "up"}
    yield from (f"volume backend {backend} is not up" for backend in ("disk", "thin") if backend not in up)


def not_declared(cloud: Cloud, get: Get) -> Iterator[str]:
    """Where placement's inventories and traits differ from the declaration."""
    found = {one["name"]: one["uuid"] for one in get("placement", "/resource_providers")["resource_providers"]}
    for compute in cloud.computes:
        if compute.name not in found:
            yield f"placement does not know {compute.name}"
            continue
        base = f"/resource_providers/{found[compute.name]}"
        seen = get("placement", f"{base}/inventories")["inventories"]
        for name, total in (("VCPU", compute.vcpu), ("MEMORY_MB", compute.memory_mib), ("DISK_GB", compute.disk_gib)):
            held = seen.get(name, {})
            got = (held.get("total"), held.get("reserved"), held.get("allocation_ratio"))
            if got != (total, 0, 1.0):
                yield f"{compute.name} lends {name} {got}, declared is {total}"
        traits = set(get("placement", f"{base}/traits")["traits"])
        yield from (f"{compute.name} lacks {trait}" for trait in sorted(set(compute.traits) - traits))


def wait_one(cloud: Cloud, keys: Keys, authority: Path, limit: float = TIME_LIMIT) -> None:
    """Wait until nothing is missing. Raises StepFailed after ``limit`` seconds."""
    end = time.monotonic() + limit
    get = getter(connect(cloud, keys, authority))
    while True:
        try:
            lacks = list(missing(cloud, get))
        except (ClientException, ValueError) as fault:
            lacks = [str(fault)]
        if not lacks:
            return
        if time.monotonic() > end:
            raise StepFailed(
                step=f"{cloud.site}: waiting for the cloud",
                seen="; ".join(lacks[:10]),
                state="its services were started; logs are in /var/log on its hosts",
                command="citycloud lab up",
            )
        time.sleep(1)


def wait_ready(found: tuple[Cloud, ...], keys: Mapping[str, Keys], authority: Path, progress: Progress) -> None:
    """Wait for all clouds side by side."""
    with progress.step("clouds: every service up, capacity as declared"), ThreadPoolExecutor() as pool:
        list(pool.map(lambda cloud: wait_one(cloud, keys[cloud.site], authority), found))
