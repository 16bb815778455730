"""Addresses and secrets written into configuration: where; of secrets never what. {"roots": [...], "seconds": limit}"""

# ruff: noqa: PTH113, PTH114, PTH116, PTH118, PTH122, PTH123, S105, SIM905
from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Iterator
from typing import Any

PLACES = ("/etc", "/opt", "/srv", "/var/www", "/home", "/root", "/usr/local", "/var/spool/cron")
SKIP = frozenset(
    "__pycache__ .git node_modules dist-packages site-packages ssl alternatives apt dpkg fonts terminfo X11 perl "
    "python3 apparmor.d ssh udev modules-load.d".split()
)
SUFFIXES = frozenset(
    " .conf .cnf .cfg .ini .env .yaml .yml .json .toml .xml .properties .py .php .sh .js .pl .rb .service .timer .list "
    ".inc .config .lua".split(" ")
)
LARGEST, MOST_FILES, LONGEST_LINE = 512 * 1024, 20000, 4000
_BYTE = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
V4 = re.compile(rf"(?<![\w.])((?:{_BYTE}\.){{3}}{_BYTE})(?![\w.])(?:/\d{{1,2}})?(?::(\d{{2,5}}))?")
V6 = re.compile(r"(?<![\w:.])\[?((?:[0-9a-fA-F]{1,4}:){1,7}(?::?[0-9a-fA-F]{1,4}){0,7}:?)(?:\]:(\d{2,5}))?(?![\w:.])")
SETTING = re.compile(r"([A-Za-z_][\w.-]{1,40})['\"]?\s*(?:=>|[=:])?\s*$")
_SECRET_WORDS = r"[\w.-]*(?:passw(?:or)?d|passwd|pwd|secret|token|api[_-]?key)[\w.-]*"
SECRET = re.compile(rf"(?i)({_SECRET_WORDS})['\"]?\s*(?:=>|[=:])\s*['\"]?([^\s'\",;]{{1,200}})")
IN_URL = re.compile(r"([a-z][a-z0-9+]*)://[^\s:/@]+:([^\s@/]+)@")
PLACEHOLDER = re.compile(r"^[<${%]|^(none|null|true|false|yes|no|required|ask|files|compat|sss|db|x+|\*+|/.*)$", re.I)
COMMON = frozenset(
    "password passwd 123456 12345678 admin root test guest changeme qwerty 111111 000000 abc123 admin123 root123 "
    "admin@123 p@ssw0rd postgres mysql secret default".split()
)
"""Words that everybody tries first."""


def is_comment(line: str) -> bool:
    return line.lstrip().startswith(("#", ";", "//", "<!--", "--"))


def wanted(address: str) -> bool:
    """Whether it may be another host's address: no version number, time of day, mask or address for all."""
    if ":" in address:
        groups = address.split(":")
        hexadecimal = "::" in address or len(groups) == 8
        return hexadecimal and address not in ("::", "::1") and not address.lower().startswith(("fe80", "ff"))
    first = int(address.split(".")[0])
    return first not in (0, 127, 255) and first < 224 and not address.startswith("169.254.")


def in_line(line: str) -> tuple[list[tuple[str, int, str]], list[tuple[str, bool]]]:
    """Addresses with port (0: none) and the setting's name; secrets by the setting's name, and whether common."""
    mentions = []
    for pattern in (V4, V6):
        for one in pattern.finditer(line):
            if wanted(one.group(1)):
                before = SETTING.search(line[: one.start()].rstrip("'\" [(@"))
                name = before.group(1) if before else ""
                if "version" not in name.lower():
                    mentions.append((one.group(1), int(one.group(2) or 0), name))
    secrets = []
    for pattern in (SECRET, IN_URL):
        for one in pattern.finditer(line):
            if not PLACEHOLDER.search(one.group(2)) and "(" not in one.group(2):
                secrets.append((one.group(1), one.group(2).lower() in COMMON))
    return mentions, secrets


def files(places: list[str], until: float) -> Iterator[str]:
    count = 0
    for place in places:
        for here, directories, names in os.walk(place):
            directories[:] = sorted(name for name in directories if name not in SKIP)
            for name in sorted(names):
                if time.time() > until or count > MOST_FILES:
                    return
                path = os.path.join(here, name)
                suffix = ".env" if name.startswith(".env") else os.path.splitext(name)[1]
                if suffix in SUFFIXES and os.path.isfile(path) and not os.path.islink(path):
                    count += 1
                    yield path


def text_of(path: str) -> tuple[list[str], bool]:
    """Lines of a text file, and whether everybody may read it; none of a file that is no text, or too large."""
    try:
        status = os.stat(path)
        if status.st_size > LARGEST:
            return [], False
        with open(path, "rb") as stream:
            held = stream.read()
    except OSError:
        return [], False
    if b"\0" in held[:4096]:
        return [], False
    return held.decode("utf-8", "replace").splitlines(), bool(status.st_mode & 4)


def main(given: dict[str, Any], places: tuple[str, ...] = PLACES) -> None:
    found: list[list[Any]] = []
    secret: list[list[Any]] = []
    for path in files(list(dict.fromkeys(places + tuple(given["roots"]))), time.time() + given["seconds"]):
        lines, open_to_all = text_of(path)
        for number, line in enumerate(lines, start=1):
            if len(line) <= LONGEST_LINE and not is_comment(line):
                mentions, secrets = in_line(line)
                found += [[path, number, *one] for one in mentions]
                secret += [[path, number, *one, open_to_all] for one in secrets]
    print(json.dumps({"mentions": found, "secrets": secret}))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
