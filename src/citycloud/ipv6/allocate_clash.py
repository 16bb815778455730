"""What a unit uses already, at the very place where its prefix has a network of another kind: pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from citycloud.findings import Finding, Place
from citycloud.ipv6.allocate_plan import Allotment
from citycloud.ipv6.allocate_register import Existing


def clashes(existing: Sequence[tuple[Existing, Place]], allotments: Iterable[Allotment]) -> Iterator[Finding]:
    """A fault, and not something to keep: one prefix would be two networks of one unit, under two kinds' rules."""
    networks: dict[str, list[Allotment]] = {}
    for one in allotments:
        if one.kind == "network":
            networks.setdefault(one.unit, []).append(one)
    for row, place in existing:
        for one in networks.get(row.unit, ()):
            if row.network is not None and row.network != one.network and row.prefix.overlaps(one.prefix):
                said = f"{row.prefix} in use by {row.unit} for {row.network} overlaps its {one.network} {one.prefix}"
                yield Finding("overlap", place, said, f"renumber it, or say `{one.network}` where it is that in truth")
