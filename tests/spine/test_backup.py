"""A home that is lost comes back from its backup, and its runs go on: nothing twice, nothing overwritten."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from test_commands import Desk, moving
from trial_plans import plan, step

from citycloud import sealed
from citycloud.drivers.fake import Put
from citycloud.errors import BadInput
from citycloud.journal import Settings
from citycloud.journal.backup import backup, restore
from citycloud.plan import Plan

WORDS = "five words taken by lot"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    found = Desk(tmp_path)
    file = tmp_path / "words"
    file.touch(0o600)
    file.write_text(WORDS)
    found.env["CITYCLOUD_BACKUP_PASSPHRASE_FILE"] = str(file)
    return found


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a key and an empty journal of one run, in this process; sealing is made quick."""
    monkeypatch.setattr(sealed, "COST", 2)
    monkeypatch.setenv("CITYCLOUD_HOME", str(tmp_path / "home"))
    from citycloud import keys
    from citycloud.journal import Journal, What, connect
    from citycloud.journal.entry import Draft

    keys.new("owner")
    journal = Journal(connect(chosen(tmp_path)))
    assert journal.open(plan(step("a", Put(name="1"))), [Draft(What.OPENED, told={"inherited": []})])
    journal.database.close()
    return tmp_path / "home"


def chosen(directory: Path) -> Settings:
    return Settings(f"sqlite:///{directory}/home/journal/journal.db")


def slow() -> Plan:
    return plan(step("l/a", Put(name="a", parts=40, seconds=0.1)), step("l/b", Put(name="b")), city="city", subject="l")


def test_a_home_that_is_lost_comes_back_with_its_keys_and_the_run_goes_on_to_a_report_of_the_same_key(
    desk: Desk, tmp_path: Path
) -> None:
    file = desk.write(moving())
    desk.ends(3, "run", file)
    run = desk.runs()[0]["run"]
    desk.ok("approve", run, "water/cutover", "--as", "works-owner")
    pinned = json.loads(desk("report", run, "--json").stdout)["key"]
    assert "1 runs and" in desk.ok("backup", "kept.sealed")

    shutil.rmtree(tmp_path / "home")
    desk.ends(2, "status", run)
    shutil.rmtree(tmp_path / "home", ignore_errors=True)
    assert "would bring back" in desk.ok("restore", "kept.sealed", "--dry-run")
    assert not (tmp_path / "home" / "journal").exists() and not (tmp_path / "home" / "keys").exists()
    assert f"citycloud run {run}" in desk.ok("restore", "kept.sealed")

    assert "waits for 1 approval(s)" in desk.ends(3, "run", run)
    desk.ok("approve", run, "water/cutover", "--as", "works-deputy")
    desk.ok("run", run)
    assert desk.far.lines() == ["+seed.1", "+seed.2", "+cutover"]
    told = json.loads(desk("report", run, "--json").stdout)
    assert told["key"] == pinned
    assert "holds" in desk.ok("report", "--verify", told["json"], "--key", pinned)


def test_a_backup_taken_in_the_middle_of_a_step_goes_on_with_that_step_after_runner_and_home_are_lost(
    desk: Desk, tmp_path: Path
) -> None:
    file = desk.write(slow())
    far = type(desk.far)(tmp_path / "far" / "l")
    argv = [sys.executable, "-m", "citycloud.cli", "run", file]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(argv, cwd=tmp_path, env=desk.env, stdout=quiet, stderr=quiet) as runner:
        limit = time.monotonic() + 120
        while len(far.lines()) < 2:
            assert time.monotonic() < limit and runner.poll() is None
            time.sleep(0.05)
        desk.ok("backup", "kept.sealed")
        runner.send_signal(signal.SIGKILL)
    shutil.rmtree(tmp_path / "home")
    desk.ok("restore", "kept.sealed")
    desk.ok("run", desk.runs()[0]["run"])
    assert sorted(far.lines()) == sorted(["+b", *(f"+a.{number}" for number in range(1, 41))])


def test_a_backup_tells_nothing_without_its_passphrase(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "kept"
    kept = backup(out, WORDS, chosen(tmp_path), NOW)
    assert kept.keys == ["owner"] and len(kept.runs) == 1
    assert out.stat().st_mode & 0o777 == 0o600
    for secret in (b"OPENSSH", b"owner", b"trial-water", b"SQLite"):
        assert secret not in out.read_bytes()
    shutil.rmtree(home)
    with pytest.raises(BadInput, match="passphrase is another"):
        restore(out, "another one entirely", chosen(tmp_path))
    assert list(home.iterdir()) == []


def test_what_comes_back_is_readable_by_its_owner_only_and_nothing_is_left_lying_about(
    home: Path, tmp_path: Path
) -> None:
    backup(tmp_path / "kept", WORDS, chosen(tmp_path), NOW)
    shutil.rmtree(home)
    _, put = restore(tmp_path / "kept", WORDS, chosen(tmp_path))
    assert sorted(put) == ["journal.db", "keys/owner", "keys/owner.pub"]
    modes = {str(file.relative_to(home)): file.stat().st_mode & 0o777 for file in home.rglob("*")}
    assert modes.pop("keys/owner.pub") == 0o644
    assert modes == {"journal": 0o700, "journal/journal.db": 0o600, "keys": 0o700, "keys/owner": 0o600}


def test_nothing_is_overwritten_and_all_that_is_in_the_way_is_told_at_once(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "kept"
    backup(out, WORDS, chosen(tmp_path), NOW)
    with pytest.raises(BadInput, match="never takes an older one's place"):
        backup(out, WORDS, chosen(tmp_path), NOW)
    (home / "keys" / "owner").write_bytes(b"mine")
    (home / "journal" / "journal.db").write_bytes(b"mine, too")
    with pytest.raises(BadInput) as told:
        restore(out, WORDS, chosen(tmp_path))
    assert len(told.value.findings) == 2
    assert (home / "journal" / "journal.db").read_bytes() == b"mine, too"


def test_an_old_log_beside_a_lost_journal_is_not_played_into_the_one_that_comes_back(
    home: Path, tmp_path: Path
) -> None:
    backup(tmp_path / "kept", WORDS, chosen(tmp_path), NOW)
    (home / "journal" / "journal.db").unlink()
    (home / "journal" / "journal.db-wal").write_bytes(b"old")
    with pytest.raises(BadInput, match=r"journal\.db-wal"):
        restore(tmp_path / "kept", WORDS, chosen(tmp_path))


def test_a_restore_that_was_cut_off_after_the_keys_is_gone_on_with(home: Path, tmp_path: Path) -> None:
    backup(tmp_path / "kept", WORDS, chosen(tmp_path), NOW)
    shutil.rmtree(home / "journal")
    (home / "keys" / ".owner.half").write_bytes(b"half")
    _, put = restore(tmp_path / "kept", WORDS, chosen(tmp_path))
    assert put == ["journal.db"]
    assert restore(tmp_path / "kept", WORDS, chosen(tmp_path))[1] == []


def test_a_journal_that_somebody_changed_is_not_taken_for_a_backup(home: Path, tmp_path: Path) -> None:
    database = sqlite3.connect(home / "journal" / "journal.db")
    database.execute("DROP TRIGGER citycloud_no_update")
    database.execute("UPDATE citycloud_journal SET by = 'another'")
    database.commit()
    database.close()
    with pytest.raises(BadInput, match="entry 1 was changed"):
        backup(tmp_path / "kept", WORDS, chosen(tmp_path), NOW)
    assert not (tmp_path / "kept").exists()


def test_what_a_backup_cannot_keep_is_said_and_not_left_out(home: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="on PostgreSQL"):
        backup(tmp_path / "kept", WORDS, Settings("postgresql://db/journal"), NOW)
    (home / "keys" / "Notes.txt").write_text("mine")
    with pytest.raises(BadInput, match=r"Notes\.txt"):
        backup(tmp_path / "kept", WORDS, chosen(tmp_path), NOW)
    shutil.rmtree(home)
    with pytest.raises(BadInput, match="neither a journal nor a key"):
        backup(tmp_path / "kept", WORDS, chosen(tmp_path), NOW)
