"""A Plan's canonical JSON, its digest, and the file it is kept in."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import BaseModel, JsonValue, ValidationError

from citycloud.errors import BadInput
from citycloud.findings import Finding, Place
from citycloud.plan.model import Plan


def canonical(value: object) -> str:
    """JSON with sorted keys, no spaces and no escapes: one text for one value. Models give their JSON form.

    Raises ValueError for NaN and infinities, TypeError for what is not JSON.
    """
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest_of(*values: object) -> str:
    """sha256 (hex) over the canonical JSON of ``values``: what a planner says that its Plan was made from."""
    return hashlib.sha256(canonical([_plain(value) for value in values]).encode()).hexdigest()


def _plain(value: object) -> object:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value


def digest(plan: Plan) -> str:
    """sha256 (hex) of the Plan's canonical JSON."""
    return hashlib.sha256(canonical(plan).encode()).hexdigest()


def dumps(plan: Plan) -> str:
    """The file: the Plan, readable, and its digest."""
    whole: dict[str, JsonValue] = {"digest": digest(plan), "plan": plan.model_dump(mode="json")}
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def loads(text: str, name: str = "plan") -> Plan:
    """The Plan in a file's ``text``; ``name`` is how faults call the file.

    Raises BadInput with every fault: no JSON, wrong fields, a digest that is not that of what it stands beside.
    """
    try:
        given = json.loads(text)
    except ValueError as fault:
        raise _bad(name, [Finding("no-json", Place(name), str(fault))]) from None
    if not isinstance(given, dict) or set(given) != {"digest", "plan"}:
        say = Finding("no-plan", Place(name), "not a plan's file: it has to hold `digest` and `plan`")
        raise _bad(name, [say])
    try:
        plan = Plan.model_validate_json(json.dumps(given["plan"]))
    except ValidationError as faults:
        raise _bad(name, [_fault(name, one) for one in faults.errors()]) from None
    if digest(plan) != given["digest"]:
        say = Finding(
            "altered", Place(name), "the plan is not the one its digest was made from", "plan again; don't edit a plan"
        )
        raise _bad(name, [say])
    return plan


def _fault(name: str, one: Any) -> Finding:  # noqa: ANN401 (pydantic's own dictionary)
    where = ".".join(str(part) for part in one["loc"])
    return Finding("bad-field", Place(object=f"{name}: {where}"), str(one["msg"]))


def _bad(name: str, findings: list[Finding]) -> BadInput:
    return BadInput(f"{name}: not a plan that can be run. Nothing was touched.", findings)
