"""All stacks of a City, in order and side by side: brought up, compared, torn down. Each is also a plain ``pulumi up``.

Every run is idempotent: what stands already is left alone, so a run that was cut off is simply run again.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from citycloud import paths
from citycloud.city.model import City, Guests
from citycloud.cloud import stacks_state
from citycloud.cloud.halves import halves
from citycloud.cloud.layout import Stack, stacks
from citycloud.cloud.stacks import Workspace
from citycloud.cloud.stacks_recover import recover
from citycloud.cloud.stacks_sweep import sweep
from citycloud.cloud.up_events import Outcome, follow
from citycloud.cloud.verify_seen import connect
from citycloud.errors import BadInput, CitycloudError, StepFailed
from citycloud.findings import Finding, Place
from citycloud.progress import Progress

LIMIT = 45 * 60.0
"""Seconds that one stack may take."""
SIDE_BY_SIDE = 3
"""Stacks at once: each takes about one core while it starts, and mostly waits for the cloud after that."""
AT_ONCE = 4
"""Resources at once in a stack. More would wait for the network's agents side by side; but each that waits asks
neutron's API every few seconds, which takes from the agents the processor that they need."""

Work = Callable[[Stack], Outcome]


@dataclass
class Report:
    """What became of each stack: done, failed, or (for want of another) not begun."""

    done: dict[str, Outcome] = field(default_factory=dict)
    failed: dict[str, Outcome] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)

    def as_json(self) -> list[dict[str, Any]]:
        both = {**self.done, **self.failed}
        return [
            {
                "stack": name,
                "done": name in self.done,
                "changes": dict(outcome.changes),
                "same": outcome.same,
                "seconds": round(outcome.seconds, 1),
                "faults": outcome.faults,
            }
            for name, outcome in both.items()
        ] + [{"stack": name, "done": False, "faults": ["not begun"]} for name in self.left]


def chosen(city: City, site: str | None, names: Sequence[str]) -> tuple[Stack, ...]:
    """The City's stacks, or those of one site, or those named, longest-running departments first.

    Raises BadInput for a name that is none.
    """
    known = {stack.name: stack for stack in stacks(city)}
    wrong = [name for name in (*names, *([site] if site else [])) if name not in known]
    if wrong:
        say = [
            Finding("unknown-stack", Place(object=name), "no stack of this city", ", ".join(known)) for name in wrong
        ]
        raise BadInput("Nothing was touched.", say)
    real = {(half.site.id, half.department.id) for half in halves(city) if half.machine.guests is not Guests.NONE}
    wanted = [stack for stack in known.values() if stack.name in names or (not names and site in (None, stack.site))]
    return tuple(sorted(wanted, key=lambda stack: (stack.site, stack.department) not in real))


def prepare(workspace: Workspace, progress: Progress) -> None:
    """See to passphrase and state. Raises BadInput where something is missing that only a person can bring."""
    if not shutil.which("pulumi", path=workspace.env()["PATH"]):
        say = Finding("no-pulumi", Place(object="pulumi"), "is not installed", "citycloud toolchain install")
        raise BadInput("Pulumi is missing.", [say])
    stacks_state.ensure_passphrase()
    if aside := stacks_state.settle(stacks_state.clouds_id(paths.clouds_yaml())):
        progress.say(f"the state was of clouds that are gone: put aside as {aside}", "yellow")


def bring_up(workspace: Workspace, wanted: Sequence[Stack], progress: Progress, *, jobs: int = SIDE_BY_SIDE) -> Report:
    """``pulumi up`` of every wanted stack, a site's before its departments'.

    Raises StepFailed once nothing more can be done, with all that failed.
    """

    def work(stack: Stack) -> Outcome:
        workspace.ensure(stack.name)
        if stack.department is None:
            workspace.ensure_seed(stack.name)
        recover(workspace, stack, progress)
        return follow(
            workspace,
            "up",
            stack.name,
            "--yes",
            "--skip-preview",
            f"--parallel={AT_ONCE}",
            limit=LIMIT,
            tell=_teller(stack, progress),
        )

    return _all(wanted, {stack.name: stack.needs for stack in wanted}, work, "up", progress, jobs)


def compare(
    workspace: Workspace, wanted: Sequence[Stack], progress: Progress, *, refresh: bool, jobs: int = SIDE_BY_SIDE
) -> Report:
    """``pulumi preview`` of every wanted stack; with ``refresh``, against what the clouds say and not the state."""
    more = ["--refresh"] if refresh else []

    def work(stack: Stack) -> Outcome:
        workspace.ensure(stack.name)
        if stack.department is None:
            workspace.ensure_seed(stack.name)
        return follow(workspace, "preview", stack.name, *more, limit=LIMIT, tell=lambda _: None)

    return _all(wanted, {stack.name: None for stack in wanted}, work, "preview", progress, jobs)


def tear_down(
    workspace: Workspace, wanted: Sequence[Stack], progress: Progress, *, release: bool, jobs: int = SIDE_BY_SIDE
) -> Report:
    """``pulumi destroy`` of every wanted stack, departments before their site. ``release``: protected ones too."""
    there = [stack for stack in wanted if workspace.resources(stack.name)]
    above = {stack.name: [other.name for other in there if other.needs == stack.name] for stack in there}

    def work(stack: Stack) -> Outcome:
        recover(workspace, stack, progress)
        more = ["--yes", "--skip-preview", *(["--ignore-protect"] if release else [])]
        return follow(workspace, "destroy", stack.name, *more, limit=LIMIT, tell=_teller(stack, progress))

    report = _all(there, above, work, "destroy", progress, jobs)
    for stack in there:
        if stack.department is None and (count := sweep(connect(stack.site))):
            progress.say(f"{stack.site}: {count} groups and quotas removed that Neutron still had of its projects")
    return report


def protected(workspace: Workspace, wanted: Sequence[Stack]) -> list[str]:
    """What has to be asked for by name before it goes: names of servers and volumes, with their stack."""
    return [
        f"{stack.name}: {resource['inputs'].get('name', resource['urn'])}"
        for stack in wanted
        for resource in workspace.resources(stack.name)
        if resource.get("protect")
    ]


def _all(
    wanted: Sequence[Stack],
    needs: Mapping[str, str | Sequence[str] | None],
    work: Work,
    verb: str,
    progress: Progress,
    jobs: int,
) -> Report:
    """Do ``work`` on every stack, ``jobs`` at once, each after those it needs (as far as they are wanted)."""
    report, names = Report(), {stack.name for stack in wanted}
    waiting = list(wanted)
    running: dict[Future[Outcome], Stack] = {}
    progress.expect(len(wanted))
    with ThreadPoolExecutor(jobs) as pool:
        while True:
            ready = [stack for stack in waiting if _needs(needs, stack) & names <= report.done.keys()]
            for stack in ready[: jobs - len(running)]:
                waiting.remove(stack)
                running[pool.submit(_one, work, stack, verb, progress)] = stack
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                stack, outcome = running.pop(future), future.result()
                (report.done if outcome.good else report.failed)[stack.name] = outcome
    report.left = [stack.name for stack in waiting]
    if report.failed:
        raise _failure(report, verb)
    return report


def _needs(needs: Mapping[str, str | Sequence[str] | None], stack: Stack) -> set[str]:
    told = needs[stack.name] or ()
    return {told} if isinstance(told, str) else set(told)


class _NotGood(Exception):
    """Carries the outcome of a stack that failed past the progress of its step."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome


def _one(work: Work, stack: Stack, verb: str, progress: Progress) -> Outcome:
    try:
        with progress.step(f"{stack.name}: {verb}"):
            outcome = work(stack)
            progress.say(f"{stack.name}: {_counts(outcome)}")
            if not outcome.good:
                raise _NotGood(outcome)
    except _NotGood as bad:
        return bad.outcome
    except CitycloudError as fault:
        return Outcome(faults=[str(fault)])
    return outcome


def _counts(outcome: Outcome) -> str:
    changes = ", ".join(f"{count} {operation}" for operation, count in sorted(outcome.changes.items()))
    return f"{changes or 'nothing changes'}, {outcome.same} as they were"


def _teller(stack: Stack, progress: Progress, every: float = 15.0) -> Callable[[Outcome], None]:
    """Says how far a long run is, every so many seconds."""
    began = last = os.times().elapsed

    def tell(outcome: Outcome) -> None:
        nonlocal last
        now = os.times().elapsed
        if now - last >= every:
            last = now
            progress.say(f"{stack.name}: {outcome.changes.total()} done after {now - began:.0f} s", "dim")

    return tell


def _failure(report: Report, verb: str) -> StepFailed:
    """All that failed, in a person's words; the command names the first."""
    first, outcome = next(iter(report.failed.items()))
    seen = "; ".join(f"{name}: {' | '.join(each.faults[:3]) or each.code}" for name, each in report.failed.items())
    state = (
        f"{len(report.done)} stacks done, {', '.join(report.failed)} stopped midway (what was made is recorded), "
        f"{len(report.left)} not begun; Pulumi's own words: {outcome.output}"
    )
    command = {"up": f"citycloud up --stack {first}, then citycloud up", "destroy": "citycloud destroy"}
    return StepFailed(f"stack {first}", seen, state, command.get(verb, f"citycloud up --dry-run --stack {first}"))
