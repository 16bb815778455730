"""Why something cannot be in a wave, in words: values that the ledger finds and people read. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from citycloud.migrate.choices import Frozen
from citycloud.report import Text


@dataclass(frozen=True, order=True)
class Reason:
    """One thing that stands against one window."""

    kind: str
    """``window``, ``frozen``, ``not-before``, ``arch``, ``share``, ``needs``, or the kind of a Resource."""
    subject: str
    """What binds: a resource's id, a system, a frozen time."""
    zh: str
    en: str

    @property
    def text(self) -> Text:
        return Text(self.zh, self.en)


def too_short(system: str, have: int, need: int, own: bool) -> Reason:
    zh = f"{system} 的窗口只有 {have} 分钟，切换需要 {need} 分钟"
    en = f"{system} has {have} min of the window, and its cutover takes {need}"
    if own and not have:
        zh, en = f"不在 {system} 自己的窗口内", f"it is outside of {system}'s own windows"
    return Reason("window", system, zh, en)


def is_frozen(frozen: Frozen) -> Reason:
    zh = f"封网：{frozen.why}（{frozen.begins} 至 {frozen.ends}）"
    en = f"nothing moves from {frozen.begins} to {frozen.ends} ({frozen.why_en or frozen.why})"
    return Reason("frozen", frozen.why, zh, en)


def not_before(system: str, day: str) -> Reason:
    return Reason("not-before", system, f"{system} 不早于 {day}", f"{system} is not to move before {day}")


def wrong_arch(system: str, runs_on: str, zone: str, there: str) -> Reason:
    zh = f"{system} 只能运行在 {runs_on} 上，而 {zone} 是 {there}"
    return Reason("arch", system, zh, f"{system} runs on {runs_on} only, and {zone} is {there}")


def share_too_small(system: str, percent: int, site: str, short_gib: float) -> Reason:
    zh = f"按 {site} 线路的 {percent}% 份额，{system} 到时还差 {short_gib:.0f} GiB 未传完"
    en = f"with {percent} % of the line to {site}, {system} would still be {short_gib:.0f} GiB short"
    return Reason("share", system, zh, en)


def line_too_slow(line: Text, system: str, short_gib: float, day: str) -> Reason:
    zh = f"{line.zh}只传 {system} 一个，在 {day} 的演练前也还差 {short_gib:.0f} GiB"
    en = f"{line.en}, with {system} alone on it, would be {short_gib:.0f} GiB short in time for {day}"
    return Reason("line", system, zh, en)


def needed_later(system: str, need: str, day: str) -> Reason:
    zh, en = f"{system} 依赖的 {need} 在 {day} 才迁移", f"{need}, which {system} needs, moves on {day} only"
    return Reason("needs", need, zh, en)


def needed_by(system: str, other: str, day: str) -> Reason:
    zh, en = f"依赖 {system} 的 {other} 已定在 {day}", f"{other}, which needs {system}, moves on {day} already"
    return Reason("needs", other, zh, en)
