"""``citycloud status``, ``approve``, ``pause``, ``resume``."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from citycloud import keys
from citycloud.approvals import Decision, decide, judge, may_decide, verdict
from citycloud.errors import BadInput, Stopped
from citycloud.findings import Finding, Place
from citycloud.journal import Journal, RunRow, What
from citycloud.journal.entry import Draft
from citycloud.plan.model import Approval, Plan
from citycloud.plan.text import gate_words
from citycloud.run.gates import shut
from citycloud.run.state import State, Status, read
from citycloud.run_cli import here
from citycloud.run_cli.plans import AsJson, RunId


def register(app: typer.Typer) -> None:
    for command in (status, approve, pause, resume):
        app.command(command.__name__)(command)


def status(
    run: Annotated[str, typer.Argument(metavar="[RUN]", help="One run; without it, all of them.")] = "",
    as_json: AsJson = False,
) -> None:
    """The runs there are; or one run: its steps, what it waits for, and which command goes on."""
    with here.journal() as (_, journal):
        if not run:
            return _all(journal, as_json)
        row = here.run_row(journal, run)
        told = _told(row, read(row.plan, journal.entries(run)))
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    table = Table("", "step", "state", "seen or waited for", title=f"{run}: {told['state']}", title_justify="left")
    for number, step in enumerate(told["steps"], 1):
        table.add_row(str(number), step["step"], step["state"], step["seen"])
    Console(highlight=False, markup=False, emoji=False).print(table)
    typer.echo(f"next: {told['next']}")


def _all(journal: Journal, as_json: bool) -> None:
    rows = [
        {"run": row.id, "state": row.state, "opened": row.opened, "title": row.plan.title.en} for row in journal.runs()
    ]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    table = Table("run", "state", "opened", "plan")
    for row in rows:
        table.add_row(row["run"], row["state"], row["opened"][:19], row["title"])
    Console(highlight=False, markup=False, emoji=False).print(table if rows else "no run yet: citycloud run PLAN")


def _told(row: RunRow, state: State) -> dict[str, Any]:
    steps = [_step(row.plan, state, step.id) for step in row.plan.steps]
    told = {"run": row.id, "digest": row.digest, "state": row.state, "paused": state.paused, "steps": steps}
    return {**told, "undo_to": state.undo_to, "next": _next(row, state)}


def _step(plan: Plan, state: State, id_: str) -> dict[str, Any]:
    step = plan.step(id_)
    cells = state.on(step)
    counts = {str(status): sum(cell.status is status for cell in cells.values()) for status in Status}
    counts = {name: count for name, count in counts.items() if count}
    named = next(iter(counts)) if len(counts) == 1 else ", ".join(f"{count} {name}" for name, count in counts.items())
    seen = "; ".join(cell.seen for cell in cells.values() if cell.seen and cell.status is Status.FAILED)
    waits = "; ".join(gate_words(gate, "en") for gate in step.gates) if "waiting" in counts else ""
    return {
        "step": id_,
        "state": named,
        "seen": seen or waits,
        "hosts": {h: str(c.status) for h, c in cells.items() if h},
    }


def _next(row: RunRow, state: State) -> str:
    if not row.open:
        return f"citycloud report {row.id}"
    for step in row.plan.steps:
        if not state.done(step):
            found = shut(step, state, row.id, row.digest, here.people(row.plan), datetime.now(UTC))
            return f"{found.command}  ({found.why})" if found else f"citycloud run {row.id}"
    return f"citycloud run {row.id}"


def approve(
    run: RunId,
    step: Annotated[str, typer.Argument(metavar="STEP", help="The step, as `citycloud status RUN` names it.")],
    person: Annotated[str, typer.Option("--as", help="Who decides: the id of a person declared in the city.")] = "",
    key: Annotated[str, typer.Option(help="That person's private key: a file, or a name of `citycloud keys`.")] = "",
    refuse: Annotated[bool, typer.Option("--refuse", help="Refuse instead: the step stays shut.")] = False,
    as_json: AsJson = False,
) -> None:
    """Sign a decision about a step with a declared person's own key. A name typed is not enough.

    Where two approvals are asked for, two people sign, with two keys. A person's last decision counts; one refusal
    keeps the step shut. The key's passphrase, if it has one, is in the file that CITYCLOUD_KEY_PASSPHRASE_FILE names.

    Example: citycloud approve migrate-water-1f2e3d4c water/cutover --as water-owner
    """
    with here.journal() as (_, journal):
        row = here.run_row(journal, run)
        entries = journal.entries(run)
        who = person or _only(row.plan, step)
        _refuse_unable(row, step, who)
        private = keys.load(keys.find(key or who), _passphrase())
        word: Decision = "refuse" if refuse else "approve"
        signed = decide(private, who, word, run, row.digest, step, entries[-1].hash, datetime.now(UTC))
        _refuse_other_key(row.plan, who, private)
        journal.append(run, [Draft(What.APPROVAL, step, told=signed)])
        left = _left(row, read(row.plan, journal.entries(run)), step)
    told = {"run": run, "step": step, "person": who, "decision": word, "missing": left}
    more = f"; {left} more approval(s) are needed" if left else ""
    typer.echo(json.dumps(told) if as_json else f"{step}: {word}d by {who}{more}\n  then: citycloud run {run}")


def _only(plan: Plan, step: str) -> str:
    """The person, where the step's gates name one only."""
    named = {
        name
        for each in plan.steps
        if each.id == step
        for g in each.gates
        if isinstance(g, Approval)
        for name in g.people
    }
    if len(named) != 1:
        say = Finding(
            "who", Place(object=step), f"may be decided by: {', '.join(sorted(named)) or 'nobody'}", "--as PERSON"
        )
        raise BadInput("Say who decides.", [say])
    return named.pop()


def _refuse_unable(row: RunRow, step: str, who: str) -> None:
    if not row.open:
        raise Stopped(f"{row.id} is {row.state}: there is nothing to decide")
    if step not in {each.id for each in row.plan.steps}:
        raise BadInput(
            "Nothing was signed.", [Finding("unknown-step", Place(object=step), "the plan has no such step")]
        )
    if not may_decide(row.plan, step, who):
        raise BadInput(
            "Nothing was signed.", [Finding("not-asked", Place(object=who), f"{step} does not ask for them")]
        )


def _refuse_other_key(plan: Plan, who: str, private: keys.Key) -> None:
    declared = here.people(plan).get(who, "")
    if not keys.same_key(declared, private.public):
        have = "has no key in the city's declaration" if not declared else "has another key in the city's declaration"
        say = Finding("other-key", Place(object=who), have, f'declare: key: "{private.public}"')
        raise BadInput("Nothing was signed: only the key declared for a person counts.", [say])


def _left(row: RunRow, state: State, step: str) -> int:
    """How many approvals are missing still."""
    decisions = [judge(entry, row.digest, here.people(row.plan)) for entry in state.approvals]
    gates = [gate for gate in row.plan.step(step).gates if isinstance(gate, Approval)]
    return max((verdict(gate, step, decisions).missing for gate in gates), default=0)


def _passphrase() -> str:
    file = os.environ.get("CITYCLOUD_KEY_PASSPHRASE_FILE", "")
    try:
        return Path(file).read_text().strip() if file else ""
    except OSError as fault:
        raise BadInput("The passphrase can't be read.", [Finding("key", Place(file), str(fault.strerror))]) from None


def pause(run: RunId) -> None:
    """Begin no further step or batch of hosts of a run; what is under way comes to its end."""
    _mark(run, What.PAUSED)


def resume(run: RunId) -> None:
    """Take a pause back. Then: citycloud run RUN, or a worker goes on by itself."""
    _mark(run, What.RESUMED)


def _mark(run: str, what: What) -> None:
    with here.journal() as (_, journal):
        row = here.run_row(journal, run)
        if not row.open:
            raise Stopped(f"{run} is {row.state}")
        if read(row.plan, journal.entries(run)).paused != (what is What.PAUSED):
            journal.append(run, [Draft(what)])
    typer.echo(f"{run}: {what}")
