"""From the looks that were taken at a host in use to rates and connections. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from citycloud.migrate.discover.parse_host import end, process
from citycloud.migrate.seen import Connection, Sample, Use


@dataclass(frozen=True)
class _Look:
    """Counters at one moment."""

    up: float
    counters: dict[str, tuple[float, ...]]
    connections: tuple[str, ...]


def _looks(text: str) -> list[_Look]:
    found = []
    for block in re.split(r"^@@ look ", text, flags=re.MULTILINE)[1:]:
        lines = block.splitlines()
        counters = {}
        for line in lines[1:]:
            words = line.split()
            if words and words[0] in ("cpu_usec", "memory_kib", "disk_kib", "net_bytes"):
                counters[words[0]] = tuple(float(word) for word in words[1:])
        found.append(_Look(float(lines[0]), counters, tuple(line for line in lines[1:] if line.startswith("tcp "))))
    return found


def use(text: str, began: datetime) -> Use:
    """Means between each look and the next. Raises ValueError where there are not two looks."""
    looks = _looks(text)
    if len(looks) < 2:
        raise ValueError("less than two looks")
    samples = tuple(_sample(looks[0].up, one, other) for one, other in pairwise(looks) if other.up > one.up)
    return Use(began=began, seconds=round(looks[-1].up - looks[0].up, 2), samples=samples)


def _sample(first: float, one: _Look, other: _Look) -> Sample:
    seconds = other.up - one.up

    def rate(name: str, at: int, each: float) -> float:
        before, after = one.counters.get(name, ()), other.counters.get(name, ())
        if len(before) <= at or len(after) <= at:
            return 0.0
        return round(max(after[at] - before[at], 0.0) / each / seconds, 3)

    return Sample(
        at_seconds=round(other.up - first, 2),
        cpu_cores=rate("cpu_usec", 0, 1_000_000),
        memory_mib=round(other.counters.get("memory_kib", (0.0,))[0] / 1024, 1),
        read_kib=rate("disk_kib", 0, 1),
        written_kib=rate("disk_kib", 1, 1),
        received_kib=rate("net_bytes", 0, 1024),
        sent_kib=rate("net_bytes", 1, 1024),
    )


def connections(text: str, served: frozenset[int]) -> tuple[Connection, ...]:
    """Peers, and in how many looks each was there. ``served``: ports that the host itself listens on."""
    seen: Counter[tuple[bool, int, str, str]] = Counter()
    for look in _looks(text):
        seen.update({key for line in look.connections if (key := _connection(line.split(), line, served))})
    return tuple(
        Connection(inbound=inbound, port=port, peer=peer, process=name, sightings=times)
        for (inbound, port, peer, name), times in sorted(seen.items())
    )


def _connection(words: Sequence[str], line: str, served: frozenset[int]) -> tuple[bool, int, str, str] | None:
    """``tcp RECV-Q SEND-Q HERE THERE [users]``, as ss writes established connections."""
    if len(words) < 5:
        return None
    (_, here), (peer, there) = end(words[3]), end(words[4])
    inbound = here in served
    return inbound, here if inbound else there, peer, process(line)
