"""The commands, from a plan's file to its verified report, as a person types them; exit codes 0, 1, 2 and 3."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from trial_plans import plan, step

from citycloud import keys
from citycloud.drivers.fake import Cutover, Failing, FarEnd, Put
from citycloud.plan import Approval, Plan, dumps

LIMIT = 180


class Desk:
    """A user with a home, a small city whose owner and deputy have keys, and the far end ``trial`` plans act on."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CITYCLOUD_")},
            "CITYCLOUD_HOME": str(directory / "home"),
            "CITYCLOUD_CITY": str(directory / "city"),
            "CITYCLOUD_TRIAL": str(directory / "far"),
            "CITYCLOUD_REPORTS": str(directory / "reports"),
            "COLUMNS": "200",
        }
        self.far = FarEnd(directory / "far" / "water")
        self.ok("new", "city")
        for name in ("works-owner", "works-deputy"):
            self.ok("keys", "new", name)
        self._declare()

    def _declare(self) -> None:
        file = self.directory / "city" / "departments.yaml"
        owner, deputy = (self.public(name) for name in ("works-owner", "works-deputy"))
        old = "- {id: works-owner, name: A. Owner, role: owner}"
        new = (
            f'- {{id: works-owner, name: A. Owner, role: owner, key: "{owner}"}}\n'
            f'      - {{id: works-deputy, name: B. Deputy, role: operator, key: "{deputy}"}}'
        )
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    def public(self, name: str) -> str:
        return keys.load(self.directory / "home" / "keys" / name).public

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "citycloud.cli", *arguments]
        return subprocess.run(
            argv, cwd=self.directory, env=self.env, capture_output=True, text=True, timeout=LIMIT, check=False
        )

    def ok(self, *arguments: str) -> str:
        return self.ends(0, *arguments)

    def ends(self, code: int, *arguments: str) -> str:
        done = self(*arguments)
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr, done.stderr
        return done.stdout + done.stderr

    def write(self, what: Plan, name: str = "plan.json") -> str:
        (self.directory / name).write_text(dumps(what))
        return name

    def runs(self) -> list[dict[str, Any]]:
        return list(json.loads(self.ok("status", "--json")))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("desk"))


def moving(**rest: Any) -> Plan:  # noqa: ANN401 (fields of a plan)
    both = Approval(people=("works-owner", "works-deputy"), count=2)
    return plan(
        step("water/seed", Put(name="seed", parts=2)),
        step("water/cutover", Cutover(name="cutover"), needs=("water/seed",), gates=(both,)),
        **{"city": "city", **rest},
    )


def test_a_plan_goes_from_check_through_two_signatures_to_a_report_that_holds(made: Desk) -> None:
    file = made.write(moving())
    assert "water/cutover" in made.ok("check", file)
    assert "须经" in made.ok("check", file, "--zh")
    assert "would act" in made.ok("run", file, "--dry-run")
    assert made.far.lines() == [] and made.runs() == []

    assert "waits for 2 approval(s)" in made.ends(3, "run", file)
    run = made.runs()[0]["run"]
    assert "Say who decides" in made.ends(2, "approve", run, "water/cutover")
    assert "another key" in made.ends(
        2, "approve", run, "water/cutover", "--as", "works-owner", "--key", "works-deputy"
    )
    made.ok("approve", run, "water/cutover", "--as", "works-owner")
    assert "waits for 1 approval(s)" in made.ends(3, "run", run)
    made.ok("approve", run, "water/cutover", "--as", "works-deputy")
    assert "next: citycloud run" in made.ok("status", run)
    made.ok("run", file)
    assert made.far.lines() == ["+seed.1", "+seed.2", "+cutover"]

    told = json.loads(made("report", run, "--json").stdout)
    for kind in ("html", "json"):
        assert "holds" in made.ok("report", "--verify", told[kind], "--key", told["key"])
        other = made.public("works-owner")
        assert "another key" in made.ends(2, "report", "--verify", told[kind], "--key", other)
    made.ends(2, "report", "--verify", told["html"])

    made.ok("undo", run, "--to", "water/seed")
    made.ok("undo", run)
    assert made.far.here() == frozenset()
    assert made.runs()[0]["state"] == "undone"


def test_a_failed_step_ends_with_one_and_the_command_it_names_goes_on(made: Desk) -> None:
    file = made.write(plan(step("x/y", Failing(name="y", until="mended")), city="city", subject="roads"))
    told = made.ends(1, "run", file)
    run = made.runs()[0]["run"]
    assert "mended is not there" in told and f"citycloud run {run}" in told and f"citycloud undo {run}" in told
    FarEnd(made.directory / "far" / "roads").put("mended")
    made.ok("run", run)


def test_faulty_input_ends_with_two_and_touches_nothing(made: Desk) -> None:
    before = made.runs()
    for arguments in (
        ("run", "no-such-file.json"),
        ("run", made.write(moving(city="elsewhere"), "elsewhere.json")),
        ("check", made.write(moving(subject="other", city="elsewhere"), "elsewhere.json")),
        ("status", "no-such-run"),
        ("approve", "no-such-run", "a"),
        ("undo", "no-such-run"),
        ("report", "no-such-run"),
        ("report",),
        ("keys", "new", "Not A Name"),
    ):
        made.ends(2, *arguments)
    assert made.runs() == before


def test_a_paused_run_begins_nothing_until_it_is_resumed_and_a_worker_takes_it_up_then(made: Desk) -> None:
    file = made.write(
        plan(step("p/q", Put(name="q"), gates=(Approval(people=("works-owner",)),)), city="city", subject="parks")
    )
    made.ends(3, "run", file)
    run = made.runs()[0]["run"]
    made.ok("pause", run)
    made.ok("approve", run, "p/q")
    assert "paused" in made.ends(3, "run", file)
    made.ok("resume", run)
    made.ok("worker", "--once")
    assert made.runs()[0]["state"] == "done"


def test_every_command_teaches_itself(made: Desk) -> None:
    for command in ("check", "run", "status", "approve", "pause", "resume", "undo", "report", "worker", "keys"):
        assert "Usage" in made.ok(command, "--help")


def test_people_without_a_declared_key_can_sign_in_a_lab_and_only_while_it_stands(tmp_path: Path) -> None:
    desk, lab = Desk(tmp_path), tmp_path / "lab"
    desk.env["CITYCLOUD_LAB"] = str(lab)
    desk.ends(2, "keys", "lab")
    lab.mkdir()
    declared = tmp_path / "city" / "departments.yaml"
    declared.write_text(declared.read_text().replace(f', key: "{desk.public("works-deputy")}"', ""))
    desk.ok("keys", "lab")
    assert json.loads((lab / "people.json").read_text()) == {"works-deputy": desk.public("works-deputy")}
    signed = Approval(people=("works-deputy",))
    file = desk.write(plan(step("a", Put(name="1"), gates=(signed,)), city="city"))
    desk.ends(3, "run", file)
    desk.ok("approve", desk.runs()[0]["run"], "a", "--as", "works-deputy")
    (lab / "people.json").rename(lab / "elsewhere.json")
    desk.ends(3, "run", file)
    (lab / "elsewhere.json").rename(lab / "people.json")
    desk.ok("run", file)
