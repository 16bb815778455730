"""System 1 moves under load, on real servers: PostgreSQL 13 to 15 with its application and its file share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from moves import LAB_MOVE, lab_plan, load, loading

from citycloud.action import Action, World
from citycloud.drivers.fake import nothing
from citycloud.drivers.postgres import Postgres
from citycloud.drivers.ssh import Ssh
from citycloud.errors import CitycloudError
from citycloud.journal import Journal
from citycloud.kinds import kinds_of
from citycloud.run.runner import Runner

pytestmark = pytest.mark.lab
SPINE = Path(__file__).parents[2] / "spine"
GONE = (
    "SELECT (SELECT count(*) FROM pg_publication) + (SELECT count(*) FROM pg_subscription)"
    " + (SELECT count(*) FROM pg_replication_slots)"
    " + (SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'citycloud%')"
    " + (SELECT count(*) FROM pg_roles WHERE rolname LIKE 'citycloud%') + (SELECT count(*) FROM pg_db_role_setting)"
)


class Telling:
    """The Tell of one call, for tests: it keeps what was told."""

    def __init__(self, seconds: float = 600) -> None:
        self.lines: list[str] = []
        self.values: dict[str, float] = {}
        self.end = time.monotonic() + seconds

    def __call__(self, text: str) -> None:
        self.lines.append(text)

    def measure(self, name: str, value: float, unit: str = "") -> None:
        self.values[name] = value

    def down(self, what: str) -> None:
        self.lines.append(f"down {what}")

    def up(self, what: str) -> None:
        self.lines.append(f"up {what}")

    def left(self) -> Any:  # noqa: ANN401 (a timedelta)
        from datetime import timedelta

        return timedelta(seconds=max(self.end - time.monotonic(), 0))

    def check(self) -> None:
        assert time.monotonic() < self.end


def actions() -> dict[str, Action]:
    """The plan's actions by the last part of their steps' ids, in order."""
    plan = lab_plan()
    return {step.id.rpartition("/")[2]: kinds_of(plan).action(step.action) for step in plan.steps}


def until(world: World, last: str) -> None:
    """Everything up to and with the step ``last``."""
    for name, action in actions().items():
        if not action.reached(world):
            action.act(world, Telling())
        if name == last:
            return


def undo_all(world: World) -> None:
    for action in reversed(actions().values()):
        action.undo(world)


@pytest.fixture
def clean(world: World) -> Iterator[World]:
    """Before and after the test everything is at the source, and nothing of a move is anywhere."""
    undo_all(world)
    yield world
    undo_all(world)


@pytest.fixture
def users(move_lab: Path, tmp_path: Path) -> Iterator[Callable[[int], Callable[[], dict[str, Any]]]]:
    """Begin a load of so many seconds; call what it gives to wait for its end and compare by value."""
    begun: list[subprocess.Popen[str]] = []

    def begin(seconds: int) -> Callable[[], dict[str, Any]]:
        directory = tmp_path / f"load{len(begun)}"
        process = loading(move_lab, directory, seconds, rate=60)
        begun.append(process)
        ledger = directory / "ledger.jsonl"
        end = time.monotonic() + 60
        while not (ledger.exists() and ledger.stat().st_size > 2000):
            assert time.monotonic() < end and process.poll() is None
            time.sleep(0.1)

        def ended() -> dict[str, Any]:
            out, err = process.communicate(timeout=seconds + 180)
            assert process.returncode == 0, err
            ca = str(move_lab / "ca.pem")
            compared = load(move_lab, "compare", str(directory), "--at", "192.168.141.11", "--ca", ca, "--json")
            found = json.loads(compared.stdout)
            assert (found["lost"], found["altered"], found["doubled"]) == ([], [], []), found
            summary: dict[str, Any] = json.loads(out)
            assert summary["reads_wrong"] == 0 and summary["given_up"] == 0
            assert found["found"] >= summary["acknowledged"] > 100
            return summary

        return ended

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def runner(directory: Path, monkeypatch: pytest.MonkeyPatch, lab: Path) -> tuple[Runner, Journal]:
    monkeypatch.setenv("CITYCLOUD_MOVE_LAB", str(lab))
    settings, setting = LAB_MOVE.setting(directory, nothing, nothing)
    return Runner(settings, setting), setting.journal


def test_a_system_moves_under_load_and_back_and_no_acknowledged_write_is_lost(
    clean: World, users: Callable[[int], Any], tmp_path: Path, move_lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = users(100)
    run, journal = runner(tmp_path, monkeypatch, move_lab)
    name = run.run(lab_plan())
    assert clean[Postgres].one("east-qemu", "SELECT count(*) > 0 FROM record", "gauges") == "t"
    told = [line for entry in journal.entries(name) for line in entry.told.get("lines", [])]
    stopped = next(line["value"] for line in told if line.get("measure") == "writes stopped")
    assert 0 < stopped < 20, "longer than the plan's own limit"
    run.undo(name)
    summary = ended()
    assert summary["windows"], "writes were never refused: the load did not see the cutover"
    nothing_left(clean)


def nothing_left(world: World) -> None:
    """At the source everything is as before the move."""
    postgres, ssh = world[Postgres], world[Ssh]
    assert postgres.one("was-db", GONE, "gauges") == "0"
    assert postgres.one("was-db", "SHOW wal_level") == "replica"
    identity = "SELECT relreplident FROM pg_class WHERE oid = 'audit'::regclass"
    assert postgres.one("was-db", identity, "gauges") == "d"
    assert ssh.run("was-db", "grep -c citycloud /etc/postgresql/13/main/pg_hba.conf || true").strip() == "0"
    assert ssh.run("was-db", "ls -A /var/lib/postgresql").split() == ["13"]
    assert ssh.run("was-web", "nft list tables; cat /proc/sys/net/ipv4/ip_forward").split()[-1] in ("0", "1")
    assert "citycloud" not in ssh.run("was-web", "nft list tables")
    assert "citycloud-move" not in ssh.run("was-files", "cat /root/.ssh/authorized_keys")


def test_what_replication_leaves_out_arrives_by_value(clean: World) -> None:
    """Sequences, large objects with their owners, unlogged and keyless tables, enums, JSON, Chinese names."""
    postgres = clean[Postgres]
    until(clean, "large-objects")
    late = (
        "INSERT INTO visitor VALUES ('00000000-0000-0000-0000-00000000000a', now()) ON CONFLICT DO NOTHING;"
        "SELECT lo_put((SELECT scan FROM bulletin ORDER BY number LIMIT 1), 0, '\\x00ff');"
        "SELECT nextval('bulletin_number'); UPDATE audit SET who = '改' WHERE ctid = (SELECT min(ctid) FROM audit);"
    )
    postgres.ask("was-db", late, "gauges")
    until(clean, "cutover")
    asked = {
        "visitor": "SELECT count(*) FROM visitor",
        "scan": "SELECT md5(lo_get(scan)) FROM bulletin ORDER BY number LIMIT 1",
        "owners": "SELECT count(*) FROM pg_largeobject_metadata WHERE lomowner = 'gauges'::regrole",
        "number": "SELECT last_value FROM bulletin_number",
        "audit": "SELECT count(*) FROM audit WHERE who = '改'",
        "reservoirs": 'SELECT md5(string_agg(r::text, chr(10) ORDER BY "编号")) FROM "水库" r',
        "levels": "SELECT count(*), sum(hashtext(warning::text)) FROM reading",
    }
    for name, sql in asked.items():
        here, there = (postgres.one(host, sql, "gauges") for host in ("was-db", "east-qemu"))
        assert here == there != "", name
    assert postgres.one("east-qemu", "SHOW server_version").startswith("15.")
    assert postgres.one("east-qemu", "SELECT datcollate FROM pg_database WHERE datname = 'gauges'") == "C.UTF-8"


def test_a_row_that_differs_is_found_and_going_back_loses_nothing(clean: World, users: Callable[[int], Any]) -> None:
    until(clean, "rehearse")
    ended = users(45)
    clean[Postgres].ask("east-qemu", "UPDATE station SET name = '错' WHERE id = 101", "gauges")
    cutover = actions()["cutover"]
    with pytest.raises(CitycloudError, match=r"differ: public\.station"):
        cutover.act(clean, Telling())
    assert not cutover.reached(clean)
    cutover.undo(clean)
    ended()


def test_a_cutover_whose_line_is_cut_gives_the_source_back_and_succeeds_afterwards(
    clean: World, users: Callable[[int], Any]
) -> None:
    """The last changes cannot come: writes go on at the source within the plan's limit."""
    until(clean, "rehearse")
    ended = users(90)
    quick = actions()["cutover"].model_copy(update={"most_seconds": 6.0})
    cut = "nft add table ip cut; nft 'add chain ip cut sent { type filter hook output priority 0; }';"
    drop = "nft add rule ip cut sent tcp sport 5432 ip daddr 10.141.0.12 drop"
    clean[Ssh].run("was-db", cut + drop)
    try:
        with pytest.raises(CitycloudError):
            quick.act(clean, Telling())
        frozen = "SELECT count(*) FROM pg_db_role_setting WHERE setrole = 0"
        assert clean[Postgres].one("was-db", frozen) == "0", "the source takes no writes"
    finally:
        clean[Ssh].run("was-db", "nft delete table ip cut")
    time.sleep(20)
    actions()["cutover"].act(clean, Telling())
    assert actions()["cutover"].reached(clean)
    ended()


def test_a_line_that_drops_for_a_minute_while_tables_are_copied_only_costs_time(clean: World) -> None:
    until(clean, "target")
    cut = "nft add table ip cut; nft 'add chain ip cut sent { type filter hook output priority 0; }';"
    drop = "nft add rule ip cut sent tcp sport 5432 drop"
    replicate = actions()["replicate"]
    clean[Ssh].run("was-db", f"{cut} (sleep 1; {drop}; sleep 60; nft delete table ip cut) >/dev/null 2>&1 &")
    end = time.monotonic() + 240
    while not replicate.reached(clean) and time.monotonic() < end:
        try:
            replicate.act(clean, Telling(200))
        except CitycloudError:  # the step is tried again, as `citycloud resume` does
            time.sleep(2)
    assert replicate.reached(clean)
    sums = "SET TimeZone = 'UTC'; SELECT count(*), sum(hashtext(r::text)) FROM reading r"
    source, target = (clean[Postgres].ask(host, sums, "gauges") for host in ("was-db", "east-qemu"))
    assert source == target


def test_a_schema_that_changes_under_way_is_told_before_anything_stops(clean: World) -> None:
    until(clean, "rehearse")
    clean[Postgres].ask("was-db", "ALTER TABLE about ADD COLUMN late text", "gauges")
    told = Telling()
    try:
        with pytest.raises(CitycloudError, match=r"not the same columns: public\.about\.late"):
            actions()["cutover"].act(clean, told)
        assert not any(line.startswith("down") for line in told.lines)
    finally:
        clean[Postgres].ask("was-db", "ALTER TABLE about DROP COLUMN late", "gauges")


def test_a_forecast_over_the_limit_refuses_the_cutover(clean: World) -> None:
    until(clean, "large-objects")
    strict = actions()["forecast"].model_copy(update={"most_seconds": 0.5})
    with pytest.raises(CitycloudError, match=r"allowed are 0\.5 s"):
        strict.act(clean, Telling())
    assert not strict.reached(clean)


@pytest.mark.long
@pytest.mark.parametrize("what", ["run", "undo"])
def test_a_move_killed_at_every_boundary_comes_to_the_same_end(
    clean: World, what: str, tmp_path: Path, move_lab: Path, users: Callable[[int], Any]
) -> None:
    ended = users(240)
    env = {**os.environ, "CITYCLOUD_MOVE_LAB": str(move_lab), "PYTHONPATH": str(Path(__file__).parent)}
    argv = [sys.executable, "killing.py", "moves:LAB_MOVE", str(tmp_path), what]
    done = subprocess.run(argv, cwd=SPINE, env=env, capture_output=True, text=True, timeout=1500, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert len(told["killed"]) > 50
    if what == "run":
        assert told["effects"]["slots at the source"] == told["effects"]["slots at the target"] == 1
        bulletins = "SELECT count(*) FROM bulletin"
        assert told["effects"]["bulletins told"] == int(clean[Postgres].one("east-qemu", bulletins, "gauges"))
    ended()
