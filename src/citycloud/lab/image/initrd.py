"""The initial RAM disk: one static program, one script and the modules that a virtual machine's disk and network need.

Of our own making, because the usual one brings udev and a shell's worth of scripts, which takes an emulated machine
several seconds. The archive is cpio's "newc" (kernel documentation, driver-api/early-userspace/buffer-format), gzipped.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

DIRECTORY, FILE = 0o040755, 0o100755


def module_name(path: str) -> str:
    """``kernel/drivers/char/hw_random/virtio-rng.ko`` -> ``virtio_rng``."""
    return PurePosixPath(path).name.partition(".")[0].replace("-", "_")


def parse_dependencies(text: str) -> dict[str, list[str]]:
    """``modules.dep``: for each module's path, the paths that it needs, the nearest first."""
    return {path: needs.split() for path, _, needs in (line.partition(":") for line in text.splitlines()) if path}


def load_order(dependencies: Mapping[str, Sequence[str]], wanted: Iterable[str]) -> list[str]:
    """Paths of the modules named in ``wanted`` and of all they need, each after what it needs. Raises KeyError."""
    by_name = {module_name(path): path for path in dependencies}
    order: list[str] = []
    for name in wanted:
        path = by_name[name]
        order += [one for one in (*reversed(dependencies[path]), path) if one not in order]
    return order


def kept(dependencies: Mapping[str, Sequence[str]], prefixes: Sequence[str], wanted: Iterable[str]) -> set[str]:
    """Paths under one of ``prefixes`` or named in ``wanted``, and all they need."""
    chosen = {path for path in dependencies if path.startswith(tuple(prefixes))}
    needed = {need for path in chosen for need in dependencies[path]}
    return chosen | needed | set(load_order(dependencies, wanted))


def _entry(number: int, name: str, mode: int, data: bytes) -> bytes:
    """One member: 110 bytes of header, the name and the data, each padded to 4 bytes."""
    path = name.encode() + b"\0"
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + path
    return head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4)


def archive(members: Sequence[tuple[str, int, bytes]]) -> bytes:
    """A newc archive of (name, mode, data), in that order, ended as the kernel expects."""
    entries = [_entry(number, *member) for number, member in enumerate(members, 1)]
    return b"".join([*entries, _entry(0, "TRAILER!!!", 0, b"")])


def initrd(busybox: Path, init: Path, modules: Path, order: Sequence[str]) -> bytes:
    """The image, gzipped; the same inputs give the same bytes. ``modules`` is what the paths of ``order`` start at."""
    names = [PurePosixPath(path).name for path in order]
    directories = [(name, DIRECTORY, b"") for name in ("bin", "dev", "proc", "root", "modules")]
    files = [
        ("init", FILE, init.read_bytes()),
        ("bin/busybox", FILE, busybox.read_bytes()),
        ("modules/order", FILE, "".join(f"{name}\n" for name in names).encode()),
    ]
    loaded = [(f"modules/{name}", FILE, (modules / path).read_bytes()) for name, path in zip(names, order, strict=True)]
    return gzip.compress(archive([*directories, *files, *loaded]), mtime=0)
