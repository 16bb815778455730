"""The guest image: a small Debian 12 for the cloud's machines, one file system for containers and emulated machines.

A machine made from it brings up both address families, takes its name and its owner's key from the cloud's metadata,
makes its SSH host key at the first boot and tells the key's public half to the console (``drivers.host_keys`` reads
it).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from citycloud.lab import cache
from citycloud.lab.image import recipe
from citycloud.lab.image.build import build
from citycloud.progress import Progress

COMMAND_LINE = "root=/dev/vda rw console=ttyS0 quiet"
"""For the image property ``os_command_line``: with it the console log shows what the machine tells its console."""


@dataclass(frozen=True)
class GuestImage:
    """Files that glance is given. ``root`` is raw ext4 and sparse; the kernel and RAM disk are for QEMU only."""

    root: Path
    kernel: Path
    initrd: Path
    digest: str
    """SHA-256 over all three: the same digest, the same image."""


def missing() -> int:
    """How many images would have to be made now: none or one."""
    return int(not (cache.home() / f"image-{_key()}").is_dir())


def _key() -> str:
    return cache.key_of(cache.base_path().name, *recipe.inputs())


def ensure(progress: Progress) -> GuestImage:
    """The guest image, from the cache or made now (1 to 2 min). Raises CommandFailed, BadInput."""
    below = cache.base(progress)

    def make(into: Path, progress: Progress) -> None:
        with progress.step("guest image (1 to 2 min, once)"):
            build(below, into)

    home = cache.kept("image", _key(), make, progress)
    digest = (home / "digest").read_text().strip()
    return GuestImage(home / "root.raw", home / "vmlinuz", home / "initrd.img", digest)
