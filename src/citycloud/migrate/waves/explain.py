"""Why a unit is in its window and in no earlier one, in words: what stood against each. Pure."""

from __future__ import annotations

from datetime import date
from itertools import groupby

from citycloud.city.model import Noun
from citycloud.migrate.waves.ledger import Ledger
from citycloud.migrate.waves.problem import Problem, Unit
from citycloud.migrate.waves.reasons import Reason
from citycloud.report import Text


class Bound(Noun):
    """Windows in a row that one thing stood against."""

    first: date
    last: date
    windows: int
    kind: str
    subject: str
    zh: str
    en: str


FIRST = Text("第一个窗口就可以迁移。", "It moves in the first window there is.")
NOTHING_ELSE = Text(
    "更早的窗口也放得下，由求解器为整体安排至此。", "An earlier window would do; it is here for the sake of the whole."
)


def bounds(problem: Problem, ledger: Ledger, unit: Unit) -> tuple[tuple[Bound, ...], Text]:
    """What stood against each earlier window, the others being where they are; and that in a sentence."""
    at = ledger.take_back(unit)
    against = [next(ledger.against(unit, earlier), None) for earlier in range(at)]
    ledger.place(unit, at)
    found = tuple(_bound(problem, run) for run in _runs(against))
    return found, _sentence(found, at)


def _runs(against: list[Reason | None]) -> list[list[tuple[int, Reason]]]:
    """Windows in a row with the same kind of reason and the same subject; not those that nothing stood against."""
    numbered = [(at, reason) for at, reason in enumerate(against) if reason is not None]
    return [list(run) for _, run in groupby(numbered, key=lambda one: (one[1].kind, one[1].subject))]


def _bound(problem: Problem, run: list[tuple[int, Reason]]) -> Bound:
    """In the words of the run's last window, which is the nearest to what was chosen."""
    reason = run[-1][1]
    return Bound(
        first=problem.slots[run[0][0]].day,
        last=problem.slots[run[-1][0]].day,
        windows=len(run),
        kind=reason.kind,
        subject=reason.subject,
        zh=reason.zh,
        en=reason.en,
    )


def _sentence(found: tuple[Bound, ...], at: int) -> Text:
    if at == 0:
        return FIRST
    if not found:
        return NOTHING_ELSE
    last, rest = found[-1], found[:-1]
    zh, en = f"不能更早：{last.last} {last.zh}", f"Not earlier: on {last.last}, {last.en}"
    kinds = {(one.kind, one.subject): one for one in rest if (one.kind, one.subject) != (last.kind, last.subject)}
    if kinds:
        zh += "；此前：" + "；".join(one.zh for one in kinds.values())
        en += "; before that: " + "; ".join(one.en for one in kinds.values())
    return Text(zh + "。", en + ".")
