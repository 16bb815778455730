"""What a Run's Journal amounts to: how long steps took, when something was down, what was measured. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from citycloud.journal.entry import Entry, What

BEGINS = (What.BEGUN, What.UNDOING)
ENDS = {What.DONE: "done", What.FAILED: "failed", What.UNDONE: "undone", What.UNDO_FAILED: "failed"}


@dataclass(frozen=True)
class Span:
    """A step under way. ``came``: ``done``, ``failed``, ``undone``, or ``cut`` where its process was cut off."""

    step: str
    host: str
    began: datetime
    ended: datetime
    came: str


@dataclass(frozen=True)
class Down:
    """Something that did not serve. ``ended`` is None where it has not come back."""

    what: str
    step: str
    began: datetime
    ended: datetime | None

    @property
    def seconds(self) -> float:
        return (self.ended - self.began).total_seconds() if self.ended else 0.0


@dataclass
class Curve:
    """A measurement over time."""

    name: str
    unit: str
    points: list[tuple[datetime, float]] = field(default_factory=list)


def spans(entries: Sequence[Entry]) -> list[Span]:
    """Every time that a step was under way, in the order of their beginnings."""
    found: list[Span] = []
    begun: dict[tuple[str, str], datetime] = {}
    last = datetime.min
    for entry in entries:
        key = (entry.step, entry.host)
        if entry.what in BEGINS:
            if key in begun:
                found.append(Span(*key, begun[key], max(begun[key], last), "cut"))
            begun[key] = entry.when
        elif entry.what in ENDS and key in begun:
            found.append(Span(*key, begun.pop(key), entry.when, ENDS[What(entry.what)]))
        last = entry.when
    found += [Span(*key, began, max(began, last), "cut") for key, began in begun.items()]
    return sorted(found, key=lambda span: (span.began, span.step, span.host))


def _lines(entries: Iterable[Entry]) -> Iterator[tuple[Entry, datetime, dict[str, object]]]:
    for entry in entries:
        if entry.what == What.TOLD:
            for line in entry.told["lines"]:
                yield entry, datetime.fromisoformat(line["at"]), line


def downtimes(entries: Iterable[Entry]) -> list[Down]:
    """When something was down, as the steps told. A second ``down`` before an ``up`` (after a crash) does not count."""
    found: list[Down] = []
    since: dict[str, tuple[str, datetime]] = {}
    for entry, at, line in _lines(entries):
        if "down" in line:
            since.setdefault(str(line["down"]), (entry.step, at))
        elif "up" in line and str(line["up"]) in since:
            step, began = since.pop(str(line["up"]))
            found.append(Down(str(line["up"]), step, began, at))
    return found + [Down(what, step, began, None) for what, (step, began) in since.items()]


def curves(entries: Iterable[Entry], least: int = 3) -> list[Curve]:
    """Measurements with at least so many points, by step and name."""
    found: dict[tuple[str, str], Curve] = {}
    for entry, at, line in _lines(entries):
        if "measure" in line:
            name = f"{entry.step}: {line['measure']}"
            curve = found.setdefault((name, entry.host), Curve(name, str(line.get("unit", ""))))
            curve.points.append((at, float(str(line["value"]))))
    return [curve for curve in found.values() if len(curve.points) >= least]
