"""Reaching a goal, and proving it, on one or many hosts: asked first, acted on where needed, verified after."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from citycloud.action import Action, Evidence, OutOfTime, Tell, Together, World
from citycloud.run.evidence import said

Boundary = Callable[[str], None]
"""Called at every boundary with its name. It does nothing; the tests kill the process there."""


@dataclass(frozen=True)
class Result:
    """How it came out on one host. ``how``: ``found`` so, ``acted``, or ``again`` (reached by an earlier call)."""

    how: str
    fault: str = ""
    evidence: tuple[Evidence, ...] = ()

    def told(self) -> dict[str, Any]:
        return {"how": self.how, "evidence": [asdict(each) for each in self.evidence]}


@dataclass(frozen=True)
class Attendance:
    """One call of an action for some hosts; ``""`` is the host of a step that has none."""

    action: Action
    world: World
    hosts: tuple[str, ...]
    ours: Mapping[str, bool]
    """Whether the Run had acted there before."""
    tell: Tell
    tries: int
    wait: timedelta
    at: Boundary

    def __call__(self) -> dict[str, Result]:
        """A Result for every host. Raises OutOfTime."""
        results: dict[str, Result] = {}
        acted: set[str] = set()
        for number in range(self.tries):
            if number:
                self._pause(number)
            left = [host for host in self.hosts if host not in results or results[host].fault]
            results.update(self._once(left, acted))
            if not any(result.fault for result in results.values()):
                break
        return results

    def _pause(self, number: int) -> None:
        seconds = self.wait.total_seconds() * 2 ** (number - 1)
        self.tell(f"not yet; try {number + 1} of {self.tries} in {seconds:g} s")
        time.sleep(min(seconds, self.tell.left().total_seconds()))
        self.tell.check()

    def _once(self, hosts: Sequence[str], acted: set[str]) -> dict[str, Result]:
        faults = _Faults()
        reached = self._reached(hosts, faults)
        self.at("asked")
        todo = [host for host in hosts if host not in reached and host not in faults]
        if todo:
            acted.update(todo)
            self._act(todo, faults)
        self.at("acted")
        results = {host: self._verified(host, self._how(host, acted), faults) for host in hosts}
        self.at("verified")
        return results

    def _how(self, host: str, acted: set[str]) -> str:
        return "acted" if host in acted else "again" if self.ours.get(host) else "found"

    def _reached(self, hosts: Sequence[str], faults: _Faults) -> frozenset[str]:
        if isinstance(self.action, Together):
            action = self.action
            return faults.of(hosts, lambda: action.reached_on(self.world, hosts)) or frozenset()
        answers = {host: faults.of([host], lambda host=host: self.action.reached(self._on(host))) for host in hosts}  # type: ignore[misc]
        return frozenset(host for host, answer in answers.items() if answer)

    def _act(self, hosts: Sequence[str], faults: _Faults) -> None:
        if isinstance(self.action, Together):
            action = self.action
            faults.update(faults.of(hosts, lambda: action.act_on(self.world, hosts, self.tell)) or {})
            return
        for host in hosts:
            faults.of([host], lambda host=host: self.action.act(self._on(host), self.tell))  # type: ignore[misc]

    def _verified(self, host: str, how: str, faults: _Faults) -> Result:
        if host in faults:
            return Result(how, faults[host])
        seen = faults.of([host], lambda: tuple(self.action.verify(self._on(host).hosts)))
        if seen == ():
            seen = (self._asked_again(host, faults),)
        failed = "; ".join(f"{each.check}: {each.seen}" for each in seen or () if not each.passed)
        return Result(how, faults.get(host, "") or failed, seen or ())

    def _asked_again(self, host: str, faults: _Faults) -> Evidence:
        so = faults.of([host], lambda: self.action.reached(self._on(host)))
        return Evidence(
            f"{self.action.kind}: reached", bool(so), "reached" if so else "not reached after it acted", host
        )

    def _on(self, host: str) -> World:
        return self.world.on(host) if host else self.world


class _Faults(dict[str, str]):
    """What went wrong, by host."""

    def of(self, hosts: Iterable[str], call: Callable[[], Any]) -> Any:  # noqa: ANN401 (whatever the call gives)
        """The call's result; None where it raised, which counts for all of ``hosts``."""
        try:
            return call()
        except OutOfTime:
            raise
        except Exception as fault:
            self.update(dict.fromkeys(hosts, said(fault)))
            return None


def undone(action: Action, world: World, hosts: Sequence[str]) -> dict[str, str]:
    """Undo on ``hosts``; what went wrong by host: an undo that raises, and a goal that is still reached after it."""
    faults = _Faults()

    def on(host: str) -> World:
        return world.on(host) if host else world

    if isinstance(action, Together):
        faults.update(faults.of(hosts, lambda: action.undo_on(world, hosts)) or {})
    else:
        for host in hosts:
            faults.of([host], lambda host=host: action.undo(on(host)))  # type: ignore[misc]
    for host in [host for host in hosts if host not in faults]:
        if faults.of([host], lambda host=host: action.reached(on(host))):  # type: ignore[misc]
            faults[host] = "still reached after the undo"
    return dict(faults)
