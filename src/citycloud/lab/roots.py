"""Which cached root the lab's hosts are laid over, and how much of it is still to be made."""

from __future__ import annotations

import hashlib
from pathlib import Path

from citycloud.lab import cache
from citycloud.lab.openstack import packages
from citycloud.progress import Progress


def root(progress: Progress, *, bare: bool) -> Path:
    """The cached root that every host's own is laid over; ``bare`` hosts need no OpenStack in it."""
    if bare:
        return cache.base(progress)
    below = cache.packages(packages.PACKAGES, progress)
    return cache.prepared(below, packages.prepare_root, inputs(), progress)


def missing(*, bare: bool) -> int:
    """How many of the cached roots would have to be made now."""
    wanted = [cache.base_path()]
    if not bare:
        below = cache.packages_path(packages.PACKAGES)
        wanted += [below, cache.prepared_path(below, inputs())]
    if wanted[-1].is_dir():
        return 0
    return sum(not path.is_dir() for path in wanted)


def inputs() -> list[str]:
    """Digests of all that ``prepare_root`` works with: its module, its renderer, the templates, our own services."""
    here = Path(packages.__file__).parent
    files = [here / "packages.py", here / "render.py", *here.glob("templates/**/*"), *here.glob("onhost/**/*")]
    kept = sorted(file for file in files if file.is_file() and "__pycache__" not in file.parts)
    return [f"{file.relative_to(here)} {hashlib.sha256(file.read_bytes()).hexdigest()}" for file in kept]
