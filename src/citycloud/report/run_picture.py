"""A Run as pictures: its timeline, and the curves of what was measured. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from citycloud.plan.model import Plan
from citycloud.report.html import duration
from citycloud.report.model import Figure, Text, both
from citycloud.report.run_facts import Curve, Down, Span
from citycloud.report.svg import Drawing

WIDE, NARROW = 1132.0, 362.0
PAUSE = 40.0
"""Pixels that a long pause takes, whatever its length."""
MOST_POINTS = 400
COLOURS = {"done": "var(--accent)", "failed": "var(--bad)", "undone": "var(--real)", "cut": "var(--bronze)"}
LEGEND = (
    ("done", Text("完成", "done")),
    ("failed", Text("失败", "failed")),
    ("cut", Text("中断", "cut off")),
    ("undone", Text("撤销", "undone")),
)


@dataclass(frozen=True)
class Scale:
    """Time to pixels, with long pauses cut short: (from, to, left, right) for each part that is drawn in full."""

    parts: tuple[tuple[float, float, float, float], ...]

    def at(self, when: datetime) -> float:
        moment = when.timestamp()
        for began, ended, left, right in self.parts:
            if moment <= ended:
                share = (max(moment, began) - began) / (ended - began) if ended > began else 0.0
                return left + share * (right - left)
        return self.parts[-1][3]


def scale(spans: Sequence[Span], left: float, right: float) -> Scale:
    """Pauses longer than a minute and than a tenth of the time at work become :data:`PAUSE` wide."""
    busy: list[list[float]] = []
    for began, ended in sorted((span.began.timestamp(), span.ended.timestamp()) for span in spans):
        if busy and began <= busy[-1][1]:
            busy[-1][1] = max(busy[-1][1], ended)
        else:
            busy.append([began, ended])
    worked = sum(ended - began for began, ended in busy)
    joined: list[list[float]] = []
    for began, ended in busy:
        if joined and began - joined[-1][1] <= max(60.0, worked / 10):
            joined[-1][1] = ended
        else:
            joined.append([began, ended])
    room = right - left - PAUSE * (len(joined) - 1)
    total = sum(ended - began for began, ended in joined) or 1.0
    parts, x = [], left
    for began, ended in joined:
        width = max(room * (ended - began) / total, 4.0)
        parts.append((began, ended, x, x + width))
        x += width + PAUSE
    return Scale(tuple(parts))


def timeline(plan: Plan, spans: Sequence[Span], downs: Sequence[Down]) -> Figure | None:
    """Each step in its row; None where nothing was begun."""
    if not spans:
        return None
    title = Text("时间线", "Timeline")
    caption = Text(
        "每行一步；长时间的等待缩短为一段虚线。红色底纹为停止服务的时间。",
        "A row for each step; long waits are cut short to a dashed piece. Red ground: time out of service.",
    )
    return Figure(
        title, caption, _timeline(plan, spans, downs, title, WIDE), _timeline(plan, spans, downs, title, NARROW)
    )


def _timeline(plan: Plan, spans: Sequence[Span], downs: Sequence[Down], title: Text, width: float) -> str:
    narrow = width < 600
    first = 8.0 if narrow else 330.0
    row = 40.0 if narrow else 28.0
    here = scale(spans, first, width - 64)
    drawing = Drawing(width, 44 + row * len(plan.steps) + 8)
    _legend(drawing, 8.0)
    for down in downs:
        left, right = here.at(down.began), here.at(down.ended or spans[-1].ended)
        drawing.add(
            "rect",
            x=left,
            y=36,
            width=max(right - left, 2),
            height=row * len(plan.steps) + 8,
            style="fill: var(--bad-soft)",
        )
    for before, after in zip(here.parts, here.parts[1:], strict=False):
        drawing.line(before[3] + 4, 40, after[2] - 4, 40, "dashed")
        drawing.words((before[3] + after[2]) / 2, 34, _short(after[0] - before[1]), "small soft", "middle")
    for number, step in enumerate(plan.steps):
        top = 44 + number * row
        # what went wrong is painted last: another host's success must not hide it
        own = sorted((span for span in spans if span.step == step.id), key=lambda span: span.came != "done")
        bar = top + (22 if narrow else 6)
        drawing.line(0, top, width, top, "thin")
        drawing.words(4, top + (16 if narrow else 19), _clip(step.id, 44), "small")
        for span in own:
            left, right = here.at(span.began), here.at(span.ended)
            drawing.add(
                "rect", x=left, y=bar, width=max(right - left, 3), height=13, rx=3, style=f"fill: {COLOURS[span.came]}"
            )
        if own:
            spent = (
                sum((span.ended - span.began).total_seconds() for span in own)
                if len(step.hosts) < 2
                else (max(span.ended for span in own) - min(span.began for span in own)).total_seconds()
            )
            drawing.words(width - 4, bar + 11, duration(spent), "small soft", "end")
    return drawing.source(title)


def _legend(drawing: Drawing, x: float) -> None:
    for came, words in LEGEND:
        drawing.add("rect", x=x, y=6, width=14, height=12, rx=3, style=f"fill: {COLOURS[came]}")
        drawing.words(x + 19, 17, words, "small soft")
        x += 82


def _clip(text: str, most: int) -> str:
    return text if len(text) <= most else f"…{text[1 - most :]}"


def _short(seconds: float) -> str:
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172800 else f"{seconds / 86400:.1f} d"


def curve_figure(curve: Curve) -> Figure:
    """One measurement over time."""
    title = Text(f"{curve.name}（{curve.unit or '数值'}）", f"{curve.name} ({curve.unit or 'value'})")
    low, high = min(v for _, v in curve.points), max(v for _, v in curve.points)
    caption = Text(
        f"{curve.name}：最低 {low:g}，最高 {high:g}，最后 {curve.points[-1][1]:g} {curve.unit}",
        f"{curve.name}: lowest {low:g}, highest {high:g}, last {curve.points[-1][1]:g} {curve.unit}",
    )
    return Figure(title, caption, _curve(curve, title, WIDE, 190), _curve(curve, title, NARROW, 170))


def _curve(curve: Curve, title: Text, width: float, height: float) -> str:
    drawing = Drawing(width, height)
    left, right, top, bottom = 64.0, width - 12, 16.0, height - 28
    points = _thinned(curve.points)
    began, ended = points[0][0].timestamp(), points[-1][0].timestamp()
    high = max(max(value for _, value in points), 0.0) or 1.0
    low = min(min(value for _, value in points), 0.0)
    for share in (0.0, 0.5, 1.0):
        y = bottom - share * (bottom - top)
        drawing.line(left, y, right, y, "thin")
        drawing.words(left - 6, y + 4, f"{low + share * (high - low):.4g}", "small soft", "end")
    path = " ".join(
        f"{left + (at.timestamp() - began) / (ended - began or 1) * (right - left):.1f},"
        f"{bottom - (value - low) / (high - low) * (bottom - top):.1f}"
        for at, value in points
    )
    drawing.add("polyline", points=path, style="fill: none; stroke: var(--accent); stroke-width: 2")
    drawing.words(left, height - 8, f"{points[0][0]:%H:%M:%S}", "small soft")
    drawing.words(right, height - 8, both(f"{points[-1][0]:%H:%M:%S}"), "small soft", "end")
    return drawing.source(title)


def _thinned(points: Sequence[tuple[datetime, float]]) -> list[tuple[datetime, float]]:
    """At most so many points; of each stretch the highest, for a peak is what matters."""
    size = -(-len(points) // MOST_POINTS)
    return [max(points[at : at + size], key=lambda point: point[1]) for at in range(0, len(points), size)]
