"""The report of a plan of waves: its chart, its table, each placement with its reason, and the second reckoning."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from citycloud.city.model import City
from citycloud.migrate.choices import Migrations
from citycloud.migrate.waves.gantt import gantt
from citycloud.migrate.waves.plan import WavePlan
from citycloud.migrate.waves.text import HOW
from citycloud.migrate.waves.verify import KINDS, Broken, broken
from citycloud.report import Fact, Group, Outcome, Report, Result, Section, Table, Text, both

TITLES = {
    "all-placed": Text("每个系统恰好在一个批次", "Every system is in one wave"),
    "needs": Text("依赖的系统先迁", "What a system needs moves before it"),
    "together": Text("须同迁的系统同批", "What belongs together moves together"),
    "window": Text("切换都在窗口内", "Every cutover fits its windows"),
    "frozen": Text("封网期不切换", "Nothing is cut over on frozen days"),
    "not-before": Text("不早于约定日期", "Nothing moves before its day"),
    "team": Text("实施组人手够", "No team has more moves than hands"),
    "department": Text("部门同时迁移数不超限", "No department has more moves at once than allowed"),
    "line": Text("切换前数据已传完", "The data is there before the cutover"),
    "quota": Text("配额不超", "No quota is passed"),
    "zone": Text("各架构区域容量不超", "No zone's capacity is passed, by architecture"),
}
COLUMNS = (
    Text("批次", "wave"),
    Text("窗口", "window"),
    Text("系统", "system"),
    Text("部门", "department"),
    Text("去处", "to"),
    Text("数据 GiB", "data GiB"),
    Text("为何在此", "why here"),
)


def report(
    city: City, migrations: Migrations, plan: WavePlan, began: datetime, ended: datetime, command: str
) -> Report:
    """Everything the plan says, and whether it keeps what it has to."""
    assert migrations.waves is not None
    zh, en = HOW[plan.how]
    sections = (
        Section(
            id="waves",
            title=Text("批次", "Waves"),
            words=Text(f"{zh}。摘要 {plan.digest[:16]}。", f"{en.capitalize()}. Digest {plan.digest[:16]}."),
            facts=_facts(plan),
            figures=(gantt(plan, migrations.waves),),
            tables=(_table(plan),),
        ),
    )
    return Report(
        kind="waves",
        title=Text(
            f"{city.name}：{len(plan.placements)} 个系统的迁移批次",
            f"{city.name}: {len(plan.placements)} systems in waves",
        ),
        subtitle=Text(
            "按声明与选择计算，未触及任何系统。", "Planned from the declaration and the choices; nothing was touched."
        ),
        began=began,
        ended=ended,
        command=command,
        sections=sections,
        groups=(_checks(broken(city, migrations, plan), plan),),
    )


def _facts(plan: WavePlan) -> tuple[Fact, ...]:
    size = sum(one.copy_mib for one in plan.placements) / (1 << 20)
    last = f"{plan.waves[-1].begins:%Y-%m-%d}" if plan.waves else "-"
    return (
        Fact(Text("批次", "waves"), str(len(plan.waves))),
        Fact(Text("系统", "systems"), str(len(plan.placements))),
        Fact(Text("要传的数据", "to send"), f"{size:.1f}", both("TiB")),
        Fact(Text("最后一批", "last wave"), last),
    )


def _table(plan: WavePlan) -> Table:
    rows = tuple(
        (
            str(one.wave),
            f"{one.begins:%Y-%m-%d %H:%M}",
            Text(one.name, one.system),
            one.department,
            f"{one.site}/{one.zone}",
            f"{one.copy_mib / 1024:.0f}",
            Text(one.why_zh, one.why_en),
        )
        for one in plan.placements
    )
    return Table(Text("每个系统的批次与原因", "Each system's wave, and why"), COLUMNS, rows)


def _checks(found: list[Broken], plan: WavePlan) -> Group:
    kinds = Counter(one.kind for one in found)
    results = []
    for kind in KINDS:
        first = next((f"{one.subject}: {one.said}" for one in found if one.kind == kind), "")
        evidence = Text(f"{len(plan.placements)} 个系统逐一核对", f"{len(plan.placements)} systems, one by one")
        outcome = Outcome.FAILED if kinds[kind] else Outcome.PASSED
        results.append(Result(f"waves/{kind}", TITLES[kind], outcome, first or evidence))
    return Group("constraints", Text("第二次核算", "Reckoned a second time, in another way"), tuple(results))
