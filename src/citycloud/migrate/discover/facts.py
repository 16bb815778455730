"""The facts that are collected, in the order they are asked for; and with which arguments."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from citycloud.migrate.choices import Source
from citycloud.migrate.discover.reach import Language

SLACK = 15.0
"""Seconds beyond its own limit that a collector gets before it is ended."""


@dataclass(frozen=True)
class Fact:
    name: str
    language: Language
    seconds: float
    """Time limit."""
    twice: bool = False
    """Looked at before and after measuring, for rates."""

    @property
    def program(self) -> str:
        suffix = "sh" if self.language == "sh" else "py"
        return (files("citycloud.migrate.discover.collectors") / f"{self.name}.{suffix}").read_text(encoding="utf-8")


FACTS = (
    Fact("os", "sh", 20),
    Fact("packages", "sh", 60),
    Fact("services", "sh", 30),
    Fact("ports", "sh", 20),
    Fact("users", "sh", 30),
    Fact("cron", "sh", 60),
    Fact("certificates", "python", 60),
    Fact("programs", "python", 120),
    Fact("mentions", "python", 120),
    Fact("trees", "python", 300, twice=True),
    Fact("postgresql", "python", 300, twice=True),
    Fact("mariadb", "python", 300, twice=True),
    Fact("use", "sh", 0),
)


def by_program() -> Mapping[str, str]:
    """Names of facts by their programs, for the fake."""
    return {fact.program: fact.name for fact in FACTS}


def words(fact: Fact, source: Source, seconds: int, every: int, since: float | None) -> tuple[str, ...]:
    """A collector's arguments. ``since``: the source's own time at the first look."""
    given: dict[str, object] = {"seconds": fact.seconds - SLACK}
    if fact.name == "use":
        return str(seconds), str(every)
    if fact.language == "sh":
        return ()
    if fact.name in ("trees", "mentions"):
        given["roots"] = list(source.trees)
    if fact.name == "trees":
        given["since"] = since
    if fact.name == "mariadb":
        given["texts"] = since is None
    return (json.dumps(given),)


def limit(fact: Fact, seconds: int) -> float:
    return seconds + 60 if fact.name == "use" else fact.seconds
