"""What the durable workflows do at each of their steps. Every job may be called again after a crash: it asks the
Journal first, and writes there what it has done. Outcomes are plain JSON.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any, TypeVar

from citycloud.action import OutOfTime
from citycloud.journal import Broken, RunRow, What
from citycloud.journal.entry import Draft
from citycloud.plan.model import Approval, Step
from citycloud.run.attend import Attendance, Result, undone
from citycloud.run.context import Context, Setting, context
from citycloud.run.evidence import said
from citycloud.run.gates import Shut, shut
from citycloud.run.limits import Overrun, within
from citycloud.run.state import Cell, Status
from citycloud.run.tell import Teller

Outcome = dict[str, Any]
"""``state``: ``go``, ``done``, ``stopped`` or ``failed``; the rest says of which step, what was seen, what to do."""
GRACE = timedelta(seconds=2)
"""For an action that is asked to stop at its time limit."""
T = TypeVar("T")


class Jobs:
    """The jobs of one process."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.broken: Broken | None = None
        """Why the Journal can't be written any more: then nothing is begun."""
        self.runaway = ""
        """The step that did not come back after its time limit: this process must end."""
        self._contexts: dict[str, Context] = {}
        self._lock = threading.Lock()

    def context(self, run: str) -> Context:
        with self._lock:
            if run not in self._contexts:
                self._contexts[run] = context(self.setting, run)
            return self._contexts[run]

    def forget(self, run: str) -> None:
        """What was known of a Run that has ended."""
        with self._lock:
            known = self._contexts.pop(run, None)
        if known is not None:
            known.close()

    def known(self) -> list[str]:
        """The Runs that something is known of here."""
        with self._lock:
            return list(self._contexts)

    def over_hosts(self, run: str, step: str) -> bool:
        return bool(self.context(run).plan.step(step).hosts)

    def step(self, run: str, step: str, what: str) -> Outcome:
        """A step that has no hosts, from its gates to its end."""
        outcome = self.before(run, step, what)
        if outcome["state"] != "go":
            return outcome
        here = self.context(run)
        self._safely(lambda: self._batch(here, step, [""], what))
        return self._safely(lambda: self._after(here, step, what))

    def before(self, run: str, step: str, what: str) -> Outcome:
        """Whether the step may begin; with ``batches`` of hosts where it has any."""
        return self._safely(lambda: self._before(self.context(run), step, what))

    def _before(self, here: Context, id_: str, what: str) -> Outcome:
        self.setting.at(f"{id_}: {what} entered")
        step, state = here.plan.step(id_), here.refresh()
        todo = self._todo(here, step, what)
        if not todo:
            return {"state": "done", "step": id_}
        if what == "run":
            asked = any(isinstance(gate, Approval) for gate in step.gates)
            people = self.setting.people(here.plan) if asked else {}
            found = shut(step, state, here.id, here.digest, people, self.setting.clock())
            if found is not None:
                return self._stopped(here, step, found)
        size = step.fleet.batch if step.fleet else 1
        self.setting.at(f"{id_}: {what} may begin")
        return {"state": "go", "batches": [todo[at : at + size] for at in range(0, len(todo), size)]}

    def _todo(self, here: Context, step: Step, what: str) -> list[str]:
        cells = here.state.on(step)
        if what == "undo":
            return [host for host, cell in cells.items() if cell.touched]
        held = here.state.failed_before(step)
        return [host for host, cell in cells.items() if cell.status is not Status.DONE and host not in held]

    def _stopped(self, here: Context, step: Step, found: Shut) -> Outcome:
        here.append([Draft(What.STOPPED, step.id, told=asdict(found))])
        return {"state": "stopped", "step": step.id, **asdict(found)}

    def batch(self, run: str, step: str, hosts: Sequence[str], what: str) -> Outcome:
        """Act on some hosts of the step, if they are not done yet and nothing speaks against it."""
        here = self.context(run)
        self._safely(here.refresh)
        return self._safely(lambda: self._batch(here, step, hosts, what))

    def _batch(self, here: Context, id_: str, hosts: Sequence[str], what: str) -> Outcome:
        step, state = here.plan.step(id_), here.state
        left = [host for host in self._todo(here, step, what) if host in hosts]
        tried = state.failed_since.get(id_, set())
        left = [host for host in left if host not in tried]
        if not left or (what == "run" and state.paused) or self._too_many(here, step):
            return {"state": "done"}
        if what == "undo":
            self._undo(here, step, left)
        else:
            self._reach(here, step, left)
        return {"state": "done"}

    def _too_many(self, here: Context, step: Step) -> bool:
        """Whether more hosts failed in this attempt than the plan lets pass."""
        share = step.fleet.stop_over if step.fleet else 0.0
        return len(here.state.failed_since.get(step.id, ())) > share * max(len(step.hosts), 1)

    def _reach(self, here: Context, step: Step, hosts: list[str]) -> None:
        before = {host: here.state.cell(step.id, host) for host in hosts}
        ours = {host: cell.ours for host, cell in before.items()}
        here.append([Draft(What.BEGUN, step.id, host) for host in hosts])
        self.setting.at(f"{_place(step, hosts)}: begun")
        began = time.monotonic()
        tell = Teller(step.id, hosts[0] if len(hosts) == 1 else "", step.time_limit, here.append)
        results = self._timed(step, hosts, tell.stop.set, lambda: self._attend(here, step, hosts, ours, tell))
        seconds = round(time.monotonic() - began, 4)
        here.append([*tell.drain(), *(_draft(step, host, result, seconds) for host, result in results.items())])
        self.setting.at(f"{_place(step, hosts)}: recorded")
        failed = [host for host, result in results.items() if result.fault]
        if failed and step.fleet is not None and step.fleet.undo_failed and not self.runaway:
            self._undo(here, step, failed)

    def _attend(
        self, here: Context, step: Step, hosts: list[str], ours: dict[str, bool], tell: Teller
    ) -> dict[str, Result]:
        attendance = Attendance(
            action=here.kinds.action(step.action),
            world=here.world,
            hosts=tuple(hosts),
            ours=ours,
            tell=tell,
            tries=step.tries,
            wait=step.wait,
            at=lambda name: self.setting.at(f"{_place(step, hosts)}: {name}"),
        )
        return attendance()

    def _timed(
        self, step: Step, hosts: list[str], stop: Callable[[], None], work: Callable[[], dict[str, Result]]
    ) -> dict[str, Result]:
        """The results; where there are none, the same fault for each host."""
        try:
            return within(step.time_limit, GRACE, stop, work)
        except Overrun:
            self.runaway = step.id
            fault = f"outlived its time limit of {step.time_limit.total_seconds():g} s and did not stop"
        except OutOfTime:
            fault = f"outlived its time limit of {step.time_limit.total_seconds():g} s"
        except Broken:
            raise
        except Exception as reason:
            fault = said(reason)
        return {host: Result("acted", fault) for host in hosts}

    def _undo(self, here: Context, step: Step, hosts: list[str]) -> None:
        here.append([Draft(What.UNDOING, step.id, host) for host in hosts])
        self.setting.at(f"{_place(step, hosts)}: undoing")

        def work() -> dict[str, Result]:
            faults = undone(here.kinds.action(step.action), here.world, hosts)
            return {host: Result("undone", faults.get(host, "")) for host in hosts}

        began = time.monotonic()
        results = self._timed(step, hosts, lambda: None, work)
        self.setting.at(f"{_place(step, hosts)}: undone")
        seconds = round(time.monotonic() - began, 4)
        here.append([_undo_draft(step, host, result, seconds) for host, result in results.items()])
        self.setting.at(f"{_place(step, hosts)}: undo recorded")

    def after(self, run: str, step: str, what: str) -> Outcome:
        """How the step came out, over all its hosts."""
        here = self.context(run)
        self._safely(here.refresh)
        return self._safely(lambda: self._after(here, step, what))

    def _after(self, here: Context, id_: str, what: str) -> Outcome:
        step, state = here.plan.step(id_), here.state
        cells = state.on(step)
        if what == "undo":
            bad = {host: cell for host, cell in cells.items() if cell.touched}
            return self._failed(here, step, bad, what) if bad else {"state": "done", "step": id_}
        bad = {host: cell for host, cell in cells.items() if cell.status is not Status.DONE}
        if state.paused and bad and step.hosts:
            return self._stopped(here, step, Shut("paused", "the run is paused", f"citycloud resume {here.id}"))
        if not bad or (step.hosts and not self._too_many(here, step)):
            return {"state": "done", "step": id_}
        return self._failed(here, step, bad, what)

    def _failed(self, here: Context, step: Step, bad: dict[str, Cell], what: str) -> Outcome:
        verb = "undo" if what == "undo" else "run"
        return {
            "state": "failed",
            "step": step.id,
            "seen": _seen(bad),
            "what": verb,
            "hosts": sorted(filter(None, bad)),
        }

    def close(self, run: str, what: str) -> Outcome:
        """The end of an attempt that came through all its steps."""
        return self._safely(lambda: self._close(self.context(run), what))

    def _close(self, here: Context, what: str) -> Outcome:
        self.setting.at(f"{what} closing")
        here.refresh()
        row = self.setting.journal.run(here.id)
        if what == "undo":
            return self._undo_closed(here, row)
        for step in here.plan.steps:
            bad = {host: cell for host, cell in here.state.on(step).items() if cell.status is not Status.DONE}
            if bad:
                return self._failed(here, step, bad, what)
        if row is not None and row.open:
            self.setting.journal.move(here.id, "done", [Draft(What.CLOSED, told={"state": "done"})])
        self.setting.at("closed")
        return {"state": "done"}

    def _undo_closed(self, here: Context, row: RunRow | None) -> Outcome:
        ended = [Draft(What.UNDO_ENDED)]
        if here.state.undo_to == "" and row is not None and row.open:
            self.setting.journal.move(here.id, "undone", [*ended, Draft(What.CLOSED, told={"state": "undone"})])
        elif here.state.undo_to:
            here.append(ended)
        self.setting.at("undo ended")
        return {"state": "undone"}

    def _safely(self, work: Callable[[], T]) -> T:
        """Remembers a Journal that can't be written, for whoever waits for the outcome."""
        if self.broken is not None:
            raise self.broken
        try:
            return work()
        except Broken as fault:
            self.broken = fault
            raise


def _place(step: Step, hosts: Sequence[str]) -> str:
    """How a boundary is called."""
    return step.id + (f"@{','.join(hosts)}" if step.hosts else "")


def _draft(step: Step, host: str, result: Result, seconds: float) -> Draft:
    told = {**result.told(), "seconds": seconds}
    if result.fault:
        return Draft(What.FAILED, step.id, host, {**told, "seen": result.fault})
    return Draft(What.DONE, step.id, host, told)


def _undo_draft(step: Step, host: str, result: Result, seconds: float) -> Draft:
    if result.fault:
        return Draft(What.UNDO_FAILED, step.id, host, {"seen": result.fault, "seconds": seconds})
    return Draft(What.UNDONE, step.id, host, {"seconds": seconds})


def _seen(bad: dict[str, Cell]) -> str:
    """What the failures look like: the first few hosts, and how many there are."""
    told = [f"{host}: {cell.seen}" if host else cell.seen for host, cell in bad.items() if cell.seen]
    rest = f"; and {len(bad) - 5} more" if len(bad) > 5 else ""
    return "; ".join(told[:5]) + rest if told else f"not reached on {len(bad)} hosts"
