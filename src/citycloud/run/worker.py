"""A worker: one process that works for every Run of a Journal, until it is ended."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

from citycloud.errors import CitycloudError
from citycloud.journal import Journal, RunRow, Settings
from citycloud.run.context import Setting
from citycloud.run.engine import AWAY, Engine
from citycloud.run.gates import shut
from citycloud.run.jobs import Jobs
from citycloud.run.runner import announce, halt, went
from citycloud.run.state import State, read

LOOK = 1.0
"""Seconds between two looks at the open Runs."""


def work(
    settings: Settings, setting: Setting, *, once: bool = False, say: Callable[[str], None] = lambda text: None
) -> None:
    """Look after all open Runs; with ``once``, until nothing is left to do now. Raises Broken, and CitycloudError
    where a step did not come back after its time limit: the process has to end then."""
    jobs = Jobs(setting)
    with Engine(settings, jobs, halt, listen=None) as engine:
        say(f"worker {engine.name} looks after the runs of {settings.url}")
        while True:
            busy = [True]
            with contextlib.suppress(*AWAY):
                rows = setting.journal.runs(open_only=True)
                busy = [look_after(engine, setting, row, say) for row in rows]
                for ended in set(jobs.known()) - {row.id for row in rows}:
                    jobs.forget(ended)
            if jobs.broken is not None:
                raise jobs.broken
            if jobs.runaway:
                raise CitycloudError(f"{jobs.runaway} outlived its time limit; this worker ends, and takes it along")
            if once and not any(busy):
                return
            time.sleep(LOOK)


def look_after(engine: Engine, setting: Setting, row: RunRow, say: Callable[[str], None]) -> bool:
    """Take up a Run whose runner died, and one whose gate has opened; whether it is under way now."""
    status = engine.status(row.workflow)
    if status in ("PENDING", "ENQUEUED"):
        if engine.recover(row.id, row.workflow):
            say(f"{row.id}: its runner is gone; taken up")
        return True
    state = read(row.plan, setting.journal.entries(row.id))
    step = waiting(setting.journal, state, row)
    if step is None or shut(row.plan.step(step), state, row.id, row.digest, setting.people(row.plan), setting.clock()):
        return False
    engine.prepare(row.id, row.plan)
    workflow = announce(setting.journal, row, "run")
    if workflow and engine.start(workflow, row.id, "run", went(row, state, [each.id for each in row.plan.steps])):
        say(f"{row.id}: {step} may begin now; going on")
    return True


def waiting(journal: Journal, state: State, row: RunRow) -> str | None:
    """The step that a Run has stopped at. None if it failed, or never began: then a person decides."""
    last = next(
        (entry for entry in reversed(journal.entries(row.id)) if entry.what in ("stopped", "failed", "attempt")), None
    )
    return last.step if last is not None and last.what == "stopped" and state.undo_to is None else None
