"""``citycloud check``, ``run``, ``undo``, ``worker``."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from citycloud.action import World
from citycloud.city.cli import check as check_city
from citycloud.errors import BadInput, CitycloudError
from citycloud.findings import errors
from citycloud.journal import Journal
from citycloud.kinds import kinds_of
from citycloud.plan import Plan, describe, digest
from citycloud.plan import check as faults_of
from citycloud.run.context import Setting
from citycloud.run.evidence import said
from citycloud.run.gates import shut
from citycloud.run.limits import end_children
from citycloud.run.state import State
from citycloud.run_cli import here
from citycloud.run_cli.follow import Follower

if TYPE_CHECKING:
    from citycloud.run.runner import Runner

AsJson = Annotated[bool, typer.Option("--json", help="For machines: one JSON document.")]
Given = Annotated[str, typer.Argument(metavar="PLAN", help="A plan's file, or a run.")]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="A run: see `citycloud status`.")]


def register(app: typer.Typer) -> None:
    app.command("check")(check)
    app.command("run")(run)
    app.command("undo")(undo)
    app.command("worker")(worker)


def check(
    given: Annotated[
        Path | None,
        typer.Argument(metavar="[CITY or PLAN]", help="A declaration, or a plan.", show_default="$CITYCLOUD_CITY"),
    ] = None,
    chinese: Annotated[bool, typer.Option("--zh", help="A plan in Chinese.")] = False,
    as_json: AsJson = False,
) -> None:
    """Every fault of a declaration, or of a plan, at once; a plan without faults is shown. Exit code 2 if there is any.

    Nothing is touched, and no cloud and no machine is asked.
    """
    if given is None or not given.is_file():
        return check_city(given, as_json)
    plan = here.plan_file(given)
    city = here.city()
    findings = faults_of(plan, kinds_of(plan), here.people(plan) if city else None, city.id if city else None)
    if as_json:
        told: dict[str, Any] = {"plan": str(given), "digest": digest(plan), "ok": not errors(findings)}
        typer.echo(
            json.dumps({**told, "findings": [each.as_json() for each in findings]}, ensure_ascii=False, indent=2)
        )
    else:
        if not errors(findings):
            typer.echo(describe(plan, "zh" if chinese else "en"))
        for finding in findings:
            typer.echo(str(finding))
        typer.echo(f"{given}: " + (f"{len(errors(findings))} faults" if errors(findings) else "OK"))
    if errors(findings):
        raise typer.Exit(2)


def run(
    given: Given,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done; ask only, act nowhere.")] = False,
    instead_of: Annotated[
        str, typer.Option(metavar="RUN", help="Close this open run of the same subject in favour of the new plan.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Run a plan, or go on with its open run.

    Each step is asked "already reached?" before it acts, and verified after. Killed at any point, the same command goes
    on. Exit codes: 0 done; 1 a step failed (said: what was seen, the state, one command); 2 the plan is faulty;
    3 stopped at a gate: an approval, a window, a pause.

    Example: citycloud run water.plan.json; then, as it says: citycloud approve RUN STEP; and run again.
    """
    from citycloud.run.runner import Runner

    with here.journal() as (settings, journal):
        plan = here.plan_or_run(journal, given)
        if dry_run:
            return _dry(journal, plan, as_json)
        row = journal.open_run(plan)
        follow = Follower(journal, plan, number=len(journal.entries(row.id)) if row else 0)
        runner = Runner(settings, here.setting(journal), look=follow)
        done = _through(runner, lambda: runner.run(plan, instead_of))
    _say(as_json, {"run": done, "state": "done"}, f"{done}: done. The evidence: citycloud report {done}")


def _through(runner: Runner, work: Callable[[], str]) -> str:
    """Work to its end. What it leaves behind, cut off by a person or by its time limit, ends with this process."""
    try:
        return work()
    except KeyboardInterrupt:
        end_children()
        sys.stderr.write("citycloud: cut off; the same command goes on, and `citycloud undo` goes back\n")
        sys.stderr.flush()
        os._exit(130)
    finally:
        if runner.jobs.runaway:
            end_children()


def _dry(journal: Journal, plan: Plan, as_json: bool) -> None:
    """What a run would find and do, step by step."""
    found = faults_of(plan, kinds_of(plan), here.people(plan))
    if errors(found):
        raise BadInput("This plan can't be run.", errors(found))
    setting = here.setting(journal)
    row = journal.open_run(plan)
    state = State(plan).take(journal.entries(row.id)) if row else State(plan)
    world = setting.world(plan)
    rows = [_would(plan, state, step.id, row.id if row else "RUN", setting, world) for step in plan.steps]
    world.close()
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    for each in rows if not as_json else []:
        gate = f"  [{each['gate']}]" if each["gate"] else ""
        typer.echo(f"{each['step']}: {each['would']}{gate}")


def _would(plan: Plan, state: State, id_: str, run: str, setting: Setting, world: World) -> dict[str, str]:
    step = plan.step(id_)
    keeps = shut(step, state, run, digest(plan), setting.people(plan), setting.clock())
    told = {"step": id_, "gate": keeps.why if keeps else ""}
    if state.done(step):
        return {**told, "would": "is done in this run"}
    action = setting.kinds(plan).action(step.action)
    try:
        left = [host for host in step.hosts or ("",) if not action.reached(world.on(host) if host else world)]
    except Exception as fault:
        return {**told, "would": f"can't be asked now: {said(fault)}"}
    many = f" on {len(left)} of {len(step.hosts)} hosts" if step.hosts else ""
    return {**told, "would": f"would act{many} ({step.action.kind})" if left else "is so already"}


def undo(
    run: RunId,
    to: Annotated[str, typer.Option(metavar="STEP", help="Back to after this step, which stays.")] = "",
    as_json: AsJson = False,
) -> None:
    """Undo what a run has acted on, last first: everything, or all that came after STEP.

    What was found as it should be, and not made so by the run, stays. Killed at any point, the same command goes on.
    Windows and approvals are not asked for: going back is always open. What can't be undone is said before anything is
    touched (exit code 2).
    """
    from citycloud.run.runner import Runner

    with here.journal() as (settings, journal):
        row = here.run_row(journal, run)
        follow = Follower(journal, row.plan, number=len(journal.entries(run)))
        runner = Runner(settings, here.setting(journal), look=follow)
        _through(runner, lambda: runner.undo(run, to))
    _say(as_json, {"run": run, "state": "undone", "to": to}, f"{run}: undone{', back to after ' + to if to else ''}")


def worker(
    once: Annotated[bool, typer.Option("--once", help="Take up what there is to do now, and end.")] = False,
) -> None:
    """Work for all runs of this journal until it is ended: batches of hosts, runs whose runner died, and runs that
    stopped at a gate which has opened since (the approval came, the window opened).

    On PostgreSQL several workers on several machines share the work; say where: CITYCLOUD_JOURNAL=postgresql://HOST/DB
    (password in ~/.pgpass, or a file that CITYCLOUD_JOURNAL_PASSWORD_FILE names).
    """
    from citycloud.run.worker import work

    with here.journal() as (settings, journal):
        try:
            work(settings, here.setting(journal), once=once, say=lambda text: typer.echo(text, err=True))
        except KeyboardInterrupt:
            raise CitycloudError("ended; others take up what was under way") from None


def _say(as_json: bool, told: dict[str, Any], text: str) -> None:
    typer.echo(json.dumps(told, ensure_ascii=False) if as_json else text)
