"""Fills a file share: ``share.py DIRECTORY SEED MEBIBYTES``. The same seed, the same octets, names and times."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

NAMES = ("水情月报", "巡查照片", "调度方案", "合同扫描件", "会议纪要")
OWNER = 33
"""www-data on Debian."""


def octets(seed: str, name: str, size: int) -> bytes:
    """``size`` octets that follow from seed and name alone."""
    block = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    return (block * (size // len(block) + 1))[:size]


def put(path: Path, content: bytes, moment: int) -> None:
    """Whole or not at all: written aside, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name("fresh.new")
    fresh.write_bytes(content)
    os.utime(fresh, (moment, moment))
    fresh.rename(path)


def reports(top: Path, seed: str, mebibytes: int) -> None:
    """Two files for each MiB, 20 to 180 kB."""
    for number in range(mebibytes * 2):
        kind, year = NAMES[number % len(NAMES)], 2019 + number % 7
        name = f"{kind}/{year}/{kind}-{number:05d}.dat"
        content = octets(seed, name, 20000 + number * 7919 % 160000)
        put(top / name, content, 1546300800 + number * 86400)


def oddities(top: Path) -> None:
    """What a copy may get wrong: names that are not UTF-8, links, holes, empty files."""
    put(top / os.fsdecode("历史资料/说明.txt".encode("gbk")), "早年的文件名是 GBK 的。\r\n".encode("gbk"), 1230768000)
    put(top / "empty/none.dat", b"", 1546300800)
    with (top / "sparse.img").open("wb") as file:
        file.truncate(8 << 20)
    os.utime(top / "sparse.img", (1546300800, 1546300800))
    if not (top / "最新月报").is_symlink():
        (top / "最新月报").symlink_to("水情月报/2019")
    if not (top / "same.dat").exists():
        os.link(next(iter(sorted((top / NAMES[0]).rglob("*.dat")))), top / "same.dat")


def main(directory: str, seed: str, mebibytes: int) -> None:
    top = Path(directory)
    done = top / ".seeded"
    if done.exists():
        return
    reports(top, seed, mebibytes)
    oddities(top)
    for path in top.rglob("*"):
        os.chown(path, OWNER, OWNER, follow_symlinks=False)
    put(done, f"{seed}/{mebibytes}\n".encode(), 1546300800)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
