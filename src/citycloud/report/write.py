"""Writing a report: ``NAME.html`` for people, ``NAME.json`` for machines, each put in place whole."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from citycloud.report.html import render
from citycloud.report.model import Report, Result, Text

HIDDEN = "«secret»"
SHORTEST_SECRET = 6


@dataclass(frozen=True)
class Written:
    html: Path
    json: Path


def redacted(report: Report, secrets: Iterable[str]) -> Report:
    """The report with every secret that slipped into evidence taken out. Values under 6 characters are left: they
    would blacken ordinary words."""
    known = sorted({secret for secret in secrets if len(secret) >= SHORTEST_SECRET}, key=len, reverse=True)

    def hide(text: str) -> str:
        for secret in known:
            text = text.replace(secret, HIDDEN)
        return text

    def clean(result: Result) -> Result:
        seen = result.evidence
        hidden = hide(seen) if isinstance(seen, str) else Text(hide(seen.zh), hide(seen.en))
        return replace(result, evidence=hidden)

    groups = tuple(replace(group, results=tuple(map(clean, group.results))) for group in report.groups)
    return replace(report, groups=groups)


def as_json(report: Report) -> dict[str, Any]:
    """The report for machines: the same facts, without drawings."""
    first = report.first_failure()
    data = asdict(report)
    for section in data["sections"]:
        del section["figures"]
    data["began"], data["ended"] = report.began.isoformat(), report.ended.isoformat()
    data["passed"] = report.passed()
    data["counts"] = {str(outcome): count for outcome, count in sorted(report.counts().items())}
    data["first_failure"] = first.id if first else None
    return data


def write(report: Report, html: Path, secrets: Iterable[str] = ()) -> Written:
    """Write the page to ``html`` and the JSON beside it. ``secrets`` never reach either.

    Raises OSError where the folder cannot be written.
    """
    clean = redacted(report, secrets)
    beside = html.with_suffix(".json")
    html.parent.mkdir(parents=True, exist_ok=True)
    _put(html, render(clean))
    _put(beside, json.dumps(as_json(clean), ensure_ascii=False, indent=1) + "\n")
    return Written(html, beside)


def _put(path: Path, text: str) -> None:
    """Whole or not at all: a reader never meets half a report."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.write_text(text, encoding="utf-8")
    half.replace(path)
