"""What the lab's first process does when rooms are asked for: it answers, and lives on whatever goes wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from citycloud.lab import init
from citycloud.lab.legacy.boot import nothing


class Commands:
    """Takes the commands down instead of running them; those with ``failing`` in them fail."""

    def __init__(self) -> None:
        self.run: list[str] = []
        self.failing = "nothing fails"

    def __call__(self, *argv: str, stdin: str | None = None, keep: object = ()) -> None:
        text = " ".join(argv) + (f" < {stdin}" if stdin else "")
        self.run.append(text)
        if self.failing in text:
            raise RuntimeError(f"{text}: failed")


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Commands:
    heard = Commands()
    monkeypatch.setattr(init, "command", heard)
    monkeypatch.setattr(init, "mount_root", lambda host: heard("mount", host["root"]))
    monkeypatch.setattr(init, "kill_group", lambda group: heard("kill", str(group)))
    return heard


def ask(file: Path, serial: str, **changes: object) -> None:
    host = {"name": "old-db", "root": "/lab/old-db", "cgroups": ["/cg/old-db"]}
    plan = {**nothing(serial), "namespaces": ["room", "old-db"], "hosts": [host], "undone": [["", ["route del x"]]]}
    file.write_text(json.dumps({**plan, **changes}))


def answer(file: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads(file.with_suffix(".answer").read_text())
    return found


def test_hosts_are_there_once_their_network_and_roots_are(tmp_path: Path, commands: Commands) -> None:
    file = tmp_path / "rooms.json"
    rooms = init.Rooms(str(file))
    assert rooms.hosts() == () and commands.run == []
    ask(file, "1")
    assert [host["name"] for host in rooms.hosts()] == ["old-db"]
    assert answer(file) == {"serial": "1", "fault": ""}
    assert commands.run == ["ip -batch - < netns add room\nnetns add old-db\n", "mount /lab/old-db"]


def test_the_same_plan_is_carried_out_once(tmp_path: Path, commands: Commands) -> None:
    file = tmp_path / "rooms.json"
    rooms = init.Rooms(str(file))
    ask(file, "1")
    rooms.hosts()
    done = list(commands.run)
    assert len(rooms.hosts()) == 1 and commands.run == done


def test_what_was_added_is_taken_out_before_the_next(tmp_path: Path, commands: Commands) -> None:
    file = tmp_path / "rooms.json"
    rooms = init.Rooms(str(file))
    ask(file, "1")
    rooms.hosts()
    commands.run.clear()
    file.write_text(json.dumps(nothing("2")))
    assert list(rooms.hosts()) == [] and answer(file)["serial"] == "2"
    assert commands.run[:5] == [
        "kill /cg/old-db",
        "umount --lazy /lab/old-db",
        "ip netns delete room",
        "ip netns delete old-db",
        "ip -force -batch - < route del x\n",
    ]


def test_a_fault_is_answered_and_undone_and_the_lab_lives_on(tmp_path: Path, commands: Commands) -> None:
    file = tmp_path / "rooms.json"
    rooms = init.Rooms(str(file))
    commands.failing = "mount /lab"
    ask(file, "1")
    assert rooms.hosts() == ()
    assert "failed" in answer(file)["fault"]
    assert "ip netns delete room" in commands.run
    commands.failing = "nothing fails"
    ask(file, "2")
    assert len(rooms.hosts()) == 1 and answer(file) == {"serial": "2", "fault": ""}


def test_a_lab_started_by_an_earlier_plan_knows_no_rooms(commands: Commands) -> None:
    assert init.Rooms(None).hosts() == ()
