"""The record of water's plan (tests/unit/migrate/golden), led to a lab of hosts: the same steps, other names.

Old hosts are those of a machine room; the new ones are bare Debian 12 hosts of the same lab. As a subject of
tests/spine/killing.py it is run against ``CITYCLOUD_MOVE_LAB``, the home of such a lab.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import testinfra  # type: ignore[import-untyped]

from citycloud.action import Hosts, World
from citycloud.drivers.postgres import Postgres
from citycloud.drivers.ssh import Ssh
from citycloud.journal import Journal, Settings, connect
from citycloud.kinds import kinds_of
from citycloud.plan import Plan, loads
from citycloud.run.context import Setting

GOLDEN = Path(__file__).parents[2] / "unit" / "migrate" / "golden" / "water.plan.json"
LEFT_OUT = ("provision", "openings", "decommission")
"""What needs a cloud, and what would end the lab's usefulness."""
NAMES = {
    "old-hydro-web": "was-web",
    "old-hydro-db": "was-db",
    "old-hydro-files": "was-files",
    '"hydro-web"': '"east-lxc"',
    '"hydro-db"': '"east-qemu"',
    '"hydro-files"': '"east-ctl"',
    "192.168.110.": "192.168.141.",
}
OLD, NEW = ("was-web", "was-db", "was-files"), ("east-lxc", "east-qemu", "east-ctl")
NEW_ADDRESSES = {"hydro-web": "10.141.0.11", "hydro-db": "10.141.0.12", "hydro-files": "10.141.0.10"}
GAUGES = ("https://permits.city.example/records", "--at", "192.168.141.11")


def home() -> Path:
    return Path(os.environ["CITYCLOUD_MOVE_LAB"])


@cache
def lab_plan(*, without: tuple[str, ...] = LEFT_OUT) -> Plan:
    """Without gates: nobody signs here, and the window is always open."""
    text = GOLDEN.read_text()
    recorded = loads(text, GOLDEN.name)
    pair = next(step.action.parameters for step in recorded.steps if step.id.endswith("/publish"))
    carried = next(step.action.parameters for step in recorded.steps if step.id.endswith("carry-old-hydro-web"))
    replaced = dict(carried["replace"])  # type: ignore[arg-type, call-overload]
    for old, machine in ((".11", "hydro-web"), (".12", "hydro-db"), (".13", "hydro-files")):
        text = text.replace(str(replaced[f"192.168.110{old}"]), NEW_ADDRESSES[machine])
    assert pair["target_address"] not in text
    for name, other in NAMES.items():
        text = text.replace(name, other)
    plan = Plan.model_validate_json(_plain(text))
    steps = [
        step.model_copy(
            update={"gates": (), "needs": tuple(need for need in step.needs if need.rpartition("/")[2] not in without)}
        )
        for step in plan.steps
        if step.id.rpartition("/")[2] not in without
    ]
    return plan.model_copy(update={"steps": tuple(steps), "subject": "lab"})


def _plain(text: str) -> str:
    """The file without what only a file has (its digest)."""
    import json

    told = json.loads(text)
    told = told.get("plan", told)
    told.pop("digest", None)
    return json.dumps(told)


def lab_world(lab: Path) -> World:
    config = str(lab / "ssh" / "config")
    ssh = Ssh({host: ("-F", config, host) for host in (*OLD, *NEW)})
    hosts = Hosts(lambda name: testinfra.get_host(f"ssh://{name}", ssh_config=config, timeout=20))
    return World({Ssh: ssh, Postgres: Postgres(ssh)}, hosts)


def nothing(name: str) -> None:
    """The hook where nobody is killed."""


class LabMove:
    """A subject of killing.py."""

    def plan(self, directory: Path) -> Plan:
        return lab_plan()

    def setting(
        self, directory: Path, at: Callable[[str], None] = nothing, inside: Callable[[str], None] = nothing
    ) -> tuple[Settings, Setting]:
        chosen = Settings(f"sqlite:///{directory}/journal/journal.db")
        journal = Journal(connect(chosen))
        return chosen, Setting(journal, kinds_of, lambda plan: lab_world(home()), lambda plan: {}, at)

    def open_gate(self, directory: Path) -> None:
        """There are none."""

    def effects(self, directory: Path) -> dict[str, int]:
        """Counted at the far end: how often each thing that must be there once is there."""
        postgres = lab_world(home())[Postgres]
        forth = "SELECT count(*) FROM pg_replication_slots WHERE slot_name LIKE 'citycloud%'"
        if postgres.one("east-qemu", "SELECT count(*) FROM pg_database WHERE datname = 'gauges'") == "0":
            return {"slots left at the source": int(postgres.one("was-db", forth))}
        rows = "SELECT count(*) FROM audit WHERE what = 'bulletin'"
        return {
            "slots at the source": int(postgres.one("was-db", forth)),
            "slots at the target": int(postgres.one("east-qemu", forth)),
            "bulletins told": int(postgres.one("east-qemu", rows, "gauges")),
        }


LAB_MOVE = LabMove()


def load(lab: Path, *arguments: str, limit: float = 300) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "citycloud.cli", "load", *arguments]
    return subprocess.run(argv, capture_output=True, text=True, timeout=limit, check=False)


def loading(lab: Path, directory: Path, seconds: int, rate: int = 100) -> subprocess.Popen[str]:
    """A load that goes to the old address all the time, as a client does that looked the name up long ago."""
    options = ["-o", str(directory), "--rate", str(rate), "--seconds", str(seconds), "--patience", "120", "--json"]
    argv = [sys.executable, "-m", "citycloud.cli", "load", "run", *GAUGES, "--ca", str(lab / "ca.pem"), *options]
    return subprocess.Popen(argv, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
