"""Whether a Step may begin now. Pure: the time and the declared people are given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from citycloud.approvals import judge, verdict
from citycloud.plan.model import Approval, Step, Weekly, Window
from citycloud.plan.text import span
from citycloud.run.state import State


@dataclass(frozen=True)
class Shut:
    """Why it may not, and what opens the way."""

    gate: str
    """``approval``, ``window``, ``paused``, ``undo`` or ``held-back``."""
    why: str
    command: str
    until: str = ""
    """When it opens by itself, ISO 8601 in UTC; "" if it doesn't."""


def shut(step: Step, state: State, run: str, digest: str, people: Mapping[str, str], now: datetime) -> Shut | None:
    """What keeps ``step`` from beginning at ``now``; None if nothing does."""
    if state.undo_to is not None:
        to = f" --to {state.undo_to}" if state.undo_to else ""
        return Shut("undo", "an undo of this run has not ended", f"citycloud undo {run}{to}")
    if state.paused:
        return Shut("paused", "the run is paused", f"citycloud resume {run}")
    for gate in step.gates:
        found = (
            _approval(gate, step, state, run, digest, people)
            if isinstance(gate, Approval)
            else _window(gate, step, run, now)
        )
        if found is not None:
            return found
    return None


def _approval(
    gate: Approval, step: Step, state: State, run: str, digest: str, people: Mapping[str, str]
) -> Shut | None:
    found = verdict(gate, step.id, [judge(entry, digest, people) for entry in state.approvals])
    if found.opened:
        return None
    command = f"citycloud approve {run} {step.id}"
    if found.refused:
        return Shut("approval", f"refused by {', '.join(found.refused)}", command)
    have = f" ({', '.join(found.approved)} did)" if found.approved else ""
    return Shut("approval", f"waits for {found.missing} approval(s) of {', '.join(gate.people)}{have}", command)


def _window(gate: Window | Weekly, step: Step, run: str, now: datetime) -> Shut | None:
    room = gate.room(now)
    if room >= step.longest:
        return None
    opens = gate.next(now)
    until = opens.isoformat() if opens else ""
    wait = f"it opens at {until}" if until else "it does not open again: plan again"
    if room:
        left = span(timedelta(seconds=round(room.total_seconds())))
        why = f"may take {span(step.longest)}, and its window closes in {left}; {wait}"
    else:
        why = f"its window is shut; {wait}"
    return Shut("window", why, f"citycloud status {run}", until)
