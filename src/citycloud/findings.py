"""Findings: faults and warnings, collected rather than thrown one by one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, order=True)
class Place:
    """Where a Finding is: a file and line (1-based), or, with no file, the object's name."""

    file: str = ""
    line: int = 0
    object: str = ""

    def __str__(self) -> str:
        if self.file:
            return f"{self.file}:{self.line}" if self.line else self.file
        return self.object


@dataclass(frozen=True)
class Finding:
    """One fault or warning: what kind, where, what is wrong, and what to do about it."""

    kind: str
    """Stable kebab-case id, such as ``unknown-field``."""
    place: Place
    message: str
    suggestion: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        tail = f" ({self.suggestion})" if self.suggestion else ""
        return f"{self.place}: {self.severity} [{self.kind}] {self.message}{tail}"

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """Only the findings that forbid going on."""
    return [finding for finding in findings if finding.severity is Severity.ERROR]
