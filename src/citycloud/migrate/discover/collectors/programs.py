"""Files of machine code, or of bytecode without its source, that belong to no package: {"seconds": limit}."""

# ruff: noqa: PTH110, PTH113, PTH114, PTH115, PTH118, PTH119, PTH120, PTH123, PTH202, PTH208
from __future__ import annotations

import json
import os
import re
import struct
import subprocess
import sys
import time
from typing import Any

PLACES = ("/opt", "/srv", "/usr/local", "/home", "/root", "/var/www", "/var/lib")
SKIP = ("/var/lib/dpkg", "/var/lib/apt", "/var/lib/docker", "/var/lib/postgresql", "/var/lib/mysql")
SYSTEM = ("/usr/lib/", "/lib/", "/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/")
"""Where packages put theirs; what dpkg does not know there is its own odd naming, not the department's program."""
MACHINES = {
    3: "i386",
    8: "mips",
    21: "ppc64",
    40: "arm",
    62: "x86_64",
    183: "aarch64",
    243: "riscv64",
    258: "loongarch64",
}
ADDRESS = re.compile(rb"(?<![0-9.])((?:[0-9]{1,3}\.){3}[0-9]{1,3})(?::([0-9]{2,5}))?(?![0-9.])")
LARGEST, MOST_ADDRESSES = 32 << 20, 50


def running() -> set[str]:
    """Programs that processes run from, and files that interpreters were started with."""
    found: set[str] = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            found.add(os.readlink(f"/proc/{pid}/exe").replace(" (deleted)", ""))
            with open(f"/proc/{pid}/cmdline", "rb") as stream:
                words = stream.read().split(b"\0")[1:4]
        except OSError:
            continue
        found.update(os.fsdecode(word) for word in words if word.startswith(b"/"))
    return found


def packaged(paths: list[str]) -> set[str]:
    """Those that dpkg knows."""
    known: set[str] = set()
    for at in range(0, len(paths), 200):
        try:
            words = ["dpkg", "-S", *paths[at : at + 200]]
            done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
        except (OSError, subprocess.SubprocessError):
            continue
        known.update(line.split(": ", 1)[1] for line in done.stdout.splitlines() if ": " in line)
    return known


def candidates(runs: set[str], until: float) -> list[str]:
    found = {path for path in runs if os.path.isfile(path)}
    for place in PLACES:
        for here, directories, names in os.walk(place):
            directories[:] = [name for name in directories if not os.path.join(here, name).startswith(SKIP)]
            if time.time() > until:
                return sorted(found)
            paths = (os.path.join(here, name) for name in names)
            found.update(path for path in paths if os.path.isfile(path) and not os.path.islink(path))
    return sorted(found)


def look(path: str) -> dict[str, Any] | None:
    """What kind of program a file is, if any."""
    try:
        size = os.path.getsize(path)
        with open(path, "rb") as stream:
            head = stream.read(64)
    except OSError:
        return None
    if head[:4] == b"\x7fELF" and len(head) >= 20:
        number = struct.unpack((">" if head[5] == 2 else "<") + "H", head[18:20])[0]
        return {"path": path, "kind": "elf", "arch": MACHINES.get(number, str(number)), "bytes": size}
    if path.endswith(".pyc") and not _has_source(path):
        return {"path": path, "kind": "bytecode", "arch": "", "bytes": size}
    if path.endswith((".jar", ".war", ".class")):
        return {"path": path, "kind": "archive", "arch": "", "bytes": size}
    return None


def _has_source(path: str) -> bool:
    """Whether the source of bytecode lies where Python keeps it."""
    folder, name = os.path.split(path)
    beside = os.path.dirname(folder) if os.path.basename(folder) == "__pycache__" else folder
    return os.path.exists(os.path.join(beside, name.split(".")[0] + ".py"))


def addresses(held: bytes) -> list[tuple[str, int]]:
    """Addresses written into a program."""
    found = {(one.group(1).decode(), int(one.group(2) or 0)) for one in ADDRESS.finditer(held)}
    sane = (one for one in found if all(int(part) < 256 for part in one[0].split(".")))
    return sorted(one for one in sane if int(one[0].split(".")[0]) not in (0, 127, 255))[:MOST_ADDRESSES]


def inside(path: str) -> list[tuple[str, int]]:
    try:
        if os.path.getsize(path) > LARGEST:
            return []
        with open(path, "rb") as stream:
            return addresses(stream.read())
    except OSError:
        return []


def main(given: dict[str, Any]) -> None:
    runs = running()
    found = [one for one in map(look, candidates(runs, time.time() + given["seconds"] / 2)) if one]
    known = packaged([one["path"] for one in found])
    own = [one for one in found if one["path"] not in known and not one["path"].startswith(SYSTEM)]
    for one in own:
        one["runs"] = one["path"] in runs
    print(json.dumps({"programs": own, "addresses": {one["path"]: inside(one["path"]) for one in own}}))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
