"""Running and undoing Plans: opens Runs, has their workflows executed, and says how they came out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from citycloud.errors import BadInput, CitycloudError, StepFailed, Stopped
from citycloud.findings import Finding, Place, errors
from citycloud.journal import Broken, Journal, RunRow, Settings, What
from citycloud.journal.entry import Draft
from citycloud.plan import check, diff, digest
from citycloud.plan.model import Plan
from citycloud.run.context import Context, Setting, context
from citycloud.run.jobs import Jobs, Outcome
from citycloud.run.state import State, read

if TYPE_CHECKING:
    from citycloud.run.engine import Engine


class Busy(CitycloudError):
    """Another runner is at this Run."""


def halt(reason: str) -> None:
    """End this process at once: it has lost its lease, and another may be acting in its place."""
    import os
    import sys

    sys.stderr.write(f"citycloud: {reason}; this runner stops, the run can be gone on with\n")
    sys.stderr.flush()
    os._exit(1)


@dataclass
class Runner:
    """One process's runner. ``look`` is called with the Run's id now and then while it waits."""

    settings: Settings
    setting: Setting
    look: Callable[[str], None] = lambda run: None
    lost: Callable[[str], None] = halt
    jobs: Jobs = field(init=False)

    def __post_init__(self) -> None:
        self.jobs = Jobs(self.setting)

    def run(self, plan: Plan, instead_of: str = "") -> str:
        """Run ``plan`` to its end, or go on with its open Run; gives the Run's id.

        Raises BadInput (the plan is faulty), Stopped (at a gate), StepFailed, Busy (another runner is at it), Broken.
        """
        findings = check(plan, self.setting.kinds(plan), self.setting.people(plan))
        if errors(findings):
            raise BadInput("This plan can't be run. Nothing was touched.", errors(findings))
        row = self.opened(plan, instead_of)
        return self._execute(row, "run", [step.id for step in plan.steps])

    def opened(self, plan: Plan, instead_of: str = "") -> RunRow:
        """The open Run of the plan, opened now if there is none. Raises Stopped where another plan for the same
        subject is open, with what differs; ``instead_of`` names that Run to close it in favour of this one."""
        journal = self.setting.journal
        found = journal.open_run(plan)
        if found is not None:
            return found
        inherited: list[list[str]] = []
        others = [row for row in journal.runs_of(plan.city, plan.domain, plan.subject) if row.open]
        for other in others:
            if other.id != instead_of:
                raise Stopped(_other_open(other, plan))
            inherited = self._supersede(other, plan)
        told = {"digest": digest(plan), "subject": plan.subject, "domain": plan.domain, "city": plan.city}
        self.setting.at("opening")
        opened = journal.open(plan, [Draft(What.OPENED, told={**told, "inherited": inherited})]) or journal.open_run(
            plan
        )
        if opened is None:
            raise Busy(f"{plan.domain}/{plan.subject}: another run of it was opened just now")
        self.setting.at("opened")
        return opened

    def _supersede(self, row: RunRow, plan: Plan) -> list[list[str]]:
        """Close the older Run, and give what it acted on: the new one may undo that too."""
        with self._engine(row) as engine:
            self._refuse_if_alive(engine, row)
        here = context(self.setting, row.id)
        closed = Draft(What.CLOSED, told={"state": "superseded", "by": digest(plan)})
        self.setting.journal.move(row.id, "superseded", [closed])
        return [[step, host] for (step, host), cell in here.state.cells.items() if cell.touched]

    def undo(self, run: str, to: str = "") -> str:
        """Undo what the Run has acted on, last first; everything, or all after the step ``to``.

        Raises BadInput where there is no such run or step, or something in between can't be undone; StepFailed, Busy.
        """
        here = context(self.setting, run)
        row = self.setting.journal.run(run)
        assert row is not None
        todo = self._to_undo(here, to)
        if not row.open and not self.setting.journal.move(run, "open", [Draft(What.RESUMED, told={"for": "undo"})]):
            raise Stopped(f"{run}: another run of {row.plan.domain}/{row.plan.subject} is open; undo that one first")
        if here.state.undo_to not in (None, to):
            back = f" --to {here.state.undo_to}" if here.state.undo_to else ""
            raise Stopped(f"{run}: an undo has not ended; bring it to its end first: citycloud undo {run}{back}")
        if here.state.undo_to is None:
            self.setting.journal.append(run, [Draft(What.UNDO, told={"to": to})])
            self.setting.at("undo begins")
        row = self.setting.journal.run(run)
        assert row is not None
        return self._execute(row, "undo", todo)

    def _to_undo(self, here: Context, to: str) -> list[str]:
        ids = [step.id for step in here.plan.steps]
        if to and to not in ids:
            say = Finding("unknown-step", Place(object=to), "the plan has no such step")
            raise BadInput(f"{here.id} can't be undone to there. Nothing was touched.", [say])
        after = here.plan.steps[ids.index(to) + 1 :] if to else here.plan.steps
        touched = [step for step in after if any(cell.touched for cell in here.state.on(step).values())]
        final = [step for step in touched if step.action.irreversible]
        if final:
            says = [Finding("irreversible", Place(object=step.id), "was done, and cannot be undone") for step in final]
            raise BadInput(f"{here.id}: go back to after it with --to. Nothing was touched.", says)
        return [step.id for step in reversed(touched)]

    def _engine(self, row: RunRow) -> Engine:
        from citycloud.run.engine import Engine, queues_of

        return Engine(self.settings, self.jobs, self.lost, queues_of(row.id, row.plan))

    def _execute(self, row: RunRow, what: str, todo: list[str]) -> str:
        with self._engine(row) as engine:
            workflow = self._begun(engine, row, what, todo)
            try:
                outcome = engine.wait(workflow, row.id, lambda: self.look(row.id))
            except Broken as fault:
                raise _broken(row, fault) from fault
            finally:
                self.look(row.id)
            if outcome["state"] in ("done", "undone") and what == "run":
                engine.tidy(row.id, row.plan)
        self.jobs.forget(row.id)
        return self._came_out(row, outcome)

    def _begun(self, engine: Engine, row: RunRow, what: str, todo: list[str]) -> str:
        """The Run's workflow, started or taken up again."""
        engine.prepare(row.id, row.plan)
        now = engine.status(row.workflow)
        if now in ("PENDING", "ENQUEUED"):
            self._refuse_if_alive(engine, row)
            if _what(row.workflow) == what:
                engine.recover(row.id, row.workflow)
                return row.workflow
            if what == "run":
                raise Stopped(
                    f"{row.id}: its undo was cut off, and has to come to its end\n  {self._undo_command(row)}"
                )
            # a run that was cut off need not be gone on with to be gone back from
            if other := engine.abandon(row.workflow):
                raise Busy(f"{row.id}: {other} is still at a part of it; citycloud pause {row.id}, and again")
        workflow = announce(self.setting.journal, row, what, again=not now)
        if not workflow:
            raise Busy(f"{row.id}: another runner has just begun on it")
        self.setting.at("attempt announced")
        state = read(row.plan, self.setting.journal.entries(row.id))
        if not engine.start(workflow, row.id, what, todo if what == "undo" else went(row, state, todo)):
            raise Busy(f"{row.id}: another runner has just begun on it")
        return workflow

    def _undo_command(self, row: RunRow) -> str:
        to = read(row.plan, self.setting.journal.entries(row.id)).undo_to
        return f"go on: citycloud undo {row.id}{' --to ' + to if to else ''}"

    def _refuse_if_alive(self, engine: Engine, row: RunRow) -> None:
        if engine.status(row.workflow) == "PENDING":
            executor = engine.executor(row.workflow)
            if executor != engine.name and engine.lease.alive(executor):
                raise Busy(f"{row.id}: another runner is at it ({executor}); citycloud status {row.id}")

    def _came_out(self, row: RunRow, outcome: Outcome) -> str:
        state = outcome["state"]
        if state == "stopped":
            raise Stopped(f"{outcome['step']}: {outcome['why']}\n  then: {outcome['command']}")
        if state == "failed":
            raise failure(row, outcome)
        return row.id


def announce(journal: Journal, row: RunRow, what: str, *, again: bool = False) -> str:
    """The name of the Run's next workflow, written into its Journal; "" if another was quicker.

    ``again``: the last one that was announced has never begun, for its runner died before; so it is still to come.
    """
    if again and row.workflow and _what(row.workflow) == what:
        return row.workflow
    workflow = f"{row.id}:{what}:{_number(row.workflow) + 1}"
    told = Draft(What.ATTEMPT, told={"workflow": workflow, "what": what})
    return workflow if journal.take(row.id, row.workflow, workflow, told) else ""


def went(row: RunRow, state: State, todo: Sequence[str]) -> list[str]:
    """Those of ``todo`` that are left: steps that are done vanish."""
    return [id_ for id_ in todo if not state.done(row.plan.step(id_))]


def failure(row: RunRow, outcome: Outcome) -> StepFailed:
    """What a person is told of a step that failed."""
    hosts = outcome.get("hosts") or []
    half = f"on {len(hosts)} hosts it is not done; the others are" if hosts else "it may be half done"
    state = f"{half}; no later step was begun; everything before it stands"
    command = _command(row, outcome["what"])
    return StepFailed(outcome["step"], outcome["seen"], state, f"{command}  (or back: citycloud undo {row.id})")


def _broken(row: RunRow, fault: Broken) -> StepFailed:
    state = "nothing is begun without a journal; what was under way may be half done, and is asked for when it goes on"
    return StepFailed("the journal", str(fault), state, f"citycloud run {row.id}")


def _command(row: RunRow, what: str) -> str:
    return f"citycloud {what} {row.id}"


def _what(workflow: str) -> str:
    return workflow.split(":")[1] if workflow else ""


def _number(workflow: str) -> int:
    return int(workflow.split(":")[2]) if workflow else 0


def _other_open(other: RunRow, plan: Plan) -> str:
    changes = "\n".join(f"    {change}" for change in diff(other.plan, plan))
    return (
        f"{other.id} is open, with another plan for {plan.domain}/{plan.subject}. From it to this one:\n{changes}\n"
        f"  go on with it: citycloud run {other.id}; or close it for this one: --instead-of {other.id}"
    )
