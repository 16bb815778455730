"""What a planted fault is, and what it changes."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from openstack.connection import Connection
from testinfra.host import Host  # type: ignore[import-untyped]

from citycloud import proc
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


def call(api: Any, verb: str, path: str, *, microversion: str | None = None, **given: Any) -> Any:  # noqa: ANN401
    """One API call that has to succeed."""
    words = {"microversion": microversion} if microversion else {}
    answer = getattr(api, verb)(path, **words, **given)
    assert answer.status_code < 400, f"{verb} {path}: {answer.status_code} {answer.text[:300]}"
    return answer.json() if answer.content else {}
