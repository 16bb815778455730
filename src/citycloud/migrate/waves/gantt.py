"""The plan of waves as a Gantt chart: when each System's data is sent, and when it is cut over. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from citycloud.migrate.choices import WaveChoices
from citycloud.migrate.waves.plan import Placement, WavePlan
from citycloud.report import Figure, Text
from citycloud.report.svg import Drawing

WIDE, NARROW = 1132.0, 362.0
TOP, ROW_WIDE, ROW_NARROW, FOOT = 40.0, 24.0, 34.0, 12.0
LEAST = 4.0
"""A bar's least width, so that a night can be seen in half a year."""
TITLE = Text("迁移批次", "Waves of moves")
CAPTION = Text(
    "每行一个系统：青色为传输数据的时间，紫色为切换窗口，数字为批次；灰底为全市不切换的日子（封网）。",
    "One system a row: teal is when its data is sent, violet the window it is cut over in, with the wave's number; "
    "grey are days on which nothing is cut over in the whole city.",
)


@dataclass(frozen=True)
class _Scale:
    """Days to pixels."""

    begin: datetime
    end: datetime
    left: float
    width: float

    def x(self, moment: datetime) -> float:
        share = (moment - self.begin) / (self.end - self.begin)
        return self.left + self.width * min(max(share, 0.0), 1.0)

    def day(self, day: date) -> float:
        return self.x(datetime(day.year, day.month, day.day, tzinfo=self.begin.tzinfo))


def gantt(plan: WavePlan, choices: WaveChoices) -> Figure:
    """The same chart for wide and for narrow pages."""
    return Figure(TITLE, CAPTION, _drawn(plan, choices, WIDE), _drawn(plan, choices, NARROW))


def _drawn(plan: WavePlan, choices: WaveChoices, width: float) -> str:
    wide = width > 420
    row, left = (ROW_WIDE, 250.0) if wide else (ROW_NARROW, 4.0)
    height = TOP + row * len(plan.placements) + FOOT
    begin = plan.begins.replace(hour=0, minute=0)
    last = max((wave.ends for wave in plan.waves), default=begin + timedelta(days=7))
    scale = _Scale(begin, last + timedelta(days=2), left, width - left - 8)
    drawing = Drawing(width, height)
    _calendar(drawing, choices, scale, height, every=1 if wide else 2)
    for at, one in enumerate(plan.placements):
        y = TOP + at * row
        if at and plan.placements[at - 1].wave != one.wave:
            drawing.line(0, y, width, y, "thin")
        _row(drawing, scale, one, y, wide)
    return drawing.source(TITLE)


def _calendar(drawing: Drawing, choices: WaveChoices, scale: _Scale, height: float, every: int) -> None:
    """Frozen days of the whole city, then months."""
    for frozen in choices.frozen:
        first, after = scale.day(frozen.begins), scale.day(frozen.ends + timedelta(days=1))
        if not frozen.departments and after > first:
            drawing.box(first, TOP - 8, after - first, height - TOP, "well", 0)
    for at, month in enumerate(_months(scale.begin, scale.end)):
        x = scale.x(month)
        drawing.line(x, TOP - 8, x, height, "thin")
        if at % every == 0 and x < scale.left + scale.width - 30:
            drawing.words(x + 3, TOP - 16, Text(f"{month.month} 月", f"{month:%b}"), "small soft")


def _months(begin: datetime, end: datetime) -> Sequence[datetime]:
    found, month = [], begin.replace(day=1)
    while month < end:
        if month >= begin:
            found.append(month)
        month = (month + timedelta(days=32)).replace(day=1)
    return found


def _row(drawing: Drawing, scale: _Scale, one: Placement, y: float, wide: bool) -> None:
    bar = y + (6 if wide else 18)
    drawing.words(4, y + (17 if wide else 13), Text(one.name, one.system), "small")
    if wide:
        drawing.words(scale.left - 8, y + 17, one.department, "mono soft", "end")
    if one.copy_begins is not None and one.copy_ends is not None:
        x = scale.x(one.copy_begins)
        drawing.box(x, bar + 2, max(scale.x(one.copy_ends) - x, LEAST), 8, "filled", 3)
    x, number = scale.x(one.begins), str(one.wave)
    width = 10 + 8 * len(number)
    drawing.box(min(x, scale.left + scale.width - width), bar - 2, width, 16, "filled-real", 5)
    drawing.words(min(x, scale.left + scale.width - width) + width / 2, bar + 10.5, number, "on-fill", "middle")
