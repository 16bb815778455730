"""What a report holds. Frozen values without I/O; the words a person reads are given in Chinese and English."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True)
class Text:
    """The same words in both languages."""

    zh: str
    en: str


def both(words: str) -> Text:
    """Words that are the same in both languages: an id, a figure, an address."""
    return Text(words, words)


NOTHING = both("")
Cell = Text | str


class Outcome(StrEnum):
    """How a requirement came out."""

    PASSED = "passed"
    FAILED = "failed"
    UNPROVABLE = "unprovable"
    """Nothing here can show it, one way or the other. Never counted as passed."""
    NOT_RUN = "not-run"
    """It should have been checked and was not. Counts against the verdict like a failure."""


@dataclass(frozen=True)
class Result:
    """One requirement, and what was seen of it."""

    id: str
    """Stable from run to run."""
    sentence: Text
    outcome: Outcome
    evidence: Cell
    """What was seen, as values, not opinions; or in words why nothing could be."""
    seconds: float = 0.0
    subject: str = ""
    """The object it is about."""


@dataclass(frozen=True)
class Group:
    """Results of one kind."""

    id: str
    title: Text
    results: tuple[Result, ...]

    def count(self, outcome: Outcome) -> int:
        return sum(result.outcome is outcome for result in self.results)


@dataclass(frozen=True)
class Fact:
    """One figure worth reading at a glance."""

    label: Text
    value: str
    unit: Text = NOTHING


@dataclass(frozen=True)
class Table:
    """Rows under column names. Cells that begin with a digit are set right."""

    title: Text
    columns: tuple[Text, ...]
    rows: tuple[tuple[Cell, ...], ...]
    folded: bool = False
    """Shown closed at first: long tables."""


@dataclass(frozen=True)
class Figure:
    """A drawing: SVG source made by our own code (see report/svg.py), for wide and for narrow pages."""

    title: Text
    caption: Text
    wide: str
    narrow: str


@dataclass(frozen=True)
class Section:
    """A part of the report that tells what something is."""

    id: str
    title: Text
    words: Text = NOTHING
    facts: tuple[Fact, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True)
class Stage:
    """A part of the run, and how long it took."""

    title: Text
    seconds: float


@dataclass(frozen=True)
class Report:
    """Everything one report says."""

    kind: str
    """``verify``, later ``migrate``, ``ipv6``, ``dr``."""
    title: Text
    subtitle: Text
    began: datetime
    """With a time zone."""
    ended: datetime
    command: str
    """What makes this report again."""
    sections: tuple[Section, ...]
    groups: tuple[Group, ...]
    limits: tuple[Text, ...] = ()
    """What could not be proved here, said aloud."""
    stages: tuple[Stage, ...] = ()

    def results(self) -> Iterator[Result]:
        for group in self.groups:
            yield from group.results

    def counts(self) -> Counter[Outcome]:
        return Counter(result.outcome for result in self.results())

    def passed(self) -> bool:
        """Something was proved, and nothing failed or was left out."""
        counts = self.counts()
        return counts[Outcome.PASSED] > 0 and not counts[Outcome.FAILED] and not counts[Outcome.NOT_RUN]

    def first_failure(self) -> Result | None:
        """The first result that speaks against the whole, in the order of the checks."""
        bad = (Outcome.FAILED, Outcome.NOT_RUN)
        return next((result for result in self.results() if result.outcome in bad), None)
