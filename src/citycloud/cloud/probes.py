"""Probes: connections tried with real packets. A listener is put on every target for the time of the probes, so that
a connection that does not come through was dropped on its way, and not turned down for want of somebody to take it.

1. A listener starts on each target, for all its ports; what it may not bind another service holds already.
2. Each target calls its own addresses: the listener is there.
3. All sources try at once, each all its connections.
4. Each target calls itself again (it was there all along), and the listener ends.
"""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from citycloud.cloud import probes_guest
from citycloud.cloud.requirements import Kind, Requirement
from citycloud.cloud.requirements_packets import OPERATORS

DROPPED_AFTER = 3.0
"""Seconds without an answer that count as dropped: three SYNs of Linux (sent at 0, 1 and 3 s) less the last."""
LISTEN_SECONDS = 90
"""A listener's own end, should nobody stop it."""
RUN_SECONDS = 40
CAME_THROUGH = ("answered", "accepted")

Ask = Callable[[str, str, Mapping[str, Any]], Any]
"""``ask(machine.site, verb, given)`` runs the guest program there. Raises AssertionError where that fails."""
Answer = tuple[str, float]
Way = tuple[str, str, str]


@dataclass
class Packets:
    """What came of the probes, by requirement id; ``home`` is what a target's own calls to itself found."""

    tries: dict[str, Answer] = field(default_factory=dict)
    home: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Before and after."""
    ways: dict[Way, bool] = field(default_factory=dict)
    """Whether any declared connection came through, by source, target and family: else a drop proves nothing."""
    faults: dict[str, str] = field(default_factory=dict)
    """Why an end could not take part, by its name."""


def probe(wanted: Iterable[Requirement], ask: Ask) -> Packets:
    """Try every connection of ``wanted``. An end that fails is told of in ``faults``; nothing is raised."""
    requirements = [requirement for requirement in wanted if requirement.unprovable is None]
    found = Packets()
    listeners = _each(_by("target", requirements), lambda end, own: _listen(end, own, ask), found)
    requirements = [requirement for requirement in requirements if requirement.want["target"] not in found.faults]
    before = _each(_by("target", requirements), lambda end, own: _home(end, own, ask), found)
    tried = _each(_by("source", requirements), lambda end, own: _try(end, own, ask), found)
    after = _each(_by("target", requirements), lambda end, own: _home(end, own, ask), found)
    _each(_by("target", requirements), lambda end, own: ask(end, "stop", {"pid": listeners[end]}), found, listeners)
    for requirement in requirements:
        source, target = requirement.want["source"], requirement.want["target"]
        if requirement.id in tried.get(source, {}):
            found.tries[requirement.id] = tried[source][requirement.id]
        ends = [seen.get(target, {}).get(requirement.id, ("unknown", 0.0))[0] for seen in (before, after)]
        found.home[requirement.id] = (ends[0], ends[1])
        if requirement.kind is Kind.OPEN:
            passed = found.tries.get(requirement.id, ("", 0.0))[0] in CAME_THROUGH
            found.ways[way(requirement)] = passed or found.ways.get(way(requirement), False)
    return found


def way(requirement: Requirement) -> Way:
    """Between which ends, over which family."""
    want = requirement.want
    return want["source"], want["target"], want["family"]


def guest_command(verb: str, given: Mapping[str, Any]) -> str:
    """The guest program as one shell command; it holds nothing secret."""
    source = (files("citycloud.cloud") / "probes_guest.py").read_bytes()
    packed = base64.b64encode(source).decode()
    program = f"import base64; exec(base64.b64decode('{packed}'))"
    return f"timeout {RUN_SECONDS} python3 -c \"{program}\" {verb} '{json.dumps(given)}'"


def here(verb: str, given: Mapping[str, Any]) -> object:
    """The guest program on the operators' host: this process."""
    return probes_guest.main(verb, dict(given))


def _by(end: str, requirements: Iterable[Requirement]) -> dict[str, list[Requirement]]:
    found: dict[str, list[Requirement]] = defaultdict(list)
    for requirement in requirements:
        found[requirement.want[end]].append(requirement)
    return found


def _each(
    ends: Mapping[str, list[Requirement]],
    act: Callable[[str, list[Requirement]], Any],
    found: Packets,
    among: Iterable[str] | None = None,
) -> dict[str, Any]:
    """Do it at all ends at once; what failed is kept in ``found.faults``."""
    chosen = [end for end in ends if (among is None or end in among) and end not in found.faults]
    results: dict[str, Any] = {}

    def one(end: str) -> None:
        try:
            results[end] = act(end, ends[end])
        except (AssertionError, RuntimeError, OSError, ValueError) as fault:
            found.faults[end] = str(fault)[:300] or type(fault).__name__

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, chosen))
    return results


def _listen(end: str, own: Iterable[Requirement], ask: Ask) -> int:
    ports = sorted({requirement.want["port"] for requirement in own})
    return int(ask(end, "listen", {"ports": ports, "seconds": LISTEN_SECONDS})["pid"])


def _home(end: str, own: list[Requirement], ask: Ask) -> dict[str, Answer]:
    """A target's calls to its own addresses."""
    ends = sorted({(requirement.want["address"], requirement.want["port"]) for requirement in own})
    answers = dict(zip(ends, ask(end, "connect", {"tries": ends, "seconds": DROPPED_AFTER}), strict=True))
    return {one.id: _answer(answers[one.want["address"], one.want["port"]]) for one in own}


def _try(end: str, own: list[Requirement], ask: Ask) -> dict[str, Answer]:
    ends = [(requirement.want["address"], requirement.want["port"]) for requirement in own]
    answers = ask(end, "connect", {"tries": ends, "seconds": DROPPED_AFTER})
    return {requirement.id: _answer(answer) for requirement, answer in zip(own, answers, strict=True)}


def _answer(told: Any) -> Answer:  # noqa: ANN401 (JSON)
    return ("no end", 0.0) if told is None else (str(told[0]), float(told[1]))


__all__ = ["CAME_THROUGH", "DROPPED_AFTER", "OPERATORS", "Packets", "guest_command", "here", "probe", "way"]
