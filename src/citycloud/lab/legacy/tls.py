"""Certificates of the systems in the rooms that have one, from the lab's own authority."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from citycloud.lab.legacy.model import Software
from citycloud.lab.legacy.spec import RoomsSpec
from citycloud.lab.openstack.tls import Authority

WITH_TLS = frozenset({Software.GAUGES_WEB})
"""The others have none: what an assessment is to find."""


def certificates(spec: RoomsSpec, home: Path) -> Mapping[str, bytes]:
    """By system: certificate and key in one PEM, kept in the lab's directory so that another deploy finds the same.

    They are for the system's name, which stays when the system moves.
    """
    found: dict[str, bytes] = {}
    for room in spec.rooms:
        for declared, host in room.pairs():
            if declared.runs in WITH_TLS:
                name = f"{declared.system}.{spec.lab.city.domain}"
                addresses: list[IPv4Address | IPv6Address] = [host.addresses.ipv4, host.addresses.ipv6]
                found[declared.system] = _kept(home / "tls" / f"room-{declared.id}.pem", home, name, addresses)
    return found


def _kept(path: Path, home: Path, name: str, addresses: Sequence[IPv4Address | IPv6Address]) -> bytes:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        pem = Authority.open(home).issue(name, addresses)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
    return path.read_bytes()
