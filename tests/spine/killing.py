"""Killing a run at every boundary: a harness for any plan, used with the fake far end here and with real moves later.

The process that runs the plan is SIGKILLed at the first boundary (or inside of the first effect) that no process was
killed at before; then the next process goes on with the same run, until it has come through. Nothing in the library can
be told to die: the hook that kills is handed to the runner by this file, which is no part of what is installed.

    python killing.py MODULE:SUBJECT DIRECTORY run|undo [--inside SEED:COUNT | --inside all] [--apart]

``--apart`` kills only once in each run, and begins a new run for each boundary. Prints one JSON document.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from citycloud.errors import CitycloudError, Stopped
from citycloud.journal import Settings
from citycloud.plan import Plan
from citycloud.run import engine as _engine  # noqa: F401  (imported once, before the processes that are killed)
from citycloud.run.context import Setting
from citycloud.run.runner import Runner

Hook = Callable[[str], None]
KILLED, STOPPED, FAILED = -signal.SIGKILL, 3, 1
MOST = 2000
"""Processes, before it counts as never ending."""


class Subject(Protocol):
    """What is run: a module gives an object with these."""

    def plan(self, directory: Path) -> Plan: ...
    def setting(self, directory: Path, at: Hook, inside: Hook) -> tuple[Settings, Setting]: ...
    def open_gate(self, directory: Path) -> None:
        """Called where a run stopped at a gate: approve it."""

    def effects(self, directory: Path) -> dict[str, int]:
        """How often each effect happened, as the far end counts."""


@dataclass
class Killer:
    """Remembers on disk where it killed; ``only`` limits it to some places, ``once`` to one."""

    file: Path
    only: frozenset[str] | None = None
    once: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def places(self) -> list[str]:
        return self.file.read_text().splitlines() if self.file.exists() else []

    def __call__(self, name: str) -> None:
        if self.only is not None and name not in self.only:
            return
        self._lock.acquire()  # and never given back by who kills: one place for each process
        known = self.places()
        if name in known or (self.once and known):
            self._lock.release()
            return
        with self.file.open("a") as out:
            out.write(f"{name}\n")
            out.flush()
            os.fsync(out.fileno())
        os.kill(os.getpid(), signal.SIGKILL)


def process(subject: Subject, directory: Path, what: str, at: Hook, inside: Hook) -> int:
    """Run or undo in a process of its own; its exit code, negative for the signal that ended it."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        code = FAILED
        try:
            code = _go(subject, directory, what, at, inside)
        except CitycloudError as fault:
            sys.stderr.write(f"{fault}\n")
            code = STOPPED if isinstance(fault, Stopped) else FAILED
        finally:
            sys.stderr.flush()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _go(subject: Subject, directory: Path, what: str, at: Hook, inside: Hook) -> int:
    settings, setting = subject.setting(directory, at, inside)
    runner, plan = Runner(settings, setting), subject.plan(directory)
    latest = next(iter(setting.journal.runs_of(plan.city, plan.domain, plan.subject)), None)
    if what == "run" and (latest is None or latest.open):
        runner.run(plan)
    if what == "undo" and latest is not None and latest.state != "undone":
        runner.undo(latest.id)
    return 0


def nowhere(name: str) -> None:
    pass


def to_the_end(subject: Subject, directory: Path, what: str, at: Hook = nowhere, inside: Hook = nowhere) -> int:
    """Processes one after the other until one comes through; how many there were."""
    for count in range(1, MOST):
        code = process(subject, directory, what, at, inside)
        if code == 0:
            return count
        if code == STOPPED:
            subject.open_gate(directory)
        elif code != KILLED:
            raise RuntimeError(f"process {count} ended with {code}")
    raise RuntimeError(f"not through after {MOST} processes")


def march(subject: Subject, directory: Path, what: str, inside: str = "") -> dict[str, object]:
    """One run, killed at every boundary in turn (or inside of effects)."""
    if what == "undo":
        to_the_end(subject, directory, "run")
    killer = Killer(directory / f"killed-{what}", _chosen(subject, directory, what, inside) if inside else None)
    hooks: tuple[Hook, Hook] = (nowhere, killer) if inside else (killer, nowhere)
    processes = to_the_end(subject, directory, what, *hooks)
    killed = killer.places()
    # where hosts are acted on at once, a kill in one thread may come while another is just past its place
    missed = sorted(killer.only - set(killed)) if killer.only else []
    again = [_alone(subject, directory / f"missed-{n}", what, place) for n, place in enumerate(missed)]
    effects = [subject.effects(directory), *(subject.effects(own) for own in again)]
    return {"killed": killed + missed, "processes": processes, "effects": _worst(effects)}


def _alone(subject: Subject, own: Path, what: str, place: str) -> Path:
    """A run of its own, killed inside of one effect."""
    own.mkdir()
    if what == "undo":
        to_the_end(subject, own, "run")
    killer = Killer(own / "killed", frozenset([place]), once=True)
    to_the_end(subject, own, what, inside=killer)
    if killer.places() != [place]:
        raise RuntimeError(f"{place} was never come by")
    return own


def _worst(counts: list[dict[str, int]]) -> dict[str, int]:
    """The highest count of each effect, and 0 where one of the runs is without it."""
    names = {name for each in counts for name in each}
    return {
        name: max(each.get(name, 0) for each in counts) if all(name in each for each in counts) else 0 for name in names
    }


def apart(subject: Subject, directory: Path, what: str) -> dict[str, object]:
    """For each boundary a run of its own, killed there once."""
    killed: list[str] = []
    counts: list[dict[str, int]] = []
    template = _template(subject, directory, what)
    for number, place in enumerate(places(subject, directory, what)):
        own = directory / f"apart-{number}"
        shutil.copytree(template, own)
        killer = Killer(own / "killed", frozenset([place]), once=True)
        to_the_end(subject, own, what, at=killer)
        killed += killer.places()
        counts.append(subject.effects(own))
        shutil.rmtree(own)
    return {"killed": killed, "effects": _worst(counts)}


def _template(subject: Subject, directory: Path, what: str) -> Path:
    template = directory / "template"
    template.mkdir()
    if what == "undo":
        to_the_end(subject, template, "run")
    return template


def places(subject: Subject, directory: Path, what: str, *, effects: bool = False) -> list[str]:
    """Every boundary (or place inside of an effect) that a run without kills comes by, in order."""
    own, names = directory / "places", directory / "places.txt"
    own.mkdir()
    if what == "undo":
        to_the_end(subject, own, "run")

    def note(name: str) -> None:
        with names.open("a") as out:
            out.write(f"{name}\n")

    to_the_end(subject, own, what, *((nowhere, note) if effects else (note, nowhere)))
    return list(dict.fromkeys(names.read_text().splitlines()))


def _chosen(subject: Subject, directory: Path, what: str, inside: str) -> frozenset[str]:
    found = places(subject, directory, what, effects=True)
    if inside == "all":
        return frozenset(found)
    seed, count = map(int, inside.split(":"))
    return frozenset(random.Random(seed).sample(found, min(count, len(found))))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("subject")
    parser.add_argument("directory", type=Path)
    parser.add_argument("what", choices=["run", "undo"])
    parser.add_argument("--inside", default="")
    parser.add_argument("--apart", action="store_true")
    given = parser.parse_args()
    module, _, name = given.subject.partition(":")
    subject: Subject = getattr(importlib.import_module(module), name)
    if given.apart:
        done = apart(subject, given.directory, given.what)
    else:
        done = march(subject, given.directory, given.what, given.inside)
    print(json.dumps(done))


if __name__ == "__main__":
    main()
