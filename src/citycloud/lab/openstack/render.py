"""Templates to files, and files to one archive that a host unpacks: pure."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import jinja2

from citycloud.city.model import Noun

_HERE = Path(__file__).parent


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701  configuration files, not HTML
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def template(name: str, **values: object) -> str:
    """The text of a template. Raises jinja2.UndefinedError where a value is missing."""
    return _environment().get_template(name).render(**values)


class File(Noun):
    """A file on a lab host; ``path`` begins with a slash."""

    path: str
    content: bytes
    mode: int = 0o644
    user: str = "root"
    group: str = "root"


def secret(path: str, content: str, group: str) -> File:
    """A file that root and a service's group may read."""
    return File(path=path, content=content.encode(), mode=0o640, group=group)


def plain(path: str, content: str) -> File:
    return File(path=path, content=content.encode())


def onhost() -> list[File]:
    """The package ``citylab``, under /opt/citylab."""
    modules = sorted((_HERE / "onhost").glob("*.py"))
    return [plain(f"/opt/citylab/citylab/{module.name}", module.read_text()) for module in modules]


def _entry(file: File) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(file.path.lstrip("/"))
    entry.size, entry.mode, entry.mtime = len(file.content), file.mode, 0
    entry.uname, entry.gname = file.user, file.group
    return entry


def archive(files: Iterable[File]) -> bytes:
    """The files as a tar archive: the same files give the same octets."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for file in sorted(files, key=lambda file: file.path):
            tar.addfile(_entry(file), io.BytesIO(file.content))
        # The cache of entry points goes by this directory's time: keep it as it was when the cache was filled.
        top = tarfile.TarInfo("opt/citylab")
        top.type, top.mode, top.mtime, top.uname, top.gname = tarfile.DIRTYPE, 0o755, 0, "root", "root"
        tar.addfile(top)
    return buffer.getvalue()


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
