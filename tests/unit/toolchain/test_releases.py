"""Official releases, from a server on the loopback."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from citycloud.toolchain import releases
from citycloud.toolchain.releases import NoRelease, Release, WrongHash, fetch, unpack

from .conftest import Machine, Shelf, archive


def release(shelf: Shelf, content: bytes) -> Release:
    return Release(f"{shelf.address}/pulumi.tar.gz", hashlib.sha256(content).hexdigest())


def test_the_right_file_is_fetched_and_unpacked_whole(shelf: Shelf, tmp_path: Path) -> None:
    shelf.content = archive()
    got = fetch(release(shelf, shelf.content), tmp_path / "downloads", print)
    home = unpack(got, tmp_path / "home")
    assert got.read_bytes() == shelf.content
    assert (home / "pulumi").stat().st_mode & 0o111


def test_a_file_with_a_wrong_hash_is_thrown_away(shelf: Shelf, tmp_path: Path) -> None:
    shelf.content = archive()
    with pytest.raises(WrongHash, match="thrown away"):
        fetch(release(shelf, b"another file"), tmp_path / "downloads", print)
    assert list((tmp_path / "downloads").iterdir()) == []


def test_a_download_that_is_cut_off_is_taken_up_where_it_ended(shelf: Shelf, tmp_path: Path) -> None:
    shelf.content, shelf.cuts = archive(), 1
    got = fetch(release(shelf, shelf.content), tmp_path / "downloads", print)
    assert got.read_bytes() == shelf.content
    assert shelf.asked[1] == f"/sdk/pulumi.tar.gz bytes={len(shelf.content) // 2}-"


def test_a_server_that_knows_no_ranges_sends_the_whole_file_again(shelf: Shelf, tmp_path: Path) -> None:
    shelf.content, shelf.cuts, shelf.ranges = archive(), 1, False
    assert fetch(release(shelf, shelf.content), tmp_path / "downloads", print).read_bytes() == shelf.content


def test_a_download_cut_off_again_and_again_fails_and_the_next_call_goes_on(shelf: Shelf, tmp_path: Path) -> None:
    shelf.content, shelf.cuts = archive(), releases.TRIES
    with pytest.raises(NoRelease, match="could not be fetched"):
        fetch(release(shelf, shelf.content), tmp_path / "downloads", print)
    assert [file.suffix for file in (tmp_path / "downloads").iterdir()] == [".part"]
    got = fetch(release(shelf, shelf.content), tmp_path / "downloads", print)
    assert got.read_bytes() == shelf.content
    assert "bytes=" in shelf.asked[-1]


def test_a_whole_part_of_a_killed_run_is_checked_and_used(shelf: Shelf, tmp_path: Path) -> None:
    shelf.content = archive()
    wanted = release(shelf, shelf.content)
    (tmp_path / "downloads").mkdir()
    part = tmp_path / "downloads" / f"{wanted.sha256[:16]}-{wanted.file}.part"
    part.write_bytes(shelf.content)
    assert fetch(wanted, tmp_path / "downloads", print).read_bytes() == shelf.content


def test_a_file_whose_hash_is_not_known_is_never_asked_for(shelf: Shelf, tmp_path: Path) -> None:
    with pytest.raises(NoRelease, match=r"hash of pulumi\.tar\.gz is not in the table"):
        fetch(Release(f"{shelf.address}/pulumi.tar.gz", ""), tmp_path, print)
    assert shelf.asked == []


def test_an_archive_without_an_engine_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "odd.tar.gz").write_bytes(b"no archive at all")
    with pytest.raises(NoRelease, match="can't be unpacked"):
        unpack(tmp_path / "odd.tar.gz", tmp_path / "home")
    assert [file.name for file in tmp_path.iterdir()] == ["odd.tar.gz"]


def test_the_address_of_releases_can_be_changed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {"engine": {"address": "https://a.example/sdk", "archives": {"linux-x64": {"file": "p.tar.gz"}}}}
    named = releases.engine(rows, "linux-x64")
    monkeypatch.setenv("CITYCLOUD_PULUMI_RELEASES", "http://mirror.example/pulumi/")
    moved = releases.engine(rows, "linux-x64")
    assert named and named.address == "https://a.example/sdk/p.tar.gz"
    assert moved and moved.address == "http://mirror.example/pulumi/p.tar.gz"
    assert releases.engine(rows, "plan9-x64") is None


def test_the_committed_table_names_the_pinned_version(monkeypatch: pytest.MonkeyPatch) -> None:
    from citycloud.toolchain.model import ENGINE_VERSION

    monkeypatch.delenv("CITYCLOUD_TOOLCHAIN_SOURCES", raising=False)
    rows = releases.table()["engine"]
    assert rows["version"] == ENGINE_VERSION
    assert all(f"v{ENGINE_VERSION}-{machine}" in row["file"] for machine, row in rows["archives"].items())
    assert all(len(row["sha256"]) in {0, 64} for row in rows["archives"].values())
