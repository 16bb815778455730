"""The guest image as a file: nobody's secret and nothing of the package configuration of the machine that made it."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from citycloud import proc
from citycloud.lab import image, mirror
from citycloud.lab.image import GuestImage, recipe
from citycloud.progress import Progress

pytestmark = pytest.mark.lab

FILES_PER_LINE = re.compile(r"^/\d+/\d+/\d+/\d+/([^/]+)/")


@pytest.fixture(scope="module")
def guest() -> GuestImage:
    return image.ensure(Progress())


def debugfs(guest: GuestImage, command: str) -> str:
    """What debugfs (of e2fsprogs) says: it reads the file system without mounting it."""
    return proc.run(["debugfs", "-R", command, str(guest.root)], timeout=30).stdout


def names(guest: GuestImage, directory: str) -> set[str]:
    found = (FILES_PER_LINE.match(line) for line in debugfs(guest, f"ls -p {directory}").splitlines())
    return {one[1] for one in found if one} - {".", ".."}


def words_of(file: Path) -> Iterator[str]:
    for line in file.read_text().splitlines():
        yield from (word for word in line.split() if len(word) > 7 and not line.startswith("#"))


def test_the_file_system_is_whole_and_sparse(guest: GuestImage) -> None:
    assert guest.root.stat().st_size == recipe.SIZE_MIB << 20
    assert guest.root.stat().st_blocks * 512 < 0.6 * guest.root.stat().st_size
    proc.run(["e2fsck", "-f", "-n", str(guest.root)], timeout=60)


def test_the_image_names_no_package_source(guest: GuestImage) -> None:
    assert "sources.list" not in names(guest, "/etc/apt")
    assert names(guest, "/etc/apt/sources.list.d") == set()
    assert "auth.conf" not in names(guest, "/etc/apt")
    assert not names(guest, "/var/lib/apt/lists") - {"partial", "auxfiles"}
    assert not [name for name in names(guest, "/etc/apt/apt.conf.d") if "host" in name]


def test_no_byte_of_the_image_tells_where_this_machine_gets_packages_from(guest: GuestImage) -> None:
    told = {f"{source.uri} {source.suite}" for source in mirror.read_sources()}
    told |= {word for file in Path("/etc/apt").glob("auth.conf*") if file.is_file() for word in words_of(file)}
    told |= {word for file in Path("/etc/apt/auth.conf.d").glob("*") for word in words_of(file)}
    whole = guest.root.read_bytes()
    assert b"Debian GNU/Linux" in whole, "the search would find nothing in this file"
    assert [text for text in sorted(told) if text.encode() in whole] == []


def test_the_image_has_no_key_of_its_own(guest: GuestImage) -> None:
    assert not [name for name in names(guest, "/etc/ssh") if "host" in name and "key" in name]
    assert names(guest, "/root/.ssh") == set()
    assert names(guest, "/etc/ssl/private") == set()
    assert b"PRIVATE KEY-----\nb3BlbnNzaC1rZXk" not in guest.root.read_bytes()


def test_servers_are_there_for_what_moves_in_and_none_starts_or_holds_anything(guest: GuestImage) -> None:
    assert "postgres" in names(guest, "/usr/lib/postgresql/15/bin")
    assert names(guest, "/etc/postgresql") | names(guest, "/var/lib/postgresql") == set()
    assert not set(recipe.IDLE) & names(guest, "/etc/systemd/system/multi-user.target.wants")


def test_the_image_has_no_identity(guest: GuestImage) -> None:
    assert debugfs(guest, "cat /etc/machine-id") == ""
    assert debugfs(guest, "cat /etc/hostname") == "localhost\n"
    assert debugfs(guest, "cat /etc/resolv.conf") == ""
    assert socket.gethostname() not in debugfs(guest, "cat /etc/hosts").split()


def test_no_account_of_the_image_has_a_password(guest: GuestImage) -> None:
    accounts = [line.split(":") for line in debugfs(guest, "cat /etc/shadow").splitlines()]
    assert "root" in [account[0] for account in accounts]
    assert [account[0] for account in accounts if account[1][:1] not in ("*", "!")] == []


def test_there_is_no_kernel_in_the_root_but_its_modules(guest: GuestImage) -> None:
    assert names(guest, "/boot") == set()
    release = names(guest, "/usr/lib/modules")
    assert len(release) == 1
    assert guest.kernel.read_bytes()[0x202:0x206] == b"HdrS", "x86 boot protocol's mark"
    assert guest.initrd.read_bytes()[:2] == b"\x1f\x8b", "gzip"
    assert next(iter(release)).encode() in guest.kernel.read_bytes()
