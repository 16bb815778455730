"""``pulumi up`` of about 250 network resources against openstacksdk making the same, at the same concurrency.

    .venv/bin/python benchmarks/up.py [--site east] [--sets 36] [--rounds 3] [--parallel 8]

Needs the lab. Both sides take turns within one run, each from nothing and each taking away what it made; a time is that
of the whole work, from an empty project to all resources read back. Goal: the ratio of medians is 1.1 at most.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from citycloud import proc
from citycloud.cloud.env import exports
from citycloud.cloud.verify_seen import connect

PROGRAM = Path(__file__).parent / "up_program"
GOAL = 1.1
LIMIT = 900.0
"""Seconds for one side of one round."""
EACH = 7
"""Resources in a set: network, two subnets, router interface, group, two rules."""


def main() -> None:
    """Measure, and print medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--site", default="east")
    parser.add_argument("--sets", type=int, default=36)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--parallel", type=int, default=8)
    told = parser.parse_args()
    print(f"{EACH * told.sets + 1} resources, {told.parallel} at once, {told.rounds} rounds, {os.cpu_count()} cores")
    times: dict[str, list[float]] = {"pulumi": [], "openstacksdk": []}
    with tempfile.TemporaryDirectory() as home:
        pulumi = Pulumi(Path(home), told.site, told.sets, told.parallel)
        for number in range(told.rounds):
            times["openstacksdk"].append(Sdk(told.site, told.sets, told.parallel).measure())
            times["pulumi"].append(pulumi.measure())
            print(f"round {number + 1}: " + ", ".join(f"{name} {each[-1]:.1f} s" for name, each in times.items()))
    medians = {name: statistics.median(each) for name, each in times.items()}
    ratio = medians["pulumi"] / medians["openstacksdk"]
    print("medians: " + ", ".join(f"{name} {median:.1f} s" for name, median in medians.items()))
    print(f"ratio: {ratio:.2f} (goal: {GOAL} at most, {'reached' if ratio <= GOAL else 'MISSED'})")


class Pulumi:
    """The program beside this file, in a state of its own."""

    def __init__(self, home: Path, site: str, sets: int, parallel: int) -> None:
        (home / "state").mkdir()
        (home / "passphrase").write_text("of a benchmark")
        self._env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("OS_")},
            **exports(),
            "PULUMI_BACKEND_URL": f"file://{home / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(home / "passphrase"),
            "OS_CLOUD": site,
        }
        self._more = ["--config-file", str(home / "Pulumi.bench.yaml"), "--parallel", str(parallel)]
        self._pulumi("stack", "init", "bench")
        config = ["--config-file", str(home / "Pulumi.bench.yaml")]
        self._pulumi("config", "set", "sets", str(sets), "--stack", "bench", *config)

    def measure(self) -> float:
        """Seconds of one ``pulumi up`` from nothing."""
        began = time.monotonic()
        self._pulumi("up", "--stack", "bench", "--yes", "--skip-preview", *self._more)
        took = time.monotonic() - began
        self._pulumi("destroy", "--stack", "bench", "--yes", "--skip-preview", *self._more)
        return took

    def _pulumi(self, *arguments: str) -> None:
        proc.run(["pulumi", *arguments, "--non-interactive"], timeout=LIMIT, env=self._env, cwd=PROGRAM)


class Sdk:
    """The same resources with openstacksdk: each is made, then read, as the provider does."""

    def __init__(self, site: str, sets: int, parallel: int) -> None:
        self._site, self._sets, self._parallel = site, sets, parallel

    def measure(self) -> float:
        """Seconds of making all, authentication included."""
        began = time.monotonic()
        network = connect(self._site).network
        router = network.create_router(name="bench")
        made: list[dict[str, Any]] = []
        with ThreadPoolExecutor(self._parallel) as pool:
            made = list(pool.map(lambda n: _make(network, router, n), range(self._sets)))
        took = time.monotonic() - began
        with ThreadPoolExecutor(self._parallel) as pool:
            list(pool.map(lambda each: _remove(network, router, each), made))
        network.delete_router(router)
        return took


def _make(network: Any, router: Any, n: int) -> dict[str, Any]:  # noqa: ANN401  # openstacksdk tells no types
    """One set: everything in it, in order."""
    own = _read(network.get_network, network.create_network(name=f"bench-{n}"))
    ipv4 = network.create_subnet(name=f"bench-{n}-4", network_id=own.id, ip_version=4, cidr=f"10.250.{n}.0/24")
    ipv6 = network.create_subnet(
        name=f"bench-{n}-6",
        network_id=own.id,
        ip_version=6,
        cidr=f"2001:db8:be:{n:x}::/64",
        ipv6_address_mode="slaac",
        ipv6_ra_mode="slaac",
    )
    for subnet in (ipv4, ipv6):
        _read(network.get_subnet, subnet)
    way = network.add_interface_to_router(router, subnet_id=ipv4.id)
    network.get_port(way["port_id"])
    group = network.create_security_group(name=f"bench-{n}")
    _all(network.delete_security_group_rule, (rule["id"] for rule in group.security_group_rules))
    _read(network.get_security_group, group)
    for family, prefix in (("IPv4", "10.200.0.0/24"), ("IPv6", "2001:db8:ff::/48")):
        rule = network.create_security_group_rule(
            security_group_id=group.id,
            direction="ingress",
            ethertype=family,
            protocol="tcp",
            port_range_min=22,
            port_range_max=22,
            remote_ip_prefix=prefix,
        )
        _read(network.get_security_group_rule, rule)
    return {"network": own, "ipv4": ipv4, "group": group}


def _remove(network: Any, router: Any, made: dict[str, Any]) -> None:  # noqa: ANN401
    network.remove_interface_from_router(router, subnet_id=made["ipv4"].id)
    network.delete_network(made["network"])
    network.delete_security_group(made["group"])


def _read(get: Callable[[str], Any], made: Any) -> Any:  # noqa: ANN401
    return get(made.id)


def _all(act: Callable[[str], Any], ids: Iterable[str]) -> None:
    for each in ids:
        act(each)


if __name__ == "__main__":
    main()
