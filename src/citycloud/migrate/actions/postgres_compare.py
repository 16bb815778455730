"""Source and target compared by value: rows and sums over rows of every table, sequences, large objects."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from citycloud.errors import CitycloudError
from citycloud.migrate.actions.postgres_sql import LIKE_ELSEWHERE, SCANS_SUM, SEQUENCES, TABLES, sum_of

if TYPE_CHECKING:
    from citycloud.drivers.postgres import Session

LIMIT = 3600.0
"""Seconds for one table."""


class Differs(CitycloudError):
    """What is at the target is not what is at the source."""


@dataclass(frozen=True)
class Snapshot:
    """A session that sees what was there at one moment, and nothing that is written later. Sequences know no
    transactions: they are read at that moment."""

    session: Session
    sequences: dict[str, str]


def snapshot(session: Session) -> Snapshot:
    """Take it while nobody writes."""
    session.ask(LIKE_ELSEWHERE)
    session.ask("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; SELECT txid_current_snapshot()")
    return Snapshot(session, {f"sequence {row[0]}.{row[1]}": row[2] for row in session.ask(SEQUENCES)})


def sums(side: Snapshot) -> dict[str, str]:
    """``table`` -> rows and sums; ``sequence``, ``large objects`` likewise."""
    from citycloud.drivers.postgres import identifier

    found = dict(side.sequences)
    for row in side.session.ask(TABLES):
        found[f"{row[0]}.{row[1]}"] = "/".join(side.session.ask(sum_of(identifier(row[0], row[1])), LIMIT)[0])
    return {**found, "large objects": "/".join(side.session.ask(SCANS_SUM, LIMIT)[0])}


def compare(source: Snapshot, target: Snapshot) -> str:
    """What was compared, in figures. Raises Differs, naming every difference."""
    with ThreadPoolExecutor(2) as pool:
        here, there = pool.map(sums, (source, target))
    if odd := [name for name in sorted({*here, *there}) if here.get(name) != there.get(name)]:
        told = [f"{name}: {here.get(name, 'nothing')} against {there.get(name, 'nothing')}" for name in odd[:5]]
        more = f" and {len(odd) - 5} more" if len(odd) > 5 else ""
        raise Differs(f"{source.session.host} and {target.session.host} differ: {'; '.join(told)}{more}")
    tables = [value for name, value in here.items() if not name.startswith(("sequence ", "large objects"))]
    rows = sum(int(value.split("/")[0]) for value in tables)
    scans = here["large objects"].split("/")[0]
    return (
        f"{len(tables)} tables with {rows} rows, {len(source.sequences)} sequences and {scans} large objects are equal"
    )
