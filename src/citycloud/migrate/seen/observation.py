"""The Observation of a department's systems: a value with a schema version, in one canonical JSON form."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from citycloud.city.model import Id, Noun
from citycloud.errors import BadInput
from citycloud.findings import Finding, Place
from citycloud.migrate.seen.database import DatabaseServer
from citycloud.migrate.seen.files import Certificate, ClearSecret, Mention, SealedKey, Tree
from citycloud.migrate.seen.host import Connection, CronJob, Filesystem, Os, Package, Port, Program, Service, User
from citycloud.migrate.seen.use import Use

SCHEMA_VERSION = 1
LARGEST_FILE = 256 * 1024 * 1024
"""Bytes of an Observation's file."""
SHOWN_FAULTS = 20


class Unseen(Noun):
    """What should have been looked at and could not be, and why: never passed over in silence."""

    host: str
    fact: str
    why: str


class SeenHost(Noun):
    """One host of a System, as it was seen."""

    id: Id
    """As the department's choices name it."""
    system: Id
    began: datetime
    ended: datetime
    addresses: tuple[str, ...] = ()
    """Its own, without loopback and link-local ones."""
    os: Os | None = None
    packages: tuple[Package, ...] = ()
    programs: tuple[Program, ...] = ()
    services: tuple[Service, ...] = ()
    ports: tuple[Port, ...] = ()
    connections: tuple[Connection, ...] = ()
    use: Use | None = None
    filesystems: tuple[Filesystem, ...] = ()
    databases: tuple[DatabaseServer, ...] = ()
    trees: tuple[Tree, ...] = ()
    cron: tuple[CronJob, ...] = ()
    users: tuple[User, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    keys: tuple[SealedKey, ...] = ()
    mentions: tuple[Mention, ...] = ()
    secrets: tuple[ClearSecret, ...] = ()


class Observation(Noun):
    """What was seen of a department's systems, and when."""

    schema_version: Literal[1] = 1
    kind: Literal["migrate"] = "migrate"
    department: Id
    began: datetime
    ended: datetime
    hosts: tuple[SeenHost, ...] = ()
    unseen: tuple[Unseen, ...] = Field(default=())

    @model_validator(mode="after")
    def _hosts_differ(self) -> Observation:
        ids = [host.id for host in self.hosts]
        if len(ids) != len(set(ids)):
            raise ValueError("a host is there twice")
        return self

    def of(self, system: str) -> tuple[SeenHost, ...]:
        """The hosts of one System."""
        return tuple(host for host in self.hosts if host.system == system)


def to_json(seen: Observation) -> str:
    """The canonical form: keys in order, one line a value, so that two Observations can be compared as text."""
    return json.dumps(seen.model_dump(mode="json"), ensure_ascii=False, sort_keys=True, indent=1) + "\n"


def from_json(path: Path) -> Observation:
    """The Observation that a file holds. Raises BadInput, with every fault, where it holds none."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise BadInput(f"{path}: larger than {LARGEST_FILE >> 20} MiB: not an Observation of ours")
        told: Any = json.loads(path.read_text(encoding="utf-8"))
        _ours(path, told)
        return Observation.model_validate(told)
    except OSError as fault:
        raise BadInput(f"{path}: can't be read: {fault.strerror}") from fault
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as fault:
        raise BadInput(f"{path}: not JSON: {str(fault)[:200]}") from fault
    except ValidationError as fault:
        raise BadInput(f"{path}: not an Observation", _findings(path, fault)) from fault


def _ours(path: Path, told: Any) -> None:  # noqa: ANN401 (JSON)
    if not isinstance(told, dict) or told.get("kind") != "migrate":
        raise BadInput(f"{path}: not an Observation of a migration: see `citycloud observe migrate --help`")
    if told.get("schema_version") != SCHEMA_VERSION:
        said = f"schema version {told.get('schema_version')!r}, and this citycloud reads {SCHEMA_VERSION}"
        raise BadInput(f"{path}: {said}: observe again")


def _findings(path: Path, fault: ValidationError) -> list[Finding]:
    details = fault.errors(include_url=False)[:SHOWN_FAULTS]
    return [
        Finding("bad-value", Place(str(path), 0, ".".join(map(str, one["loc"]))), f"{one['loc']}: {one['msg']}")
        for one in details
    ]


def merged(several: Sequence[Observation]) -> Observation:
    """One Observation of several of the same department: of each host the latest look, with every look's samples.

    So that use measured at different times of day counts together. Raises BadInput for different departments or none.
    """
    if len({seen.department for seen in several}) != 1:
        raise BadInput("only Observations of one department can be taken together")
    latest: dict[str, SeenHost] = {}
    uses: dict[str, list[Use]] = {}
    for seen in sorted(several, key=lambda one: (one.ended, one.began)):
        for host in seen.hosts:
            latest[host.id] = host
            uses.setdefault(host.id, []).extend([host.use] if host.use else [])
    hosts = tuple(host.model_copy(update={"use": _joined(uses[host.id])}) for _, host in sorted(latest.items()))
    last = max(several, key=lambda one: one.ended)
    return last.model_copy(update={"began": min(one.began for one in several), "hosts": hosts})


def _joined(uses: Sequence[Use]) -> Use | None:
    if not uses:
        return None
    distinct = list({(use.began, use.seconds): use for use in uses}.values())
    samples = tuple(sample for use in distinct for sample in use.samples)
    return Use(began=distinct[0].began, seconds=sum(use.seconds for use in distinct), samples=samples)
