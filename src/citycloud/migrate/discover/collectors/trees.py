"""Walk directories that hold data, and count: {"roots": [...], "since": epoch or null, "seconds": limit}."""

# ruff: noqa: PTH112, PTH114, PTH118, PTH208
from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

SKIP = {b"lost+found", b"__pycache__", b".git", b"node_modules"}
USUAL = ("/srv", "/opt", "/var/www", "/home", "/data")
MOST_ATTRIBUTES = 2000
FIGURES = ("files", "directories", "links", "others", "bytes", "largest_bytes", "hour_bytes", "day_bytes")
MORE = ("since_bytes", "names_beyond_utf8", "unread")


def roots(wanted: list[str]) -> list[str]:
    """The wanted ones, and each directory below the usual places."""
    found = [path.rstrip("/") or "/" for path in wanted if os.path.isdir(path)]
    for usual in USUAL:
        for name in sorted(os.listdir(usual)) if os.path.isdir(usual) else []:
            path = os.path.join(usual, name)
            if os.path.isdir(path) and not os.path.islink(path) and not any(_overlap(path, one) for one in found):
                found.append(path)
    return found


def _overlap(one: str, other: str) -> bool:
    return one == other or one.startswith(other + "/") or other.startswith(one + "/")


class Walk:
    """One tree being counted."""

    def __init__(self, root: str, began: float, since: float | None) -> None:
        self.tree: dict[str, Any] = {"path": root, "special": False, **dict.fromkeys(FIGURES + MORE, 0)}
        self.began, self.since = began, since
        self.seen: set[tuple[int, int]] = set()
        self.looked = 0

    def failed(self, _: OSError) -> None:
        self.tree["unread"] += 1

    def go(self, seconds: float) -> dict[str, Any]:
        for here, directories, files in os.walk(os.fsencode(self.tree["path"]), onerror=self.failed):
            directories[:] = [name for name in directories if name not in SKIP]
            self.tree["directories"] += 1
            links = [name for name in directories if os.path.islink(os.path.join(here, name))]
            for name in files + links:
                if time.time() - self.began > seconds:
                    self.tree["unread"] += 1
                    return self.tree
                self.entry(os.path.join(here, name), name)
        return self.tree

    def entry(self, path: bytes, name: bytes) -> None:
        try:
            one = os.lstat(path)
        except OSError:
            self.tree["unread"] += 1
            return
        try:
            name.decode("utf-8")
        except UnicodeDecodeError:
            self.tree["names_beyond_utf8"] += 1
        kind = one.st_mode & 0o170000
        if kind != 0o100000:
            self.tree["links" if kind == 0o120000 else "others"] += 1
            return
        self.tree["files"] += 1
        if one.st_nlink == 1 or (one.st_dev, one.st_ino) not in self.seen:
            self.seen.add((one.st_dev, one.st_ino))
            self.count(path, one)

    def count(self, path: bytes, one: os.stat_result) -> None:
        tree, size, age = self.tree, one.st_size, self.began - one.st_mtime
        tree["bytes"] += size
        tree["largest_bytes"] = max(tree["largest_bytes"], size)
        tree["hour_bytes"] += size if age <= 3600 else 0
        tree["day_bytes"] += size if age <= 86400 else 0
        tree["since_bytes"] += size if self.since is not None and one.st_mtime >= self.since else 0
        if self.looked < MOST_ATTRIBUTES and hasattr(os, "listxattr"):
            self.looked += 1
            try:
                tree["special"] = tree["special"] or bool(os.listxattr(path))
            except OSError:
                return


def main(given: dict[str, Any]) -> None:
    began = time.time()
    trees = [Walk(root, began, given["since"]).go(given["seconds"]) for root in roots(given["roots"])]
    print(json.dumps({"now": began, "trees": [tree for tree in trees if tree["files"] or tree["unread"]]}))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
