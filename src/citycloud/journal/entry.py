"""Entries of a Journal, each sealed with the hash of the one before. Pure: the time is given."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from citycloud.plan.file import canonical

FIRST = "0" * 64
"""What the first entry of a Run has in place of a hash before it."""


class What(StrEnum):
    """What an entry tells."""

    OPENED = "opened"
    ATTEMPT = "attempt"
    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"
    TOLD = "told"
    STOPPED = "stopped"
    PAUSED = "paused"
    RESUMED = "resumed"
    APPROVAL = "approval"
    UNDO = "undo"
    UNDOING = "undoing"
    UNDONE = "undone"
    UNDO_FAILED = "undo-failed"
    UNDO_ENDED = "undo-ended"
    CLOSED = "closed"


@dataclass(frozen=True)
class Entry:
    """One thing that happened. ``told`` is plain JSON; ``time`` is ISO 8601 in UTC with microseconds."""

    run: str
    number: int
    """From 1, without gaps."""
    time: str
    what: str
    step: str
    host: str
    by: str
    """Who wrote it: ``user@machine#process``."""
    told: dict[str, Any]
    previous: str
    hash: str

    @property
    def when(self) -> datetime:
        return datetime.fromisoformat(self.time)

    def as_json(self) -> dict[str, Any]:
        return {**self.content(), "hash": self.hash}

    def content(self) -> dict[str, Any]:
        """Everything that the hash is made from."""
        return {
            "run": self.run,
            "number": self.number,
            "time": self.time,
            "what": self.what,
            "step": self.step,
            "host": self.host,
            "by": self.by,
            "told": self.told,
            "previous": self.previous,
        }

    def sealed(self) -> bool:
        """Whether the hash is that of the content."""
        return hash_of(self.content()) == self.hash


def hash_of(content: dict[str, Any]) -> str:
    """sha256 (hex) of the content's canonical JSON."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()


@dataclass(frozen=True)
class Draft:
    """An entry that is to be written."""

    what: What
    step: str = ""
    host: str = ""
    told: dict[str, Any] | None = None


def seal(run: str, number: int, previous: str, time: str, by: str, draft: Draft) -> Entry:
    """The entry that follows the one whose hash is ``previous``."""
    content = {
        "run": run,
        "number": number,
        "time": time,
        "what": str(draft.what),
        "step": draft.step,
        "host": draft.host,
        "by": by,
        "told": draft.told or {},
        "previous": previous,
    }
    return Entry(**content, hash=hash_of(content))  # type: ignore[arg-type]  # the fields by name


def broken_links(entries: Iterable[Entry]) -> Iterator[str]:
    """What speaks against these being a whole Journal from its first entry on: in words, nothing if it is sound."""
    previous, number, run = FIRST, 0, None
    for entry in entries:
        number += 1
        if entry.number != number:
            yield f"entry {number} is missing: {entry.number} stands in its place"
            number = entry.number
        if run is not None and entry.run != run:
            yield f"entry {number} is of another run"
        if not entry.sealed():
            yield f"entry {number} was changed: its hash is not that of what it says"
        if entry.previous != previous:
            yield f"entry {number} does not follow the one before it"
        previous, run = entry.hash, entry.run
