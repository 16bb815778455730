"""One thing that a move has to reckon with, and the case that it was found in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from citycloud.city.model import City, System
from citycloud.findings import Finding, Place, Severity
from citycloud.migrate.choices import DepartmentChoices, MoveChoices
from citycloud.migrate.seen import Database, DatabaseServer, Observation, SeenHost

Bears = Literal["blocks", "choice", "note"]
SHOWN_NAMES = 8


@dataclass(frozen=True)
class Concern:
    kind: str
    """Stable kebab-case id."""
    bears: Bears
    """``blocks``: the move must not begin; ``choice``: a person decides; ``note``: good to know."""
    place: str
    """Host, and what on it."""
    zh: str
    en: str
    hint: str = ""
    """What to do."""
    settled: str = ""
    """For a choice: what was chosen; empty where it is still to be."""
    clause: str = ""
    """Of GB/T 22239-2019, third level, where it is a gap against 等保."""

    @property
    def open(self) -> bool:
        """Whether it keeps a plan from being made."""
        return self.bears == "blocks" or (self.bears == "choice" and not self.settled)

    def in_chinese(self) -> str:
        """One line; what to do stays in the words of the choices' file."""
        weight = {"blocks": "阻碍", "choice": "待选择", "note": "须知"}[self.bears]
        tail = f"［已选：{self.settled}］" if self.settled else ""
        clause = f"［GB/T 22239-2019 {self.clause}］" if self.clause else ""
        hint = f"（{self.hint}）" if self.open and self.hint else ""
        return f"{self.place}：{weight}：{self.zh}{tail}{clause}{hint}"

    def finding(self) -> Finding:
        """An error where it keeps a plan from being made, else a warning."""
        severity = Severity.ERROR if self.open else Severity.WARNING
        tail = f" [chosen: {self.settled}]" if self.settled else ""
        clause = f" [GB/T 22239-2019, {self.clause}]" if self.clause else ""
        return Finding(self.kind, Place(object=self.place), f"{self.en}{tail}{clause}", self.hint, severity)


@dataclass(frozen=True)
class Case:
    """One System's move, with all that is known of it."""

    city: City
    department: DepartmentChoices
    move: MoveChoices
    system: System
    hosts: tuple[SeenHost, ...]
    seen: Observation
    day: date
    """On which it is judged: that of the Observation."""

    def servers(self, engine: str) -> Iterable[tuple[SeenHost, DatabaseServer]]:
        return ((host, server) for host in self.hosts for server in host.databases if server.engine == engine)

    def databases(self, engine: str) -> Iterable[tuple[str, DatabaseServer, Database]]:
        """With where they are, for people: ``old-hydro-db/gauges``."""
        for host, server in self.servers(engine):
            for database in server.databases:
                yield f"{host.id}/{database.name}", server, database

    @property
    def live(self) -> bool:
        """Whether databases are replicated while they are in use."""
        return self.move.method == "replicate"


def named(names: Iterable[str]) -> str:
    """Up to eight names, and how many more."""
    each = list(names)
    more = f" (+{len(each) - SHOWN_NAMES})" if len(each) > SHOWN_NAMES else ""
    return ", ".join(each[:SHOWN_NAMES]) + more


def chosen(answer: str) -> str:
    """What was chosen, or nothing where it is still ``ask``."""
    return "" if answer == "ask" else answer
