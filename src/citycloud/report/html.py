"""A report as one HTML page: no script, no font, no picture from elsewhere; the page's own policy forbids them too."""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from citycloud.report.model import Cell, Outcome, Report, Text

OUTCOMES = {
    Outcome.PASSED: Text("通过", "passed"),
    Outcome.FAILED: Text("未通过", "failed"),
    Outcome.UNPROVABLE: Text("此处无法证明", "not provable here"),
    Outcome.NOT_RUN: Text("未检查", "not checked"),
}


def render(report: Report) -> str:
    """The whole page. Every word of the report is escaped; only the drawings, made by our own code, are not."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(said=said, duration=duration, rightmost=_is_figure)
    here = files("citycloud.report")
    template = environment.from_string((here / "page.html.j2").read_text(encoding="utf-8"))
    style = Markup((here / "page.css").read_text(encoding="utf-8"))  # noqa: S704 (our own file)
    return template.render(
        report=report,
        style=style,
        outcomes=OUTCOMES,
        Outcome=Outcome,
        counts=report.counts(),
        total=sum(report.counts().values()),
        first=report.first_failure(),
        drawn=Markup,
    )


def said(words: Cell) -> Markup:
    """Words in both languages, of which the page shows one; plain words as they are."""
    if isinstance(words, str):
        return escape(words)
    if words.zh == words.en:
        return escape(words.zh)
    return Markup('<span lang="zh">{}</span><span lang="en">{}</span>').format(words.zh, words.en)


def duration(seconds: float) -> str:
    """``0.04 s``, ``12 s``, ``2 min 05 s``."""
    if seconds < 10:
        return f"{seconds:.2g} s" if seconds >= 0.005 else "0 s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


def _is_figure(cell: Cell) -> bool:
    return isinstance(cell, str) and cell[:1].isdigit() and len(cell) <= 12 and not any(c in cell for c in ".:-/ ")
