"""A Plan as a person reads it, in English or Chinese. Pure; golden files in the tests hold what it looks like."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

from citycloud.plan.file import digest
from citycloud.plan.model import Approval, Gate, Plan, Step, Weekly, Window
from citycloud.report.model import Text

Language = Literal["en", "zh"]
LIST = {"en": ", ", "zh": "、"}
DAYS_ZH = {"mon": "周一", "tue": "周二", "wed": "周三", "thu": "周四", "fri": "周五", "sat": "周六", "sun": "周日"}


def describe(plan: Plan, language: Language = "en") -> str:
    """The whole plan, ending with a newline."""
    return "\n".join(_lines(plan, language)) + "\n"


def said(words: Text, language: Language) -> str:
    return words.zh if language == "zh" else words.en


def _lines(plan: Plan, language: Language) -> Iterator[str]:
    yield said(plan.title, language)
    yield say(language, "plan {} · {} steps · digest {}", "计划 {} · {} 步 · 摘要 {}").format(
        f"{plan.domain}/{plan.subject}", len(plan.steps), digest(plan)[:16]
    )
    for note in plan.notes:
        yield f"! {said(note, language)}"
    width = len(str(len(plan.steps)))
    for number, step in enumerate(plan.steps, 1):
        yield ""
        yield f"{number:>{width}}. {step.id}  ({_limit(step, language)})"
        for line in _step(step, language):
            yield f"{' ' * (width + 2)}{line}"


def _step(step: Step, language: Language) -> Iterator[str]:
    yield said(step.goal, language)
    yield say(language, "by", "方式") + f" {step.action.kind}" + _irreversible(step, language)
    if step.hosts:
        yield _hosts(step, language)
    if step.why.en:
        yield say(language, "here because: ", "次序理由：") + said(step.why, language)
    if step.needs:
        yield say(language, "after: ", "须先完成：") + LIST[language].join(step.needs)
    for gate in step.gates:
        yield say(language, "only ", "须") + gate_words(gate, language)


def say(language: Language, en: str, zh: str) -> str:
    return zh if language == "zh" else en


def _irreversible(step: Step, language: Language) -> str:
    return say(language, " — CANNOT BE UNDONE", "——不可撤销") if step.action.irreversible else ""


def _hosts(step: Step, language: Language) -> str:
    fleet = step.fleet
    many = say(language, "on {} hosts", "作用于 {} 台主机").format(len(step.hosts))
    if fleet is None:
        return many
    rest = say(language, ", {} at once; stops when more than {:.0%} fail", "，同时 {} 台；失败超过 {:.0%} 即停")
    return many + rest.format(fleet.batch * fleet.at_once, fleet.stop_over)


def gate_words(gate: Gate, language: Language) -> str:
    """What a gate asks for, in words."""
    if isinstance(gate, Approval):
        people = LIST[language].join(gate.people)
        if gate.count == len(gate.people) == 1:
            return say(language, "when approved by {}", "经 {} 批准").format(people)
        return say(language, "when approved by {} of: {}", "经以下 {} 人批准：{}").format(gate.count, people)
    if isinstance(gate, Window):
        return say(language, "between {} and {}", "在 {} 至 {} 之间").format(
            gate.opens.isoformat(" ", "minutes"), gate.closes.isoformat(" ", "minutes")
        )
    return _weekly(gate, language)


def _weekly(gate: Weekly, language: Language) -> str:
    names = [DAYS_ZH[day] if language == "zh" else day.capitalize() for day in gate.days]
    words = say(language, "on {} from {} for {} ({})", "在{} {} 起 {} 内（{}）")
    return words.format(LIST[language].join(names), gate.opens, span(gate.length, language), gate.zone)


def _limit(step: Step, language: Language) -> str:
    return say(language, "at most {}", "至多 {}").format(span(step.longest, language))


def span(time: timedelta, language: Language = "en") -> str:
    """``90 s``, ``15 min``, ``8 h``, ``1 h 30 min``; in Chinese with Chinese units."""
    seconds = time.total_seconds()
    units = say(language, "h min s", "小时 分钟 秒").split()
    if seconds < 120 or seconds % 60:
        return f"{seconds:g} {units[2]}"
    hours, minutes = divmod(round(seconds / 60), 60)
    parts = [f"{hours} {units[0]}"] * bool(hours) + [f"{minutes} {units[1]}"] * bool(minutes)
    return " ".join(parts)
