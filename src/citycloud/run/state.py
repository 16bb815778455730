"""What a Journal says of a Run: which step is where, host by host. Pure; entries are taken in one after the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from citycloud.journal.entry import Entry, What
from citycloud.plan.model import Plan, Step


class Status(StrEnum):
    WAITING = "waiting"
    BEGUN = "begun"
    """Under way, or cut off in its middle."""
    DONE = "done"
    FAILED = "failed"
    UNDOING = "undoing"
    UNDONE = "undone"


@dataclass
class Cell:
    """One step on one host (``""`` for a step that has none)."""

    status: Status = Status.WAITING
    ours: bool = False
    """Whether this Run, or one that it goes on from, has acted here: what was found so is left so by an undo."""
    begun: int = 0
    seen: str = ""
    """What a failure looked like."""
    evidence: list[dict[str, Any]] = field(default_factory=list)

    @property
    def touched(self) -> bool:
        """Whether there may be something to undo."""
        return self.ours and self.status not in (Status.WAITING, Status.UNDONE)


@dataclass
class State:
    """Everything that the runner needs to know of a Run."""

    plan: Plan
    number: int = 0
    """Of the last entry taken in."""
    hash: str = ""
    paused: bool = False
    undo_to: str | None = None
    """Where an undo that has not ended goes back to ("": all the way); None if there is none."""
    cells: dict[tuple[str, str], Cell] = field(default_factory=dict)
    approvals: list[Entry] = field(default_factory=list)
    attempt: int = 0
    """Number of the entry that began the last attempt."""
    failed_since: dict[str, set[str]] = field(default_factory=dict)
    """Hosts that failed in the last attempt, by step."""

    def cell(self, step: str, host: str = "") -> Cell:
        return self.cells.setdefault((step, host), Cell())

    def on(self, step: Step) -> dict[str, Cell]:
        """The step's cells by host."""
        return {host: self.cell(step.id, host) for host in step.hosts or ("",)}

    def done(self, step: Step) -> bool:
        return all(cell.status is Status.DONE for cell in self.on(step).values())

    def failed_before(self, step: Step) -> dict[str, str]:
        """Hosts of ``step`` on which a step that it needs is not done, with that step's id: they are left alone."""
        if not step.hosts:
            return {}
        needed = [each for each in self.plan.steps if each.id in step.needs and each.hosts]
        return {
            host: each.id
            for each in needed
            for host in step.hosts
            if host in each.hosts and self.cell(each.id, host).status is not Status.DONE
        }

    def take(self, entries: Iterable[Entry]) -> State:
        for entry in entries:
            self.number, self.hash = entry.number, entry.hash
            self._take(entry)
        return self

    def _take(self, entry: Entry) -> None:
        match entry.what:
            case What.OPENED:
                for step, host in entry.told.get("inherited", []):
                    self.cell(step, host).ours = True
            case What.ATTEMPT:
                self.attempt, self.failed_since = entry.number, {}
            case What.PAUSED:
                self.paused = True
            case What.RESUMED:
                self.paused = False
            case What.APPROVAL:
                self.approvals.append(entry)
            case What.UNDO:
                self.undo_to = str(entry.told["to"])
            case What.UNDO_ENDED:
                self.undo_to = None
            case _:
                self._cell(entry, self.cell(entry.step, entry.host))

    def _cell(self, entry: Entry, cell: Cell) -> None:
        match entry.what:
            case What.BEGUN:
                cell.status, cell.begun = Status.BEGUN, cell.begun + 1
                cell.ours = True
            case What.DONE:
                cell.status, cell.evidence = Status.DONE, entry.told["evidence"]
                cell.ours = entry.told["how"] != "found"
            case What.FAILED:
                cell.status, cell.seen = Status.FAILED, str(entry.told["seen"])
                self.failed_since.setdefault(entry.step, set()).add(entry.host)
            case What.UNDOING:
                cell.status = Status.UNDOING
            case What.UNDONE:
                cell.status, cell.ours, cell.begun = Status.UNDONE, False, 0
            case What.UNDO_FAILED:
                cell.status, cell.seen = Status.FAILED, str(entry.told["seen"])


def read(plan: Plan, entries: Iterable[Entry]) -> State:
    """The state after ``entries``, a whole Journal."""
    return State(plan).take(entries)
