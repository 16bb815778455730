"""One run of ``pulumi up``, ``destroy`` or ``preview``, followed event by event."""

from __future__ import annotations

import json
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from citycloud import paths
from citycloud.cloud.stacks import Workspace

GRACE = 120.0
"""Seconds for Pulumi to end what it has begun and to write its state, once asked to stop."""
POLL = 0.3


@dataclass
class Outcome:
    """What a run did. ``changes`` counts resources by operation, without those that stayed the same."""

    changes: Counter[str] = field(default_factory=Counter)
    same: int = 0
    faults: list[str] = field(default_factory=list)
    code: int | None = None
    seconds: float = 0.0
    output: Path = Path()

    @property
    def good(self) -> bool:
        return self.code == 0

    def take(self, event: dict[str, Any]) -> None:
        """Count one event of the engine's log."""
        if done := event.get("resOutputsEvent"):
            operation = done["metadata"]["op"]
            if operation == "same":
                self.same += 1
            elif operation not in ("read", "refresh"):
                self.changes[operation] += 1
        elif (told := event.get("diagnosticEvent")) and told.get("severity") == "error":
            self.faults.append(_plain(told))
        elif (summary := event.get("summaryEvent")) and "resourceChanges" in summary:
            counts = Counter(summary["resourceChanges"])
            self.same = counts.pop("same", 0)
            self.changes = counts


def follow(
    workspace: Workspace, verb: str, stack: str, *more: str, limit: float, tell: Callable[[Outcome], None]
) -> Outcome:
    """Run ``pulumi VERB`` on the stack, and ``tell`` how far it is. ``limit`` in seconds, after which it is stopped.

    Pulumi's own words are kept in ``Outcome.output``. It is stopped gracefully, too, when this process dies.
    """
    logs = paths.private(paths.home() / "logs")
    outcome = Outcome(output=logs / f"{stack}-{verb}.log")
    with tempfile.TemporaryDirectory(dir=logs) as directory:
        events = Path(directory) / "events"
        events.touch()
        argv = [
            *("setpriv", "--pdeathsig", "INT", "pulumi", verb, "--stack", stack, "--non-interactive"),
            *("--event-log", str(events), *more),
        ]
        began = time.monotonic()
        with outcome.output.open("w") as output, events.open() as log:
            outcome.code = _watch(argv, workspace, output, _reader(log), limit, outcome, tell)
        outcome.seconds = time.monotonic() - began
    if outcome.code is None:
        outcome.faults.insert(0, f"no end after {limit:g} s")
    elif outcome.code and not outcome.faults:
        outcome.faults = [line for line in outcome.output.read_text().splitlines() if line.startswith("error:")][:3]
    return outcome


def _watch(
    argv: Sequence[str],
    workspace: Workspace,
    output: IO[str],
    events: Iterator[dict[str, Any] | None],
    limit: float,
    outcome: Outcome,
    tell: Callable[[Outcome], None],
) -> int | None:
    """Run ``argv`` and take in its events; its exit code, or None if it had to be stopped."""
    process = subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=workspace.root, env=workspace.env()
    )
    end = time.monotonic() + limit
    try:
        while True:
            ended = process.poll() is not None
            for event in iter(lambda: next(events), None):
                outcome.take(event)
            tell(outcome)
            if ended:
                return process.returncode
            if time.monotonic() > end:
                return None
            time.sleep(POLL)
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask Pulumi to stop and to write its state; end it if it does not."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _reader(log: IO[str]) -> Iterator[dict[str, Any] | None]:
    """The events written so far; None where there is no further one yet."""
    rest = ""
    while True:
        line = log.readline()
        rest += line
        if not rest.endswith("\n"):
            yield None
            continue
        whole, rest = rest, ""
        event: dict[str, Any] = json.loads(whole)
        yield event


def _plain(told: dict[str, Any]) -> str:
    """What went wrong and with what, on one line."""
    name = str(told.get("urn", "")).rpartition("::")[2]
    message = " ".join(str(told.get("message", "")).split())
    return f"{name}: {message}" if name else message
