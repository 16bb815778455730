"""What a dead lab leaves is recognised and cleared, and what is not ours is left alone."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from citycloud.lab import machine
from citycloud.lab.handle import Busy, Files, exclusive, living, start_time
from citycloud.lab.mirror import Source, debian_sources, parse_deb822, parse_lines
from citycloud.lab.secrets import load
from citycloud.lab.status import parse_rss


@pytest.fixture
def files(tmp_path: Path) -> Files:
    (tmp_path / "lab").mkdir()
    return Files(tmp_path / "lab")


@pytest.fixture
def system(tmp_path: Path) -> Path:
    """A /proc/sys with a neighbour table that is too small, and one that is large enough."""
    system = tmp_path / "sys"
    for name, value in (("net/ipv4/neigh/default/gc_thresh3", 1024), ("net/ipv6/neigh/default/gc_thresh3", 65536)):
        (system / name).parent.mkdir(parents=True)
        (system / name).write_text(f"{value}\n")
    return system


def read(system: Path, name: str) -> int:
    return int((system / name).read_text())


def test_settings_are_raised_and_put_back(files: Files, system: Path) -> None:
    machine.raise_settings(files, system)
    assert read(system, "net/ipv4/neigh/default/gc_thresh3") == 32768
    machine.restore_settings(files, system)
    assert read(system, "net/ipv4/neigh/default/gc_thresh3") == 1024
    assert not files.settings.exists()


def test_a_setting_that_is_large_enough_is_neither_changed_nor_recorded(files: Files, system: Path) -> None:
    machine.raise_settings(files, system)
    assert json.loads(files.settings.read_text()) == {"net/ipv4/neigh/default/gc_thresh3": 1024}
    machine.restore_settings(files, system)
    assert read(system, "net/ipv6/neigh/default/gc_thresh3") == 65536


def test_the_first_record_is_kept_when_a_killed_labs_settings_are_raised_again(files: Files, system: Path) -> None:
    machine.raise_settings(files, system)
    (system / "net/ipv4/neigh/default/gc_thresh3").write_text("2048\n")
    machine.raise_settings(files, system)
    machine.restore_settings(files, system)
    assert read(system, "net/ipv4/neigh/default/gc_thresh3") == 1024


def test_a_setting_that_somebody_changed_meanwhile_stays_theirs(files: Files, system: Path) -> None:
    machine.raise_settings(files, system)
    (system / "net/ipv4/neigh/default/gc_thresh3").write_text("99999\n")
    machine.restore_settings(files, system)
    assert read(system, "net/ipv4/neigh/default/gc_thresh3") == 99999


def test_only_the_labs_own_cgroups_are_removed(tmp_path: Path) -> None:
    for name in ("memory/citycloud-lab/east-ctl/payload", "memory/somebody/else", "pids/citycloud-lab"):
        (tmp_path / name).mkdir(parents=True)
    machine.remove_cgroups("citycloud-lab", [tmp_path / "memory", tmp_path / "pids", tmp_path / "absent"])
    left = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*"))
    assert left == ["memory", "memory/somebody", "memory/somebody/else", "pids"]


def test_loop_devices_are_ours_by_the_file_system_behind_them() -> None:
    seen = [
        {"name": "/dev/loop0", "back-maj:min": "       0:61 "},
        {"name": "/dev/loop1", "back-maj:min": "254:0"},
        {"name": "/dev/loop9", "back-maj:min": "0:62"},
    ]
    assert machine.lab_loops([os.makedev(0, 61), os.makedev(0, 62)], seen) == ["/dev/loop0", "/dev/loop9"]


def test_cgroup_hierarchies_are_the_machines_mounts_of_either_kind() -> None:
    mounts = (
        "proc /proc proc rw 0 0\ncgroup /sys/fs/cgroup/pids cgroup rw,pids 0 0\ncg2 /sys/fs/cgroup/u cgroup2 rw 0 0"
    )
    assert machine.cgroup_hierarchies(mounts) == [Path("/sys/fs/cgroup/pids"), Path("/sys/fs/cgroup/u")]


def test_a_process_that_got_the_dead_labs_number_is_not_taken_for_it(files: Files) -> None:
    files.pid.write_text(f"{os.getpid()} {start_time(os.getpid())}\n")
    assert living(files) == os.getpid()
    files.pid.write_text(f"{os.getpid()} 1\n")
    assert living(files) is None


@pytest.mark.parametrize("text", ["", "12", "x y"])
def test_a_half_written_pid_file_is_no_living_lab(files: Files, text: str) -> None:
    files.pid.write_text(text)
    assert living(files) is None


def test_a_second_command_is_refused_and_told_who_holds_the_lab(files: Files) -> None:
    with (
        exclusive(files, "up"),
        pytest.raises(Busy, match=rf"lab up` \(process {os.getpid()}\)"),
        exclusive(files, "down"),
    ):
        pass
    with exclusive(files, "down"):
        pass


def test_secrets_are_made_once_and_readable_by_the_owner_only(files: Files) -> None:
    first = load(files)
    assert load(files) == first and len(first["lab"]) == 64
    assert files.secrets.stat().st_mode & 0o777 == 0o600


def test_debian_sources_are_found_in_both_formats_and_others_left_out() -> None:
    deb822 = "# x\nTypes: deb deb-src\nURIs: http://a/debian\nSuites: bookworm\n bookworm-updates\nComponents: main\n"
    one_line = "deb [arch=amd64 signed-by=/k] http://b/x nodistro main\ndeb http://c/s bookworm-security main # y"
    assert debian_sources([*parse_deb822(deb822), *parse_lines(one_line)]) == [
        Source("http://a/debian", "bookworm", ("main",)),
        Source("http://a/debian", "bookworm-updates", ("main",)),
        Source("http://c/s", "bookworm-security", ("main",)),
    ]


def test_a_disabled_or_source_only_stanza_is_no_package_source() -> None:
    assert parse_deb822("Types: deb\nEnabled: no\nURIs: http://a\nSuites: bookworm\nComponents: main\n") == []
    assert parse_deb822("Types: deb-src\nURIs: http://a\nSuites: bookworm\nComponents: main\n") == []


def test_memory_is_read_from_either_kind_of_cgroup() -> None:
    assert parse_rss("cache 1\nrss 5\ntotal_rss 8388608\n") == 8
    assert parse_rss("anon 4194304\nfile 9\n") == 4
