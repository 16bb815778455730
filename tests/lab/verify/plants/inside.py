"""Faults inside of real instances; none outlasts its plant."""

from __future__ import annotations

import time
from collections.abc import Iterator

from citycloud.cloud import probes

from .plant import World, plant


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
