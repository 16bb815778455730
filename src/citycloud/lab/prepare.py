"""Prepares OpenStack's package root in a layer over it: run as a process of its own, in a mount namespace of its own.

So nothing is copied, the mount is never seen by anyone else, and it is gone when the process ends or is killed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from citycloud import proc
from citycloud.errors import CitycloudError
from citycloud.lab import cache
from citycloud.lab.openstack.packages import prepare_root


def main(lower: str, upper: str, work: str, merged: str) -> None:
    """Mount the layer ``upper`` over ``lower`` at ``merged``, and prepare what is seen there."""
    proc.run(["mount", "--make-rprivate", "/"], timeout=30)
    options = f"lowerdir={lower},upperdir={upper},workdir={work}"
    proc.run(["mount", "-t", "overlay", "citycloud-prepare", "-o", options, merged], timeout=30)
    prepare_root(Path(merged))
    cache.strip(Path(merged))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except CitycloudError as fault:
        sys.exit(str(fault))
