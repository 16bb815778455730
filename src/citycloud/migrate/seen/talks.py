"""What talks to what: from connections seen and ports listened on, hosts by name where they were looked at. Pure."""

from __future__ import annotations

from collections import Counter
from ipaddress import ip_address

from citycloud.city.model import Noun
from citycloud.migrate.seen.observation import Observation, SeenHost

OUTSIDE = "outside"
"""What a Talk's end is called when it is no host that was looked at: ``outside 10.1.2.3``."""


class Talk(Noun):
    """``source`` was seen to call ``port`` of ``target``."""

    source: str
    target: str
    port: int
    process: str = ""
    """At the end that was looked at, the called one where both were."""
    sightings: int = 1


def talks(seen: Observation) -> tuple[Talk, ...]:
    """Every pair of ends that was seen to talk, each once, in order; a host's talk with itself is left out."""
    names = {address: host.id for host in seen.hosts for address in host.addresses}
    found: Counter[tuple[str, str, int]] = Counter()
    processes: dict[tuple[str, str, int], str] = {}
    for host in seen.hosts:
        for key, process, sightings in _of(host, names):
            if key[0] != key[1]:
                found[key] = max(found[key], sightings)
                if process and (key[1] == host.id or key not in processes):
                    processes[key] = process
    return tuple(
        Talk(source=key[0], target=key[1], port=key[2], process=processes.get(key, ""), sightings=count)
        for key, count in sorted(found.items())
    )


def _of(host: SeenHost, names: dict[str, str]) -> list[tuple[tuple[str, str, int], str, int]]:
    found = []
    for one in host.connections:
        peer = names.get(one.peer, host.id if _own(one.peer) else f"{OUTSIDE} {one.peer}")
        ends = (peer, host.id) if one.inbound else (host.id, peer)
        found.append(((*ends, one.port), one.process, one.sightings))
    return found


def _own(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
