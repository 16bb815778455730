"""A Run as a Report: its Journal against its Plan. Approvals are verified again here. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from citycloud.approvals import Decided, judge, verdict
from citycloud.journal import Entry, RunRow, What, broken_links
from citycloud.plan.model import Approval, Step
from citycloud.plan.text import gate_words
from citycloud.report.html import duration
from citycloud.report.model import NOTHING, Fact, Group, Outcome, Report, Result, Section, Stage, Table, Text, both
from citycloud.report.run_facts import Down, curves, downtimes, spans
from citycloud.report.run_picture import curve_figure, timeline
from citycloud.run.state import Cell, State, Status, read

STATES = {
    "open": Text("进行中", "open"),
    "done": Text("已完成", "done"),
    "undone": Text("已撤销", "undone"),
    "superseded": Text("已由新计划取代", "superseded by another plan"),
}
HOW = {
    "found": Text("本已如此", "was so already"),
    "acted": Text("已执行", "acted"),
    "again": Text("续做后确认", "acted before"),
}
MOST_CURVES = 12


def report(row: RunRow, entries: Sequence[Entry], people: Mapping[str, str], now: datetime) -> Report:
    """The whole report. ``people``: the public keys declared now, by person."""
    state = read(row.plan, entries)
    hashes = [entry.hash for entry in entries]
    decisions = [judge(each, row.digest, people, hashes[: each.number - 1]) for each in state.approvals]
    down = downtimes(entries)
    return Report(
        kind=row.plan.domain,
        title=row.plan.title,
        subtitle=Text(
            f"运行 {row.id}，{STATES[row.state].zh}。计划摘要 {row.digest[:16]}…，记录 {len(entries)} 条。",
            f"Run {row.id}, {STATES[row.state].en}. Plan digest {row.digest[:16]}…, {len(entries)} journal entries.",
        ),
        began=datetime.fromisoformat(row.opened),
        ended=entries[-1].when if entries else now,
        command=f"citycloud report {row.id}",
        sections=(
            _overview(row, state, entries, down),
            *_measured(entries),
            _decided(row, decisions),
            _history(entries),
        ),
        groups=(*(_step(step, state, row) for step in row.plan.steps), _trust(row, entries, decisions)),
        limits=tuple(_limits(row, state)),
        stages=_stages(entries),
    )


def _overview(row: RunRow, state: State, entries: Sequence[Entry], down: Sequence[Down]) -> Section:
    came = spans(entries)
    done = sum(state.done(step) for step in row.plan.steps)
    attempts = sum(entry.what == What.ATTEMPT for entry in entries)
    worst = max((each.seconds for each in down), default=0.0)
    facts = (
        Fact(Text("步骤完成", "steps done"), f"{done} / {len(row.plan.steps)}"),
        Fact(Text("停止服务", "out of service"), _spent(sum(each.seconds for each in down)) if down else "—"),
        Fact(Text("最长一次停止服务", "longest time out of service"), _spent(worst) if down else "—"),
        Fact(Text("启动次数", "attempts"), str(attempts)),
    )
    drawn = timeline(row.plan, came, down)
    rows = tuple(
        (
            each.what,
            each.step,
            _time(each.began),
            duration(each.seconds) if each.ended else Text("尚未恢复", "not back"),
        )
        for each in down
    )
    columns = (Text("对象", "what"), Text("步骤", "step"), Text("开始", "from"), Text("时长", "for"))
    outage = (Table(Text("停止服务", "Out of service"), columns, rows),) if rows else ()
    tables = (*outage, _identity(row, state))
    title = Text("经过", "What happened")
    return Section("run", title, NOTHING, facts, (drawn,) if drawn else (), tables)


def _identity(row: RunRow, state: State) -> Table:
    """What this report is of, whole: to be compared with what was approved."""
    rows = (
        (Text("运行", "run"), row.id),
        (Text("计划摘要", "plan digest"), row.digest),
        (Text("末条记录的散列", "hash of the last journal entry"), state.hash),
        (Text("计划所据", "digest of what the plan was made from"), row.plan.inputs),
    )
    return Table(Text("身份", "Identity"), (Text("项目", "what"), Text("值", "value")), rows)


def _spent(seconds: float) -> str:
    """Times out of service are told in milliseconds where they are short."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else duration(seconds)


def _measured(entries: Sequence[Entry]) -> tuple[Section, ...]:
    found = curves(entries)
    if not found:
        return ()
    words = NOTHING
    if len(found) > MOST_CURVES:
        words = Text(
            f"共 {len(found)} 条，此处画出 {MOST_CURVES} 条。",
            f"{len(found)} in all; {MOST_CURVES} of them are drawn here.",
        )
    return (
        Section("measured", Text("测量", "Measurements"), words, figures=tuple(map(curve_figure, found[:MOST_CURVES]))),
    )


def _decided(row: RunRow, decisions: Sequence[Decided]) -> Section:
    rows = tuple(
        (
            each.step,
            each.person,
            Text("批准", "approved") if each.decision == "approve" else Text("拒绝", "refused"),
            each.time,
            Text("签名有效", "signature holds")
            if not each.fault
            else Text(f"无效：{each.fault}", f"void: {each.fault}"),
        )
        for each in decisions
    )
    columns = (
        Text("步骤", "step"),
        Text("何人", "who"),
        Text("决定", "decision"),
        Text("时间", "when"),
        Text("核验", "check"),
    )
    title = Text("批准", "Approvals")
    words = Text(
        "每项决定由本人密钥签名，此处重新核验。", "Each decision is signed with that person's own key, verified again."
    )
    if not rows:
        words = Text("没有作出决定。", "Nothing was decided.")
    return Section("approvals", title, words, tables=(Table(title, columns, rows),) if rows else ())


def _history(entries: Sequence[Entry]) -> Section:
    shown = [entry for entry in entries if entry.what != What.TOLD]
    rows = tuple(
        (str(e.number), _time(e.when), str(e.what), e.step + (f" @ {e.host}" if e.host else ""), e.by, e.hash[:16])
        for e in shown
    )
    columns = (
        both("#"),
        Text("时间", "time"),
        Text("事项", "what"),
        Text("步骤", "step"),
        Text("写入者", "by"),
        Text("散列", "hash"),
    )
    title = Text("记录", "The journal")
    words = Text(
        "每条记录含前一条的散列；完整内容在同名的 JSON 文件中。",
        "Each entry holds the hash of the one before; the JSON file of the same name has them whole.",
    )
    return Section("journal", title, words, tables=(Table(title, columns, rows, folded=True),))


def _step(step: Step, state: State, row: RunRow) -> Group:
    """A step's evidence, host by host."""
    results = [each for host, cell in state.on(step).items() for each in _cell(step, host, cell, row)]
    return Group(step.id.replace("/", "-"), step.goal, tuple(results))


def _cell(step: Step, host: str, cell: Cell, row: RunRow) -> list[Result]:
    id_ = f"{step.id}@{host}" if host else step.id
    goal = Text(f"{step.goal.zh}（{host}）", f"{step.goal.en} ({host})") if host else step.goal
    if cell.status is Status.DONE:
        return [
            Result(
                f"{id_}: {one['check']}",
                goal,
                Outcome.PASSED if one["passed"] else Outcome.FAILED,
                f"{one['check']}\n{one['seen']}",
            )
            for one in cell.evidence
        ]
    if cell.status is Status.UNDONE:
        return [
            Result(id_, goal, Outcome.PASSED, Text("已撤销，并确认不再成立", "undone, and seen to be so no longer"))
        ]
    if cell.status is Status.WAITING and row.state in ("undone", "superseded"):
        return [Result(id_, goal, Outcome.UNPROVABLE, Text("没有开始", "was not begun"))]
    if cell.status is Status.WAITING:
        waits = Text(*("；".join(gate_words(gate, language) for gate in step.gates) for language in ("zh", "en")))
        return [Result(id_, goal, Outcome.NOT_RUN, waits if step.gates else Text("尚未开始", "not begun yet"))]
    return [Result(id_, goal, Outcome.FAILED, cell.seen or Text("中途中断", "cut off in its middle"))]


def _trust(row: RunRow, entries: Sequence[Entry], decisions: Sequence[Decided]) -> Group:
    """That the record is whole, and that nothing gated was done without its approvals."""
    faults = list(broken_links(entries))
    results = [
        Result(
            "journal/whole",
            Text("记录完整，无改动", "The journal is whole and unchanged"),
            Outcome.FAILED if faults else Outcome.PASSED,
            "; ".join(faults[:5]) or f"{len(entries)} entries, each with the hash of the one before",
        )
    ]
    begun = {entry.step: entry.number for entry in reversed(entries) if entry.what == What.BEGUN}
    for step in row.plan.steps:
        gates = [gate for gate in step.gates if isinstance(gate, Approval)]
        if gates and step.id in begun:
            results += [_approved(step, gate, decisions) for gate in gates]
    return Group("trust", Text("可信", "Trust"), tuple(results))


def _approved(step: Step, gate: Approval, decisions: Sequence[Decided]) -> Result:
    good = [each for each in decisions if each.decision == "approve" and each.step == step.id]
    found = verdict(gate, step.id, good)
    seen = ", ".join(found.approved) or "nobody"
    words = Text(f"{step.id} 经批准后开始", f"{step.id} was begun with its approvals")
    return Result(
        f"{step.id}: approved",
        words,
        Outcome.PASSED if found.opened else Outcome.FAILED,
        f"approved by {seen} of {', '.join(gate.people)}",
    )


def _limits(row: RunRow, state: State) -> list[Text]:
    """Steps that have no check of their own."""
    bare = [
        step.id
        for step in row.plan.steps
        if any(one["check"].endswith(": reached") for cell in state.on(step).values() for one in cell.evidence)
    ]
    if not bare:
        return []
    return [
        Text(
            f"以下步骤没有专门的检查，只是再次询问其目标是否达到：{'、'.join(bare)}。",
            f"These steps have no check of their own; only their goal was asked for again: {', '.join(bare)}.",
        )
    ]


def _stages(entries: Sequence[Entry]) -> tuple[Stage, ...]:
    spent: dict[str, float] = {}
    for span in spans(entries):
        spent[span.step] = spent.get(span.step, 0.0) + (span.ended - span.began).total_seconds()
    longest = sorted(spent.items(), key=lambda pair: -pair[1])[:10]
    return tuple(Stage(both(step), seconds) for step, seconds in longest)


def _time(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M:%S}Z"
