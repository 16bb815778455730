"""Official releases: by pinned version and hash from ``toolchain/releases.toml``, or not at all."""

from __future__ import annotations

import hashlib
import http.client
import os
import platform
import shutil
import tarfile
import tempfile
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from citycloud.errors import CitycloudError
from citycloud.toolchain import places

TRIES = 3
"""How often a download that is cut off is taken up again."""

READ_TIMEOUT = 20.0
"""Seconds without a byte after which a download counts as cut off."""

_CHUNK = 1 << 20


class NoRelease(CitycloudError):
    """The release can't be had, or must not be used. Nothing of it is installed."""


class WrongHash(NoRelease):
    """What came is not what the table names. It was thrown away."""


@dataclass(frozen=True)
class Release:
    """One archive: where it is, and the hash it must have (empty: not known)."""

    address: str
    sha256: str

    @property
    def file(self) -> str:
        return self.address.rpartition("/")[2]


def table(path: Path | None = None) -> dict[str, Any]:
    """The table of releases, as it is written."""
    return tomllib.loads((path or places.sources() / "releases.toml").read_text())


def platform_name() -> str:
    """This machine as Pulumi's archives name it, such as ``linux-x64``."""
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return f"{platform.system().lower()}-{machine}"


def engine(rows: dict[str, Any], machine: str) -> Release | None:
    """The engine's release for ``machine``; ``CITYCLOUD_PULUMI_RELEASES`` names another base address."""
    row = rows["engine"]
    found = row["archives"].get(machine)
    if found is None:
        return None
    base = os.environ.get("CITYCLOUD_PULUMI_RELEASES") or row["address"]
    return Release(f"{base.rstrip('/')}/{found['file']}", found.get("sha256", ""))


def fetch(release: Release, directory: Path, say: Callable[[str], None]) -> Path:
    """The archive, checked. A download that was cut off is taken up where it ended, in this call or the next.

    Raises WrongHash, or NoRelease when the hash is not known or the address does not give the whole file.
    """
    if not release.sha256:
        raise NoRelease(f"the hash of {release.file} is not in the table, so it is not fetched")
    directory.mkdir(parents=True, exist_ok=True)
    part = directory / f"{release.sha256[:16]}-{release.file}.part"
    fault: Exception | None = None
    for attempt in range(TRIES):
        try:
            _download(release.address, part)
        except (OSError, http.client.HTTPException) as cut:
            fault = cut
            say(f"{release.file}: cut off ({cut}), {TRIES - attempt - 1} more tries")
            continue
        return _checked(release, part)
    raise NoRelease(f"{release.address} could not be fetched: {fault}")


def _download(address: str, part: Path) -> None:
    """Fetch the rest of ``part``. Raises OSError or HTTPException when it stops before the end."""
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(address, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310
    try:
        answer = urllib.request.urlopen(request, timeout=READ_TIMEOUT)  # noqa: S310
    except urllib.error.HTTPError as refused:
        if refused.code == 416 and have:  # Nothing is left to fetch: the hash will tell.
            return
        raise
    with answer, part.open("ab" if answer.status == 206 else "wb") as file:
        shutil.copyfileobj(answer, file, _CHUNK)
        if answer.length:
            raise http.client.IncompleteRead(b"", answer.length)


def _checked(release: Release, part: Path) -> Path:
    with part.open("rb") as file:
        seen = hashlib.file_digest(file, "sha256").hexdigest()
    if seen != release.sha256:
        part.unlink()
        raise WrongHash(f"{release.address} has sha256 {seen}, the table says {release.sha256}: thrown away")
    archive = part.with_suffix("")
    part.replace(archive)
    return archive


def unpack(archive: Path, home: Path) -> Path:
    """Unpack the engine's archive so that ``home`` is there whole or not at all; gives back ``home``."""
    with tempfile.TemporaryDirectory(prefix=".building-", dir=home.parent) as scratch:
        try:
            with tarfile.open(archive) as tar:
                tar.extractall(scratch, filter="data")
        except (tarfile.TarError, OSError) as fault:
            raise NoRelease(f"{archive.name} can't be unpacked: {fault}") from fault
        inside = Path(scratch) / "pulumi"
        if not (inside / "pulumi").is_file():
            raise NoRelease(f"{archive.name} holds no pulumi/pulumi")
        inside.rename(home)
    return home
