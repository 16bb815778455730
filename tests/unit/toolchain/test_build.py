"""Building once: keys, the lock, the Go that is used."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from citycloud.toolchain import build, golang

from .conftest import Machine, script


def test_the_key_follows_every_source_and_nothing_else(machine: Machine) -> None:
    first = build.key(build.PROVIDER)
    (machine.sources / "provider" / "notes.txt").write_text("nothing")
    (machine.sources / "provider" / "main_test.go").write_text("package main")
    assert build.key(build.PROVIDER) == first
    (machine.sources / "provider" / "table.json").write_text("{}")
    second = build.key(build.PROVIDER)
    (machine.sources / "provider" / "table.json").write_text('{"a": 1}')
    assert len({first, second, build.key(build.PROVIDER), build.key(build.ENGINE)}) == 4


def test_two_builders_never_work_at_once(machine: Machine) -> None:
    order: list[str] = []

    def second() -> None:
        with build.alone(machine.progress):
            order.append("second")

    with build.alone(machine.progress):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.2)
        order.append("first")
    thread.join(5)
    assert order == ["first", "second"]
    assert "waiting" in machine.said.getvalue()


def test_an_older_go_fetches_the_one_that_is_needed(machine: Machine, tmp_path: Path) -> None:
    home = tmp_path / "module"
    (home / "pkg" / "tool" / "linux_amd64").mkdir(parents=True)
    newer = script(home / "bin" / "go", "echo go1.26.0")
    newer.chmod(0o644)
    script(
        machine.path / "go",
        f'case "$1" in env) echo go1.19.8;; mod) echo \'{{"Dir": "{home}"}}\'; echo "$4" > {tmp_path}/asked;; esac',
    )
    said: list[str] = []
    assert golang.find(machine.sources / "engine", said.append) == newer
    assert newer.stat().st_mode & 0o111
    assert (tmp_path / "asked").read_text().startswith(f"golang.org/toolchain@v0.0.1-go{golang.FETCHED}.linux-")
    assert "go1.19.8 is older" in said[0]


def test_without_go_and_without_a_way_to_it_the_person_is_told_what_to_do(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(golang, "on_path", lambda: None)
    monkeypatch.setattr(golang.os, "geteuid", lambda: 1000)
    with pytest.raises(golang.NoGo, match="Install Go"):
        golang.find(machine.sources / "engine", print)


def test_go_that_fails_is_told_with_its_last_words(machine: Machine) -> None:
    script(
        machine.path / "go",
        'case "$1" in env) echo go1.26.8;; list) echo a; echo b;; build) echo "main.go:1: no" >&2; exit 2;; esac',
    )
    with build.alone(machine.progress), pytest.raises(build.BuildFailed, match=r"go ended with 2\):\nmain.go:1: no"):
        build.build(build.PROVIDER, machine.progress)


def test_the_committed_modules_ask_for_the_go_that_would_be_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    from citycloud.toolchain import versions

    monkeypatch.delenv("CITYCLOUD_TOOLCHAIN_SOURCES", raising=False)
    for recipe in (build.ENGINE, build.PROVIDER):
        assert versions.at_least(golang.FETCHED, golang.asked(recipe.directory))
