"""What a load is asked to be, and what came of it: frozen values."""

from __future__ import annotations

import hashlib

from pydantic import Field

from citycloud.city.model import Noun

PHRASES = ("水位正常", "流量平稳", "设备巡检完毕", "消防通道畅通", "登记受理", "已复核，无异常")
"""Words that GBK has too: what old systems hold has to survive both ways."""


class Settings(Noun):
    """One load. Times are seconds."""

    run: str = Field(pattern=r"^[a-z0-9]{4,24}$")
    """Begins every id of this load: another load's rows are not this one's."""
    url: str = Field(pattern=r"^https?://[^/]+(/.*)?$")
    """Where records are written and read: ``https://hydro.city.example/records``."""
    rate: float = Field(default=200, gt=0, le=5000)
    """Writes a second that are begun, clients allowing."""
    clients: int = Field(default=32, ge=1, le=256)
    """How many writes are under way at most."""
    seconds: float = Field(default=60, gt=0, le=86400)
    writes: int = Field(default=1_000_000, ge=1, le=20_000_000)
    """No more than these are begun."""
    reads: float = Field(default=0.1, ge=0, le=1)
    """Share of writes after which an acknowledged one, taken at random, is read."""
    patience: float = Field(default=30, ge=0, le=3600)
    """How long a refused write is tried again, under the same id, before it is given up."""
    timeout: float = Field(default=5, gt=0, le=60)
    """Of one attempt."""


class Ack(Noun):
    """One acknowledged write, as the ledger keeps it."""

    n: int
    id: str
    value: str
    at: float
    """When the answer came, in seconds since the epoch."""
    spent: float
    """Since the first attempt began."""
    attempts: int


class Window(Noun):
    """Writes refused: from the beginning of the first failed attempt to the first success that no failure followed."""

    began: float
    ended: float | None
    """None: refused to the end of the load."""
    failures: int
    why: str
    """The first failure, in its own words."""

    @property
    def seconds(self) -> float | None:
        return None if self.ended is None else self.ended - self.began


class Summary(Noun):
    """How a load went so far; renewed every second while it runs."""

    settings: Settings
    state: str
    """``running``, or why it ended."""
    began: float
    ended: float
    begun: int
    """Writes begun."""
    acknowledged: int
    """Writes whose acknowledgement is on disk."""
    given_up: int
    """Writes never acknowledged: they may be there all the same."""
    missed: int
    """Writes that were due while every client was busy, and were never begun."""
    reads: int
    reads_wrong: int
    """Reads of an acknowledged write that found nothing, or another value."""
    reads_failed: int
    silence: float
    """The longest time without any acknowledgement."""
    median_ms: float
    slowest_ms: float
    windows: tuple[Window, ...]

    @property
    def longest_refused(self) -> float:
        """Of the windows that ended; 0 without any."""
        return max((window.seconds for window in self.windows if window.seconds is not None), default=0.0)


def record_id(run: str, n: int) -> str:
    return f"{run}-{n:09d}"


def record_number(run: str, id_: str) -> int | None:
    """Which write of ``run`` bears this id; None for an id that the load never made."""
    head, _, tail = id_.rpartition("-")
    return int(tail) if head == run and len(tail) == 9 and tail.isascii() and tail.isdigit() else None


def record_value(run: str, n: int) -> str:
    """The value that write ``n`` carries: no two are alike, and each can be told from its id alone."""
    digest = hashlib.sha256(f"{run}/{n}".encode()).hexdigest()
    return f"第{n}号：{PHRASES[n % len(PHRASES)]} {digest[:32]}"
