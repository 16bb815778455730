"""Approvals: decisions of declared people, each signed with that person's own key. Pure but for the key given.

What is signed says which Run, which Plan (by digest), which Step, the decision, when, by whom, and the hash of the
Journal's last entry that the person had before them: an approval can be moved to no other place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from citycloud.journal.entry import Entry
from citycloud.keys import Key, public_key, signed
from citycloud.plan.file import canonical
from citycloud.plan.model import Approval, Plan

PURPOSE = "citycloud approval 1\n"
Decision = Literal["approve", "refuse"]


@dataclass(frozen=True)
class Decided:
    """One person's decision, as it was signed, and whether it counts."""

    person: str
    decision: str
    step: str
    time: str
    key: str
    fault: str = ""
    """Why it does not count; "" if it does."""


def message(content: Mapping[str, Any]) -> bytes:
    """The bytes that are signed."""
    return (PURPOSE + canonical(content)).encode()


def decide(
    key: Key, person: str, decision: Decision, run: str, digest: str, step: str, seen: str, now: datetime
) -> dict[str, Any]:
    """A signed decision, as the Journal keeps it. ``seen``: hash of the Journal's last entry."""
    content = {
        "run": run,
        "digest": digest,
        "step": step,
        "decision": decision,
        "time": now.astimezone(UTC).isoformat(timespec="seconds"),
        "person": person,
        "seen": seen,
    }
    return {**content, "key": key.public, "signature": key.sign(message(content))}


def judge(entry: Entry, digest: str, people: Mapping[str, str], hashes: Iterable[str] | None = None) -> Decided:
    """Whether the decision in ``entry`` counts. ``people``: declared public keys by person; ``hashes``: those of the
    entries before it, where they are at hand."""
    told = entry.told
    content = {name: told.get(name, "") for name in ("run", "digest", "step", "decision", "time", "person", "seen")}
    person = str(content["person"])
    fault = ""
    if content["run"] != entry.run or content["step"] != entry.step or content["digest"] != digest:
        fault = "signed for another run, plan or step"
    elif person not in people:
        fault = "not a declared person"
    elif not people[person]:
        fault = "this person has no declared key"
    elif not signed(people[person], message(content), str(told.get("signature", ""))):
        fault = "not signed with the key declared for this person"
    elif hashes is not None and content["seen"] not in set(hashes):
        fault = "signed over another journal"
    return Decided(person, str(content["decision"]), entry.step, str(content["time"]), people.get(person, ""), fault)


def standing(decisions: Iterable[Decided]) -> dict[str, Decided]:
    """The last valid decision of each person."""
    return {each.person: each for each in decisions if not each.fault}


@dataclass(frozen=True)
class Verdict:
    """How a gate stands."""

    opened: bool
    approved: tuple[str, ...]
    refused: tuple[str, ...]
    missing: int


def verdict(gate: Approval, step: str, decisions: Iterable[Decided]) -> Verdict:
    """Different people with different keys count; one refusal of a named person keeps the gate shut."""
    last = standing(each for each in decisions if each.step == step and each.person in gate.people)
    refused = tuple(sorted(name for name, each in last.items() if each.decision != "approve"))
    by_key = {_raw(each.key): name for name, each in sorted(last.items()) if each.decision == "approve"}
    approved = tuple(sorted(by_key.values()))
    missing = max(gate.count - len(approved), 0)
    return Verdict(not refused and not missing, approved, refused, missing)


def _raw(declared: str) -> bytes:
    key = public_key(declared)
    return key.public_bytes_raw() if key is not None else b""


def may_decide(plan: Plan, step: str, person: str) -> bool:
    """Whether a gate of the step names the person."""
    return any(isinstance(gate, Approval) and person in gate.people for gate in plan.step(step).gates)
