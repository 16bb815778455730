"""What differs between two Plans, step by step. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from citycloud.plan.model import Plan


@dataclass(frozen=True)
class Change:
    """One difference: a step that came, went, moved or changed; or something of the plan itself (``step`` is "")."""

    what: Literal["added", "removed", "moved", "changed"]
    step: str
    told: str = ""

    def __str__(self) -> str:
        mark = {"added": "+", "removed": "-", "moved": ">", "changed": "~"}[self.what]
        return f"{mark} {self.step or 'the plan'}{': ' + self.told if self.told else ''}"


def diff(old: Plan, new: Plan) -> list[Change]:
    """Changes from ``old`` to ``new``, in the order of ``new``; what went comes last."""
    before, after = ({step.id: step for step in plan.steps} for plan in (old, new))
    found = [Change("changed", "", told) for told in _fields(_head(old), _head(new))]
    kept_old = [id_ for id_ in before if id_ in after]
    kept_new = [id_ for id_ in after if id_ in before]
    for id_, step in after.items():
        if id_ not in before:
            found.append(Change("added", id_, step.goal.en))
            continue
        if kept_old.index(id_) != kept_new.index(id_):
            found.append(Change("moved", id_))
        told = _fields(before[id_].model_dump(mode="json"), step.model_dump(mode="json"))
        if told:
            found.append(Change("changed", id_, "; ".join(told)))
    return found + [Change("removed", id_, step.goal.en) for id_, step in before.items() if id_ not in after]


def _head(plan: Plan) -> dict[str, Any]:
    return plan.model_dump(mode="json", exclude={"steps", "inputs"})


def _fields(old: Mapping[str, Any], new: Mapping[str, Any], at: str = "") -> list[str]:
    """``action.parameters.rate: 10 -> 20`` for each leaf that differs."""
    found = []
    for name in [*old, *(name for name in new if name not in old)]:
        one, other = old.get(name), new.get(name)
        if isinstance(one, dict) and isinstance(other, dict):
            found += _fields(one, other, f"{at}{name}.")
        elif one != other:
            found.append(f"{at}{name}: {_short(one)} -> {_short(other)}")
    return found


def _short(value: object) -> str:
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:79]}…"
