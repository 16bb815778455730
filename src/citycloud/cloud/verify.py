"""Verification: run every check of a City against its clouds, one Result for each Requirement.

pytest runs the checks in this process; what it reports is gathered here. A Requirement whose check did not run is a
Result too (``not-run``), which counts against the whole.
"""

from __future__ import annotations

import io
import os
from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from citycloud import paths
from citycloud.city.load import load_city
from citycloud.city.model import City
from citycloud.cloud import verify_plugin
from citycloud.cloud.requirements import TITLES, Kind, Requirement
from citycloud.errors import CitycloudError
from citycloud.progress import Progress
from citycloud.report import Outcome, Result
from citycloud.report.model import Cell

CHECKS = Path(__file__).with_name("checks.py")
LONGEST = 900
"""Characters of evidence kept of one result."""


@dataclass(frozen=True)
class Verification:
    """One whole verification: results in the order of the requirements."""

    city: City
    requirements: tuple[Requirement, ...]
    results: tuple[Result, ...]
    began: datetime
    ended: datetime
    seconds: dict[str, float]
    """By kind: fixtures (looking at the clouds) and checks together."""
    partial: bool
    """Only some kinds were asked for."""

    def counts(self) -> Counter[Outcome]:
        return Counter(result.outcome for result in self.results)

    def passed(self) -> bool:
        counts = self.counts()
        return counts[Outcome.PASSED] > 0 and not counts[Outcome.FAILED] and not counts[Outcome.NOT_RUN]


@dataclass
class Recorder:
    """A pytest plugin that keeps what became of each Requirement, and tells of each kind as it begins."""

    progress: Progress | None = None
    results: dict[str, Result] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    faults: list[str] = field(default_factory=list)
    wanted: tuple[Requirement, ...] = ()
    _asked: dict[str, Requirement] = field(default_factory=dict)
    _kind: Kind | None = None

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.wanted = verify_plugin.wanted_of(session.config)
        for item in session.items:
            requirement = verify_plugin.requirement_of(item)
            if requirement is not None:
                self._asked[item.nodeid] = requirement
        if self.progress is not None:
            kinds = {requirement.kind for requirement in self._asked.values()}
            self.progress.say(f"{len(self._asked)} requirements of {len(kinds)} kinds to check")

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        requirement = self._asked.get(nodeid)
        if requirement is not None and requirement.kind is not self._kind:
            self._finished()
            self._kind = requirement.kind

    def pytest_sessionfinish(self) -> None:
        self._finished()

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.faults.append(str(report.longrepr))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        requirement = self._asked.get(report.nodeid)
        if requirement is None:
            return
        self.seconds[requirement.kind] += report.duration
        if report.when == "call" or report.outcome != "passed":
            self.results[requirement.id] = _result(requirement, report)

    def _finished(self) -> None:
        """Tell how the kind that just ended came out."""
        if self._kind is None or self.progress is None:
            return
        own = [self.results[each.id] for each in self._asked.values() if each.kind is self._kind]
        counts = Counter(result.outcome for result in own)
        told = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
        bad = counts[Outcome.FAILED] + counts[Outcome.NOT_RUN]
        style = "red" if bad else "yellow" if counts[Outcome.UNPROVABLE] else ""
        self.progress.say(f"{TITLES[self._kind].en}: {told} ({self.seconds[self._kind]:.1f} s)", style)
        self._kind = None


def verify(folder: Path, kinds: Iterable[Kind] = (), progress: Progress | None = None) -> Verification:
    """Check the City in ``folder`` against its clouds; only some kinds of requirements where they are named.

    Raises BadInput for a faulty City, CitycloudError where the checks cannot run at all. A failed check raises nothing.
    """
    chosen = tuple(kinds)
    city = load_city(folder)
    if not paths.clouds_yaml().is_file():
        raise CitycloudError(f"{paths.clouds_yaml()} is not there: is the lab up? (citycloud lab status)")
    began = datetime.now(UTC)
    recorder = Recorder(progress)
    _run(folder, chosen, recorder)
    results = tuple(recorder.results.get(each.id) or _not_run(each) for each in recorder.wanted)
    ended = datetime.now(UTC)
    return Verification(city, recorder.wanted, results, began, ended, dict(recorder.seconds), bool(chosen))


def _run(folder: Path, kinds: tuple[Kind, ...], recorder: Recorder) -> None:
    """pytest with nothing of the caller's: no configuration file, no cache, no other plugins of the machine."""
    arguments = [
        "-c",
        os.devnull,
        f"--rootdir={CHECKS.parent}",
        "-p",
        "no:cacheprovider",
        "-p",
        "citycloud.cloud.verify_plugin",
    ]
    arguments += [f"--city={folder.resolve()}", "--tb=short", "-q"]
    arguments += [f"--kinds={','.join(kinds)}"] if kinds else []
    told = io.StringIO()
    with redirect_stdout(told):
        code = pytest.main([*arguments, str(CHECKS)], plugins=[recorder])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise CitycloudError(f"the checks could not run (pytest: {code!r})\n{_tail(recorder.faults, told.getvalue())}")


def _tail(faults: list[str], told: str) -> str:
    return "\n".join([*faults, *told.splitlines()[-15:]])


def _result(requirement: Requirement, report: pytest.TestReport) -> Result:
    seen = "; ".join(str(value) for name, value in report.user_properties if name == verify_plugin.EVIDENCE)
    if report.skipped:
        why = requirement.unprovable
        outcome = Outcome.UNPROVABLE if why is not None else Outcome.NOT_RUN
        evidence: Cell = why if why is not None else str(report.longrepr)
    elif report.passed:
        outcome, evidence = Outcome.PASSED, seen
    else:
        outcome = Outcome.FAILED
        evidence = "\n".join(filter(None, (_crash(report), f"seen: {seen}" if seen else "")))
    seconds = report.duration if report.when == "call" else 0.0
    return Result(requirement.id, requirement.sentence, outcome, _cut(evidence), seconds, requirement.subject)


def _cut(evidence: Cell) -> Cell:
    return evidence[:LONGEST] if isinstance(evidence, str) else evidence


def _crash(report: pytest.TestReport) -> str:
    """What the check, or looking at the cloud for it, ended with: the message, without a traceback."""
    crash = getattr(report.longrepr, "reprcrash", None)
    message = str(crash.message if crash is not None else report.longrepr)
    return message.removeprefix("AssertionError: ").split("\nassert ")[0].strip()


def _not_run(requirement: Requirement) -> Result:
    return Result(
        requirement.id, requirement.sentence, Outcome.NOT_RUN, "the check did not run", 0.0, requirement.subject
    )
