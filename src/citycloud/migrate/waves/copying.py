"""When each System's data is sent: one after another over its Site's line, as late as can be. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, timezone

from citycloud.migrate.choices import Line, WaveChoices
from citycloud.migrate.choices.model import as_time
from citycloud.migrate.waves.calendar import carried_mib, offset

Span = tuple[datetime, datetime]
STEP = timedelta(minutes=15)


def copying(choices: WaveChoices, moving: Sequence[tuple[str, str, int, datetime]]) -> Mapping[str, Span]:
    """From when to when each System of ``moving`` (id, site, MiB, begin of its cutover) is sent, to 15 minutes.

    As late as can be, so that nothing is kept up to date at the source for longer than it must: going back from the
    last one, each ends where its rehearsals begin or where the next one's sending does. What has nothing to send, or
    no line, is left out.
    """
    ahead = timedelta(days=choices.ahead_days)
    lines = {line.site: line for line in choices.lines}
    next_one: dict[str, int] = {}
    found: dict[str, Span] = {}
    for id_, site, size, begins in sorted(moving, key=lambda one: (one[3], one[0]), reverse=True):
        if site in lines and size:
            line, until = lines[site], begins - ahead
            end = min(
                carried_mib(line, choices.begins, until), next_one.get(site, carried_mib(line, choices.begins, until))
            )
            next_one[site] = max(end - size, 0)
            first = _when(line, choices.begins, next_one[site] + 1, offset(choices))
            last = _when(line, choices.begins, end, offset(choices)) + STEP
            found[id_] = (first, min(last, until))
    return found


def _when(line: Line, first: date, size: int, zone: timezone) -> datetime:
    """The last step at which less than ``size`` MiB can have been sent; found by halving."""
    begin = datetime.combine(first, as_time("00:00"), zone)
    low, high = 0, 4
    while carried_mib(line, first, begin + high * STEP) < size:
        low, high = high, high * 2
        if high > 96 * 3660:  # ten years: the line carries nothing
            return begin + low * STEP
    while high - low > 1:
        middle = (low + high) // 2
        if carried_mib(line, first, begin + middle * STEP) < size:
            low = middle
        else:
            high = middle
    return begin + low * STEP
