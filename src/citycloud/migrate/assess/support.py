"""Until when something is supported: dates as data (support.json), read once for an assessment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def _table() -> Mapping[str, Any]:
    told: dict[str, Any] = json.loads((files("citycloud.migrate.assess") / "support.json").read_text(encoding="utf-8"))
    return told


def ends(product: str, version: str) -> tuple[date, ...] | None:
    """Last days of regular and of long-term support; None for what the table does not know."""
    known = _table().get(product, {}).get(version)
    return tuple(date.fromisoformat(day) for day in known) if known else None


def newest(product: str) -> str:
    """The newest version that the table knows."""
    return str(list(_table().get(product, {"": []}))[-1])
