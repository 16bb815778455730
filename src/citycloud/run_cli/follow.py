"""A Run as it goes on, line by line, from its Journal: whichever process works at it."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.text import Text as Rich

from citycloud.journal import Entry, Journal, What
from citycloud.plan.model import Plan

STYLES = {What.FAILED: "red", What.UNDO_FAILED: "red", What.STOPPED: "yellow", What.DONE: "green", What.TOLD: "dim"}


def console() -> Console:
    return Console(file=sys.stderr, highlight=False, soft_wrap=True, markup=False, emoji=False)


@dataclass
class Follower:
    """Prints what is new in a Run's Journal, each time it is called."""

    journal: Journal
    plan: Plan
    number: int = 0
    to: Console = field(default_factory=console)

    def __call__(self, run: str) -> None:
        for entry in self.journal.entries(run, after=self.number):
            self.number = entry.number
            line = self._line(entry)
            if line:
                self.to.print(
                    Rich(f"{entry.when.astimezone():%H:%M:%S} {line}", style=STYLES.get(What(entry.what), ""))
                )

    def _line(self, entry: Entry) -> str:
        told = words(entry)
        if not told:
            return ""
        if not entry.step:
            return told
        number = next((n for n, step in enumerate(self.plan.steps, 1) if step.id == entry.step), 0)
        return f"[{number}/{len(self.plan.steps)}] {entry.step}{' on ' + entry.host if entry.host else ''}: {told}"


def words(entry: Entry) -> str:
    """An entry in words; "" for what a person need not see go by."""
    told = entry.told
    match entry.what:
        case What.BEGUN:
            return "begun"
        case What.DONE:
            how = {"found": "was so already", "again": "is so, from an earlier attempt"}.get(str(told["how"]), "done")
            return f"{how}, {told['seconds']:.2g} s; {len(told['evidence'])} checks passed"
        case What.FAILED | What.UNDO_FAILED:
            return f"FAILED: {told['seen']}"
        case What.TOLD:
            return "; ".join(filter(None, map(_line, told["lines"])))
        case What.STOPPED:
            return f"stopped: {told['why']}"
        case What.APPROVAL:
            return f"{told['decision']}d by {told['person']}"
        case What.UNDO:
            return f"undo begins, back to {'after ' + told['to'] if told['to'] else 'the beginning'}"
        case What.UNDONE:
            return f"undone, {told['seconds']:.2g} s"
        case What.CLOSED:
            return f"the run is {told['state']}"
        case What.PAUSED | What.RESUMED | What.UNDO_ENDED:
            return str(entry.what)
    return ""


def _line(line: dict[str, Any]) -> str:
    if "down" in line:
        return f"{line['down']} is down"
    if "up" in line:
        return f"{line['up']} is up again"
    return str(line.get("text", ""))
