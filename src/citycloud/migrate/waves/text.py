"""A plan of waves in words, for a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from citycloud.migrate.waves.plan import WavePlan

HOW = {
    "optimal": ("已证明没有更早完成的方案", "no plan ends earlier: proved"),
    "feasible": ("限定计算量内的最好方案", "the best found within the limit"),
    "greedy": ("贪心方案（求解器未给出结果）", "the plain planner's (the solver gave none)"),
}


def lines(plan: WavePlan, chinese: bool = False) -> Iterator[str]:
    """Wave by wave, each System with why it is there."""
    zh, en = HOW[plan.how]
    if chinese:
        yield f"{plan.city}：{len(plan.placements)} 个系统，{len(plan.waves)} 个批次；{zh}"
    else:
        yield f"{plan.city}: {len(plan.placements)} systems in {len(plan.waves)} waves; {en}"
    for wave in plan.waves:
        head = "第 {} 批" if chinese else "wave {}"
        yield ""
        yield f"{head.format(wave.number)}  {wave.begins:%a %Y-%m-%d %H:%M} - {wave.ends:%H:%M}"
        for one in plan.placements:
            if one.wave == wave.number:
                where = f"{one.department}, {one.site}/{one.zone}"
                yield f"  {one.system:<22} {one.name}  ({where}; {one.copy_mib / 1024:.0f} GiB)"
                yield f"      {one.why_zh if chinese else one.why_en}"
    yield ""
    yield f"digest {plan.digest}"
