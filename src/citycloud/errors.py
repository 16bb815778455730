"""Every error citycloud raises on purpose, and the exit code each ends the command line with.

::

    CitycloudError            1  failed in the middle
    ├── BadInput              2  what was given is faulty; nothing was touched
    ├── Stopped               3  stopped at a gate: approval, window, drift
    └── StepFailed            1  names the step, what was seen, the state, and the command that goes on
"""

from __future__ import annotations

from collections.abc import Sequence

from citycloud.findings import Finding


class CitycloudError(Exception):
    """The root of the tree: a failure a person can act on. Its text is what the person reads."""

    exit_code = 1


class BadInput(CitycloudError):
    """Faulty input, with every fault found. Nothing was touched."""

    exit_code = 2

    def __init__(self, message: str, findings: Sequence[Finding] = ()) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join([message, *(f"  {finding}" for finding in self.findings)]))


class Stopped(CitycloudError):
    """Stopped at a gate, on purpose: an approval, a window, or drift that was found."""

    exit_code = 3


class StepFailed(CitycloudError):
    """A step failed in the middle of work.

    The text names the step, what was seen, what state the world is in, and the one command that goes on or goes back.
    """

    def __init__(self, step: str, seen: str, state: str, command: str) -> None:
        self.step, self.seen, self.state, self.command = step, seen, state, command
        super().__init__(f"{step}: failed\n  seen:  {seen}\n  state: {state}\n  go on: {command}")
