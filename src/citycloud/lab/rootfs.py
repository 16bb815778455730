"""Running a command inside a root file system that is not booted: to install packages, or make a database's files.

The command gets namespaces of its own and dies with the process that asked for it, so that a killed ``lab up`` leaves
no half of it running and no mount behind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from citycloud import proc

TETHER = (
    "setpriv",
    "--pdeathsig",
    "KILL",
    "unshare",
    "--pid",
    "--fork",
    "--kill-child=KILL",
    "--mount",
    "--uts",
    "--ipc",
)
"""Prefix of a command that must not outlive us: killed with its parent, and all its children with it."""

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# $1 is the root, $2 the number of binds, then pairs of source and target, then the command.
_ENTER = r"""
set -e
root=$1 binds=$2
shift 2
if [ "$OFFLINE" = yes ]; then ip link set lo up; fi
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for node in null zero full random urandom tty; do
    : > "$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
done
mkdir "$root/dev/pts" "$root/dev/shm" "$root/run/lock"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
while [ "$binds" -gt 0 ]; do
    mount --bind "$1" "$root$2"
    shift 2
    binds=$((binds - 1))
done
hostname lab
exec chroot "$root" "$@"
"""


def tethered(*extra: str) -> tuple[str, ...]:
    """The prefix with more options for unshare (``--net``)."""
    return (*TETHER, *extra)


def enter(
    root: Path,
    argv: Sequence[str],
    *,
    timeout: float,
    binds: Mapping[Path, str] | None = None,
    network: bool = False,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """Run ``argv`` as root inside ``root``, and give back what it printed; ``timeout`` in seconds.

    ``binds``: what of this machine is seen inside, and at which path there (it must exist). Without ``network`` it has
    a loopback of its own only. Nothing of our environment gets in but ``env``. Raises CommandFailed.
    """
    pairs = [text for source, target in (binds or {}).items() for text in (str(source), target)]
    script = ("sh", "-c", _ENTER, "enter", str(root), str(len(pairs) // 2), *pairs)
    clean = {"PATH": PATH, "HOME": "/root", "LC_ALL": "C.UTF-8", "OFFLINE": "no" if network else "yes", **(env or {})}
    prefix = tethered() if network else tethered("--net")
    return proc.run((*prefix, *script, *argv), timeout=timeout, stdin=stdin, env=clean).stdout
