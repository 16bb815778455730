"""Plans for the fake far end: steps of every sort."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from citycloud import keys
from citycloud.approvals import decide, may_decide
from citycloud.drivers.fake import Checked, Cutover, FarEnd, Put, PutOnHosts, PutTogether, nothing, trial_world
from citycloud.journal import Journal, Settings, What, connect
from citycloud.journal.entry import Draft
from citycloud.kinds import kinds_of
from citycloud.plan import Approval, Fleet, Plan, Step, digest_of
from citycloud.report.model import Text, both
from citycloud.run.context import Setting

LIMIT = timedelta(seconds=30)
HOSTS = ("h1", "h2", "h3", "h4", "h5")


def step(id_: str, action: object, **rest: object) -> Step:
    """A step with as little said as can be."""
    given = {"goal": Text(f"{id_} 已完成", f"{id_} is so"), "time_limit": LIMIT, **rest}
    return Step.model_validate({"id": id_, "action": action, **given})


def plan(*steps: Step, subject: str = "water", **rest: object) -> Plan:
    given = {"city": "try", "domain": "trial", "title": Text("试", "A trial"), "inputs": digest_of("trial"), **rest}
    return Plan.model_validate({"subject": subject, "steps": steps, **given})


def every_sort(directory: Path) -> Plan:
    """Twelve steps: of one part and of several, over hosts one by one and together, gated, proved by testinfra."""
    file = directory / "says.txt"
    file.write_text("d1 d2 d3\n")
    each = Fleet(batch=1, at_once=3, stop_over=0.0)
    return plan(
        step("water/provision", Put(name="a1"), why=both("nothing is needed for it")),
        step("water/network", Put(name="a2", parts=2), needs=("water/provision",)),
        step("water/seed", Put(name="b1", parts=3), needs=("water/network",), tries=2),
        step("water/hosts-one-by-one", PutOnHosts(name="c1"), hosts=HOSTS, fleet=each),
        step("water/hosts-together", PutTogether(name="c2"), hosts=HOSTS, fleet=Fleet(batch=2, at_once=2)),
        step("water/checked", Checked(name="d1", file=str(file))),
        step("water/rehearse", Put(name="e1")),
        step("water/cutover", Cutover(name="f1", parts=2), gates=(Approval(people=("chief",)),)),
        step("water/probe", Checked(name="d2", file=str(file)), needs=("water/cutover",)),
        step("water/reverse", Put(name="g1"), needs=("water/cutover",)),
        step("water/accept", Put(name="h1"), gates=(Approval(people=("chief", "deputy"), count=2),)),
        step("water/archive", Put(name="i1", parts=2), needs=("water/accept",)),
    )


class Trial:
    """The fake far end as a subject of killing.py: plan, journal, keys and effects all in one directory."""

    def plan(self, directory: Path) -> Plan:
        return every_sort(directory)

    def settings(self, directory: Path) -> Settings:
        return Settings(f"sqlite:///{directory}/journal/journal.db")

    def setting(
        self, directory: Path, at: Callable[[str], None] = nothing, inside: Callable[[str], None] = nothing
    ) -> tuple[Settings, Setting]:
        chosen = self.settings(directory)
        people = {name: key.public for name, key in self.keys(directory).items()}
        journal = Journal(connect(chosen))
        world = trial_world(directory / "far", inside)
        return chosen, Setting(journal, kinds_of, lambda plan: world, lambda plan: people, at)

    def keys(self, directory: Path) -> dict[str, keys.Key]:
        """Keys of the chief and the deputy, made at the first call."""
        found = {}
        for name in ("chief", "deputy"):
            file = directory / f"{name}.seed"
            if not file.exists():
                file.write_bytes(os.urandom(32))
            found[name] = keys.Key(Ed25519PrivateKey.from_private_bytes(file.read_bytes()))
        return found

    def open_gate(self, directory: Path) -> None:
        """Sign for everybody whom the step asks that the latest run stopped at."""
        _, setting = self.setting(directory)
        row = setting.journal.runs()[0]
        entries = setting.journal.entries(row.id)
        step = next(entry.step for entry in reversed(entries) if entry.what == What.STOPPED)
        for name, key in self.keys(directory).items():
            if may_decide(row.plan, step, name):
                now = datetime.now(UTC)
                signed = decide(key, name, "approve", row.id, row.digest, step, entries[-1].hash, now)
                setting.journal.append(row.id, [Draft(What.APPROVAL, step, told=signed)])
        setting.journal.database.close()

    def effects(self, directory: Path) -> dict[str, int]:
        return dict(FarEnd(directory / "far").effects())


TRIAL = Trial()
