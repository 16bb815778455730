"""Clients that still ask at the old address are led to the new one: by the old host's own packet filter.

Names are moved too (names.py), but a client that has looked a name up, or has the address written down, keeps on
asking at the old one. The old application is stopped at the same moment, so that connections that were open begin anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from citycloud.drivers.ssh import Ssh

TABLE = "citycloud_forward"
SYSCTL = "/proc/sys/net/ipv4/ip_forward"


class Forward(BaseModel):
    """What leads from an old host to a new address."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str
    """The old one."""
    address: str
    """The new IPv4 address."""
    ports: tuple[int, ...]
    units: tuple[str, ...]
    """Stopped there, in this order: they are what listened on the ports."""


def rules(forward: Forward) -> str:
    """nftables' text. Replies come back the same way (masquerade), so routes at the new place need not know of it."""
    ports = ", ".join(map(str, forward.ports))
    return f"""add table ip {TABLE}
delete table ip {TABLE}
table ip {TABLE} {{
    chain before {{
        type nat hook prerouting priority dstnat
        tcp dport {{ {ports} }} fib daddr type local dnat to {forward.address}
    }}
    chain here {{
        type nat hook output priority -100
        tcp dport {{ {ports} }} fib daddr type local ip daddr != 127.0.0.0/8 dnat to {forward.address}
    }}
    chain after {{
        type nat hook postrouting priority srcnat
        ip daddr {forward.address} ct status dnat masquerade
    }}
}}
"""


def lead(ssh: Ssh, forward: Forward) -> None:
    """In one command: a client that is cut off comes back to rules that stand already."""
    units = " ".join(forward.units)
    stops = f"; systemctl kill --signal=KILL {units}; systemctl stop --no-block {units}" if units else ""
    # what was on before is kept beside, for the way back; Restart= would bring a killed unit up again, stop does not
    keep = f"test -e /run/citycloud-forward || cat {SYSCTL} > /run/citycloud-forward"
    script = f"set -e; {keep}; echo 1 > {SYSCTL}; nft -f -; set +e{stops}; true"
    ssh.run(forward.host, script, stdin=rules(forward), seconds=30)


def leads(ssh: Ssh, forward: Forward) -> bool:
    seen = ssh.run(forward.host, f"nft list table ip {TABLE} 2>/dev/null || true", seconds=20)
    return f"dnat to {forward.address}" in seen


def release(ssh: Ssh, forward: Forward) -> None:
    """The old application serves again, then nothing is led away any more."""
    starts = "".join(f"systemctl start {unit}; " for unit in reversed(forward.units))
    back = f"if test -e /run/citycloud-forward; then cat /run/citycloud-forward > {SYSCTL}; fi"
    gone = f"nft delete table ip {TABLE} 2>/dev/null || true; {back}; rm -f /run/citycloud-forward"
    # connections that were led away stay known to the packet filter: without the rules they are cut off
    ssh.run(forward.host, f"set -e; {starts}{gone}; conntrack -D --dst-nat >/dev/null 2>&1 || true", seconds=60)


def every(ssh: Ssh, forwards: Sequence[Forward]) -> bool:
    return all(leads(ssh, forward) for forward in forwards)
