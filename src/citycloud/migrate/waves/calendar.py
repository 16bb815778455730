"""The calendar of moves: windows as they come, days on which nothing moves, and what lines carry until then. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from citycloud.migrate.choices import Frozen, Line, WaveChoices, WeekWindow
from citycloud.migrate.choices.model import DAY_MINUTES, DAYS, as_time, minutes

MEGABIT = 1_000_000
MEBIBYTE_BITS = 8 * 1024 * 1024


@dataclass(frozen=True, order=True)
class Slot:
    """One occurrence of a window."""

    begins: datetime
    """With the city's offset from UTC."""
    ends: datetime

    @property
    def day(self) -> date:
        """On which it begins."""
        return self.begins.date()

    @property
    def minutes(self) -> int:
        return int((self.ends - self.begins).total_seconds()) // 60

    def __str__(self) -> str:
        return f"{self.begins:%Y-%m-%d %H:%M}-{self.ends:%H:%M}"


def offset(choices: WaveChoices) -> timezone:
    sign = -1 if choices.utc_offset.startswith("-") else 1
    return timezone(sign * timedelta(minutes=minutes(choices.utc_offset[1:])))


def slots(choices: WaveChoices) -> tuple[Slot, ...]:
    """Every occurrence of the city's windows from its first day to its last, in order, each once."""
    zone = offset(choices)
    found = {slot for day in _days(choices.begins, choices.ends) for slot in _on(day, choices.windows, zone)}
    return tuple(sorted(found))


def _days(first: date, last: date) -> Iterator[date]:
    for at in range((last - first).days + 1):
        yield first + timedelta(days=at)


def _on(day: date, windows: Sequence[WeekWindow], zone: timezone) -> Iterator[Slot]:
    """The windows that begin on ``day``."""
    for window in windows:
        if DAYS[day.weekday()] in window.days:
            begins = datetime.combine(day, as_time(window.begins), zone)
            yield Slot(begins, begins + timedelta(minutes=window.length))


def shared(slot: Slot, windows: Sequence[WeekWindow]) -> Slot | None:
    """The longest part of ``slot`` that lies within one occurrence of one of ``windows``; None where there is none.

    No window named: the whole slot.
    """
    if not windows:
        return slot
    zone = slot.begins.tzinfo
    assert isinstance(zone, timezone)
    near = [other for day in _days(slot.day - timedelta(days=1), slot.ends.date()) for other in _on(day, windows, zone)]
    common = [Slot(max(slot.begins, other.begins), min(slot.ends, other.ends)) for other in sorted(near)]
    return max((one for one in common if one.minutes > 0), key=lambda one: one.minutes, default=None)


def frozen_by(slot: Slot, frozen: Sequence[Frozen], department: str) -> Frozen | None:
    """What keeps the department from moving in ``slot``: a frozen day that the window touches."""
    last = (slot.ends - timedelta(minutes=1)).date()
    for one in frozen:
        named = not one.departments or department in one.departments
        if named and one.begins <= last and slot.day <= one.ends:
            return one
    return None


def carried_mib(line: Line, first: date, until: datetime) -> int:
    """Whole MiB that moves may send over ``line`` from the first minute of ``first`` until ``until`` (a local time)."""
    whole, rest = divmod(until - datetime.combine(first, as_time("00:00"), until.tzinfo), timedelta(days=1))
    if whole < 0:
        return 0
    megabit_minutes = whole * _until(line, DAY_MINUTES) + _until(line, int(rest.total_seconds()) // 60)
    return megabit_minutes * 60 * MEGABIT * line.usable_percent // (100 * MEBIBYTE_BITS)


def _until(line: Line, minute: int) -> int:
    """Megabit a second times minutes, from midnight to that minute of the day."""
    spans = ((minutes(one.begins), min(minutes(one.ends), minute), one.megabits) for one in line.hours)
    return sum(max(ends - begins, 0) * megabits for begins, ends, megabits in spans)
