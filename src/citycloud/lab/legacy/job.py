"""What the deploy of the machine rooms is to do, as one JSON value: made by ``deploy``, run by ``play``.

It holds passwords, so it goes by standard input, never by arguments or files (as lab/openstack/job.py).
"""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
from collections.abc import Iterable

from citycloud.city.model import Noun
from citycloud.lab.openstack.render import File


class Part(Noun):
    """What one host is given. Scripts are for ``sh``, and harmless when they run again."""

    files: tuple[File, ...]
    units: tuple[str, ...]
    """systemd units that run here, and are stopped while their files change."""
    prepare: str = ""
    """Before the units start."""
    fill: str = ""
    """Once they run: accounts, schema, data."""


class HostJob(Noun):
    """One host's part, packed."""

    name: str
    address: str
    archive: str
    """Its files, as a tar archive in base64."""
    digest: str
    units: tuple[str, ...]
    prepare: str
    fill: str


class Job(Noun):
    """The whole deploy."""

    key_file: str
    known_hosts: str
    seconds: int
    """Time limit of one operation on one host."""
    hosts: tuple[HostJob, ...]


def pack(name: str, address: str, part: Part) -> HostJob:
    packed = _archive(part.files)
    return HostJob(
        name=name,
        address=address,
        archive=base64.b64encode(packed).decode(),
        digest=hashlib.sha256(packed).hexdigest(),
        units=part.units,
        prepare=part.prepare,
        fill=part.fill,
    )


def _archive(files: Iterable[File]) -> bytes:
    """The files as a tar archive: the same files give the same octets."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for file in sorted(files, key=lambda file: file.path):
            entry = tarfile.TarInfo(file.path.lstrip("/"))
            entry.size, entry.mode, entry.mtime = len(file.content), file.mode, 0
            entry.uname, entry.gname = file.user, file.group
            tar.addfile(entry, io.BytesIO(file.content))
    return buffer.getvalue()
