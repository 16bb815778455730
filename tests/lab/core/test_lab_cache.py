"""What is kept between labs: right by its name only when whole, and free of secrets and of this machine's own."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from citycloud.lab import cache, mirror, roots
from citycloud.progress import Progress

pytestmark = pytest.mark.lab

SEARCHED = ("etc", "var", "root", "home", "srv", "opt", "run", "tmp", "usr/local")
"""Where packages and we put what is a machine's own; the rest is as the packages shipped it."""
PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----")


@pytest.fixture(scope="module", params=["base", "packages", "prepared"])
def root(request: pytest.FixtureRequest) -> Path:
    """A minimal Debian, that with packages, and the layer over it with what is prepared."""
    if request.param == "base":
        return roots.layers(Progress(), bare=True)[0]
    prepared, packages = roots.layers(Progress(), bare=False)
    return packages if request.param == "packages" else prepared


DEBIAN = ".debian.org"
"""Debian's own domain, which its packages name whoever installs them."""


def plain_files(root: Path) -> Iterator[Path]:
    for top in SEARCHED:
        for directory, _, names in os.walk(root / top):
            for name in names:
                path = Path(directory) / name
                if path.is_file() and not path.is_symlink():
                    yield path


def planted(root: Path) -> list[Path]:
    """Files with a private key, or a word of where this machine gets its packages from."""
    every = {urlsplit(source.uri).netloc.encode() for source in mirror.read_sources()}
    hosts = {host for host in every if not host.endswith(DEBIAN.encode())}
    words = re.compile(b"|".join(map(re.escape, hosts - {b""})) or rb"(?!)")
    found = []
    for path in plain_files(root):
        content = path.read_bytes()
        if (
            PRIVATE_KEY.search(content)
            or words.search(content)
            or any(host.decode() in path.name for host in hosts if host)
        ):
            found.append(path)
    return found


def test_no_key_and_no_word_of_this_machines_package_sources_is_kept(root: Path) -> None:
    assert planted(root) == []


def test_the_search_finds_what_is_planted(tmp_path: Path) -> None:
    source = mirror.read_sources()[0]
    for name, text in (
        ("etc/ssh/ssh_host_ed25519_key", "-----BEGIN OPENSSH PRIVATE KEY-----\n"),
        ("etc/fine", "nothing\n"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert planted(tmp_path) == [tmp_path / "etc/ssh/ssh_host_ed25519_key"]
    if not urlsplit(source.uri).netloc.endswith(DEBIAN):
        (tmp_path / "etc/sources.list").write_text(source.line())
        assert tmp_path / "etc/sources.list" in planted(tmp_path)


@pytest.mark.parametrize(
    "name", ["etc/apt/sources.list", "etc/resolv.conf", "etc/hostname", "var/lib/rabbitmq/.erlang.cookie"]
)
def test_no_configuration_or_identity_of_a_machine_is_kept(root: Path, name: str) -> None:
    assert not (root / name).exists()


def test_a_root_has_no_identity_of_its_own(root: Path) -> None:
    assert not (root / "etc/machine-id").exists() or (root / "etc/machine-id").read_text() == ""
    assert list(root.glob("etc/ssh/ssh_host_*")) == []
    assert [path for path in (root / "var/lib/apt/lists").rglob("*") if path.is_file()] == []
    assert list((root / "etc/apt").rglob("auth.conf.d/*")) == []


def test_no_package_was_left_half_installed() -> None:
    packages = roots.layers(Progress(), bare=False)[1]
    states = re.findall(r"^Status: (.*)$", (packages / "var/lib/dpkg/status").read_text(), re.MULTILINE)
    assert set(states) <= {"install ok installed", "deinstall ok config-files"} and states


def test_a_root_that_a_killed_command_left_half_made_is_made_anew(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CITYCLOUD_CACHE", str(tmp_path))
    half = cache.home() / "making-thing-abc"
    half.mkdir(parents=True)
    (half / "half").write_text("")

    def build(root: Path, progress: Progress) -> None:
        (root / "whole").write_text("")

    made = cache.kept("thing", "abc", build, Progress())
    assert [path.name for path in made.iterdir()] == ["whole"]
    assert not list(cache.home().glob("making-*"))


def test_a_build_that_fails_leaves_nothing_under_the_right_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CITYCLOUD_CACHE", str(tmp_path))

    def build(root: Path, progress: Progress) -> None:
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        cache.kept("thing", "abc", build, Progress())
    assert not (cache.home() / "thing-abc").exists()


def test_the_key_changes_with_every_input() -> None:
    keys = {cache.key_of(), cache.key_of(["a"]), cache.key_of(["b"]), cache.key_of(["a"], "script")}
    assert len(keys) == 4


def test_what_is_whole_stays_when_another_version_is_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A living lab's hosts are mounted over it: removing it would take their programs away."""
    monkeypatch.setenv("CITYCLOUD_CACHE", str(tmp_path))

    def build(root: Path, progress: Progress) -> None:
        (root / "whole").write_text("")

    first = cache.kept("thing", "abc", build, Progress())
    cache.kept("thing", "def", build, Progress())
    assert (first / "whole").exists()
