"""Which cached layers the lab's hosts are laid over, and how much of it is still to be made."""

from __future__ import annotations

import hashlib
from pathlib import Path

from citycloud.lab import cache
from citycloud.lab.openstack import packages
from citycloud.progress import Progress


def layers(progress: Progress, *, bare: bool) -> tuple[Path, ...]:
    """The cached layers that every host's own is laid over, uppermost first; ``bare`` hosts need no OpenStack."""
    if bare:
        return (cache.base(progress),)
    below = cache.packages(packages.PACKAGES, progress)
    return (cache.prepared(below, inputs(), progress), below)


def missing(*, bare: bool) -> int:
    """How many of the cached layers would have to be made now."""
    if bare:
        return int(not cache.base_path().is_dir())
    below = cache.packages_path(packages.PACKAGES)
    if not below.is_dir():
        return 2 + int(not cache.base_path().is_dir())
    return int(not cache.prepared_path(below, inputs()).is_dir())


def inputs() -> list[str]:
    """Digests of all that ``prepare_root`` works with: its module, and what is in ``root`` beside it."""
    here = Path(packages.__file__).parent
    files = [here / "packages.py", *here.glob("root/**/*")]
    kept = sorted(file for file in files if file.is_file() and "__pycache__" not in file.parts)
    return [f"{file.relative_to(here)} {hashlib.sha256(file.read_bytes()).hexdigest()}" for file in kept]
