"""Whose state it is, and who may read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from citycloud import paths
from citycloud.cloud.stacks_state import clouds_id, ensure_passphrase, settle
from citycloud.errors import BadInput


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CITYCLOUD_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def _clouds(directory: Path, ca: str = "one", url: str = "https://api.east.example:5000") -> Path:
    (directory / "ca.pem").write_text(ca)
    file = directory / "clouds.yaml"
    file.write_text(f"clouds: {{east: {{auth: {{auth_url: '{url}', password: p}}, cacert: {directory / 'ca.pem'}}}}}\n")
    return file


def test_the_passphrase_is_made_once_and_only_its_owner_reads_it() -> None:
    file = ensure_passphrase()
    made = file.read_text()
    assert len(made) > 30
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert ensure_passphrase().read_text() == made


def test_a_passphrase_that_others_can_read_is_refused() -> None:
    ensure_passphrase().chmod(0o644)
    with pytest.raises(BadInput, match="chmod 600"):
        ensure_passphrase()


def test_a_lab_that_was_rebuilt_has_other_clouds(tmp_path: Path) -> None:
    first = clouds_id(_clouds(tmp_path))
    assert clouds_id(_clouds(tmp_path)) == first
    assert clouds_id(_clouds(tmp_path, ca="two")) != first
    assert clouds_id(_clouds(tmp_path, url="https://api.west.example:5000")) != first


def test_the_id_of_the_clouds_does_not_change_with_their_credentials(tmp_path: Path) -> None:
    file = _clouds(tmp_path)
    first = clouds_id(file)
    file.write_text(file.read_text().replace("password: p", "password: q"))
    assert clouds_id(file) == first


def test_where_there_are_no_clouds_the_way_to_some_is_said(tmp_path: Path) -> None:
    for text in (None, "", "clouds: {}\n: bad", "clouds: [1]"):
        if text is not None:
            (tmp_path / "clouds.yaml").write_text(text)
        with pytest.raises(BadInput, match="citycloud lab up"):
            clouds_id(tmp_path / "clouds.yaml")


def test_state_of_the_same_clouds_is_kept() -> None:
    assert settle("a") is None
    (paths.state() / "kept").touch()
    assert settle("a") is None
    assert (paths.state() / "kept").exists()


def test_state_of_clouds_that_are_gone_is_put_aside_and_not_used() -> None:
    settle("a")
    (paths.state() / "stack").touch()
    aside = settle("b")
    assert aside is not None and (aside / "stack").exists()
    assert not (paths.state() / "stack").exists()
    assert settle("b") is None
