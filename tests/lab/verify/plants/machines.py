"""Faults in machines without guests, which nobody uses."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from .plant import SITE, World, call, plant


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
    call(world.cloud.compute, "put", path, json={"server": {"name": "planted"}})
    try:
        yield
    finally:
        call(world.cloud.compute, "put", path, json={"server": {"name": "spatial-base-db"}})


@contextmanager
def _stopped(world: World, machine: str) -> Iterator[None]:
    path = f"/servers/{world.server(machine)['id']}"

    def reach(action: str, status: str) -> None:
        call(world.cloud.compute, "post", f"{path}/action", json={action: None})
        for _ in range(60):
            if call(world.cloud.compute, "get", path)["server"]["status"] == status:
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
    call(world.cloud.network, "put", path, json={"port": {"fixed_ips": [*port["fixed_ips"], other]}})
    try:
        yield
    finally:
        call(world.cloud.network, "put", path, json={"port": {"fixed_ips": port["fixed_ips"]}})


@plant({"volume/east/bright-eyes-video": "sizes of attached volumes"})
def a_volume_too_many_is_attached(world: World) -> Iterator[None]:
    server = world.server("bright-eyes-video")
    cloud = world.cloud
    volume = cloud.block_storage.create_volume(name="planted", size=1, volume_type="thin")
    path = f"/servers/{server['id']}/os-volume_attachments"
    try:
        cloud.block_storage.wait_for_status(volume, "available", interval=1, wait=60)
        call(cloud.compute, "post", path, json={"volumeAttachment": {"volumeId": volume.id}})
        cloud.block_storage.wait_for_status(volume, "in-use", interval=1, wait=60)
        yield
    finally:
        cloud.compute.delete(f"{path}/{volume.id}")
        cloud.block_storage.wait_for_status(cloud.block_storage.get_volume(volume.id), "available", interval=1, wait=60)
        cloud.block_storage.delete_volume(volume.id)
