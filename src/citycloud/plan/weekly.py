"""Weekly windows in local time, a change to and from summer time included. Pure: the time is given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _openings(days: Iterable[str], opens: str, zone: str, now: datetime) -> Iterator[datetime]:
    """Openings from eight days before ``now`` to eight days after, earliest first, in UTC."""
    there, wanted = ZoneInfo(zone), {DAYS.index(day) for day in days}
    at = time.fromisoformat(opens)
    today = now.astimezone(there).date()
    for away in range(-8, 9):
        day = today + timedelta(days=away)
        if day.weekday() in wanted:
            yield datetime.combine(day, at, there).astimezone(UTC)


def room_weekly(days: Iterable[str], opens: str, length: timedelta, zone: str, now: datetime) -> timedelta:
    """How much is left at ``now`` of the window that is open then; nothing if none is."""
    left = (opening + length - now for opening in _openings(days, opens, zone, now) if opening <= now)
    return max((each for each in left if each > timedelta(0)), default=timedelta(0))


def next_weekly(days: Iterable[str], opens: str, zone: str, now: datetime) -> datetime | None:
    """The first opening after ``now``; None where no day is named."""
    return next((opening for opening in _openings(days, opens, zone, now) if opening > now), None)
