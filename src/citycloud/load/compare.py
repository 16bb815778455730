"""What is there, held against what was acknowledged: by value, row by row. Pure but for ``fetch``."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from citycloud.city.model import Noun
from citycloud.errors import StepFailed
from citycloud.load.line import Line, Refused
from citycloud.load.model import Ack, record_number, record_value

PAGE = 1000
TRIES = 5
PAUSE = 0.5
"""Seconds between tries of a page."""
MOST = 40_000_000
"""Records that a target may show before it is taken for one that never ends."""


class Found(Noun):
    """A record as the target shows it. ``copies``: in its table without a key, where the application has one."""

    id: str
    value: str
    copies: int = 1


class Altered(Noun):
    id: str
    written: str
    found: str


class Verdict(Noun):
    """Every difference, by id. ``unacknowledged`` is no fault: nobody was told that those are written, or not."""

    acknowledged: int
    found: int
    lost: tuple[str, ...]
    altered: tuple[Altered, ...]
    doubled: tuple[str, ...]
    unacknowledged: tuple[str, ...]
    strange: tuple[str, ...]
    """Ids of the load's run that it never made."""

    @property
    def holds(self) -> bool:
        """Whether all that was acknowledged is there once, as it was written, and nothing else that was not sent."""
        return not (self.lost or self.altered or self.doubled or self.strange)


def compare(run: str, ledger: Iterable[Ack], found: Iterable[Found]) -> Verdict:
    """``found`` may come in any order. What was sent without an answer has to be as it was sent, too."""
    written = {ack.id: ack.value for ack in ledger}
    seen: dict[str, str] = {}
    altered, doubled, unacknowledged, strange, half = [], [], [], [], []
    count = 0
    for one in found:
        count += 1
        number = record_number(run, one.id)
        if number is None:
            strange.append(one.id)
            continue
        if one.id in seen or one.copies > 1:
            doubled.append(one.id)
        if one.copies < 1:
            half.append(one.id)
        seen[one.id] = one.value
        sent = written.get(one.id, record_value(run, number))
        if one.value != sent:
            altered.append(Altered(id=one.id, written=sent, found=one.value))
        if one.id not in written:
            unacknowledged.append(one.id)
    lost = [id_ for id_ in written if id_ not in seen] + [id_ for id_ in half if id_ in written]
    return Verdict(
        acknowledged=len(written),
        found=count,
        lost=tuple(sorted(lost)),
        altered=tuple(altered),
        doubled=tuple(sorted(set(doubled))),
        unacknowledged=tuple(sorted(set(unacknowledged))),
        strange=tuple(strange),
    )


def fetch(line: Line, run: str) -> Iterator[Found]:
    """Every record of ``run`` that the application shows, page by page. Raises StepFailed."""
    after, count = "", 0
    while records := _page(line, run, after):
        yield from records
        count += len(records)
        last = max(record.id for record in records)
        if last <= after or count > MOST:
            raise _failed(f"pages do not end: after {after!r} comes {last!r}")
        after = last


def _page(line: Line, run: str, after: str) -> list[Found]:
    for attempt in range(TRIES):
        try:
            return [Found.model_validate(record) for record in line.page(run, after, PAGE)]
        except (Refused, ValueError) as fault:
            if attempt == TRIES - 1:
                raise _failed(str(fault)) from fault
            time.sleep(PAUSE)
    raise AssertionError("not reached")


def _failed(seen: str) -> StepFailed:
    return StepFailed(
        step="comparing what is there with what was acknowledged",
        seen=seen,
        state="the ledger is untouched; nothing was compared",
        command="citycloud load compare",
    )
