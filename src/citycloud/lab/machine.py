"""This machine: which of its settings the lab has to change, and what a dead lab can leave behind on it.

A lab that is killed takes its processes, mounts, namespaces and devices with it. What can stay are empty cgroup
directories, loop devices over files of its hosts (LXC guests' disks), and the settings changed here; the next command
recognises and clears them.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from citycloud import proc
from citycloud.errors import CitycloudError
from citycloud.lab.handle import Files

WANTED = {
    "net/ipv4/neigh/default/gc_thresh1": 8192,
    "net/ipv4/neigh/default/gc_thresh2": 16384,
    "net/ipv4/neigh/default/gc_thresh3": 32768,
    "net/ipv6/neigh/default/gc_thresh1": 8192,
    "net/ipv6/neigh/default/gc_thresh2": 16384,
    "net/ipv6/neigh/default/gc_thresh3": 32768,
    "fs/inotify/max_user_instances": 1024,
    "fs/aio-max-nr": 1048576,
}
"""Least values of what all namespaces share: neighbour tables, and what six systemds and two databases ask for."""

SYSTEM = Path("/proc/sys")


def cgroup_hierarchies(mounts: str | None = None) -> list[Path]:
    """Where this machine's cgroups are mounted (proc(5), mounts)."""
    text = Path("/proc/self/mounts").read_text() if mounts is None else mounts
    return [Path(line.split()[1]) for line in text.splitlines() if line.split()[2] in ("cgroup", "cgroup2")]


def raise_settings(files: Files, system: Path = SYSTEM) -> None:
    """Raise what is below WANTED; what it was is written down before anything is changed."""
    was = _recorded(files)
    changes = {}
    for name, least in WANTED.items():
        path = system / name
        if path.exists() and int(path.read_text()) < least:
            changes[name] = least
            was.setdefault(name, int(path.read_text()))
    if changes:
        fresh = files.settings.with_suffix(".new")
        fresh.write_text(json.dumps(was))
        fresh.rename(files.settings)
    for name, value in changes.items():
        (system / name).write_text(f"{value}\n")


def restore_settings(files: Files, system: Path = SYSTEM) -> None:
    """Put back what ``raise_settings`` wrote down; a value that somebody has changed since stays theirs."""
    for name, value in _recorded(files).items():
        if int((system / name).read_text()) == WANTED.get(name):
            (system / name).write_text(f"{value}\n")
    files.settings.unlink(missing_ok=True)


def _recorded(files: Files) -> dict[str, int]:
    try:
        recorded: dict[str, int] = json.loads(files.settings.read_text())
    except FileNotFoundError:
        return {}
    return recorded


def lab_cgroups(name: str, hierarchies: Iterable[Path]) -> list[Path]:
    """Directories of the lab in the machine's cgroup hierarchies, deepest first: rmdir works bottom up only."""
    found = [top / name for top in hierarchies if (top / name).is_dir()]
    return [Path(directory) for top in found for directory, _, _ in os.walk(top, topdown=False)]


def remove_cgroups(name: str, hierarchies: Iterable[Path], limit: float = 20) -> None:
    """Remove the lab's cgroups; waits up to ``limit`` seconds for the last dead process to leave them."""
    end = time.monotonic() + limit
    for directory in lab_cgroups(name, hierarchies):
        while True:
            try:
                directory.rmdir()
            except FileNotFoundError:
                pass
            except OSError as fault:
                if time.monotonic() > end:
                    raise CitycloudError(f"{directory} cannot be removed: {fault.strerror}") from fault
                time.sleep(0.1)
                continue
            break


def loop_devices(sys_block: Path = Path("/sys/block")) -> dict[str, str]:
    """Loop devices in use, by name, and the file behind each, as the kernel names it."""
    found = {}
    for device in sys_block.glob("loop*"):
        file = device / "loop" / "backing_file"
        if file.exists():
            found[device.name] = file.read_text().strip()
    return found


def lab_loops(devices: Iterable[int], seen: Iterable[Mapping[str, object]]) -> list[str]:
    """Of the loop devices ``seen`` (as ``losetup --json`` tells), those over a file of a lab host's root.

    ``devices`` are the numbers of the hosts' root file systems: what belongs to anyone else never has one of them,
    for a number is not given again while a loop device still holds its file system.
    """
    ours = {f"{os.major(device)}:{os.minor(device)}" for device in devices}
    return [str(one["name"]) for one in seen if str(one.get("back-maj:min")).strip() in ours]


def detach_loops(files: Files) -> None:
    """Detach the loop devices that a lab's hypervisors left attached."""
    if not loop_devices():
        return
    try:
        devices: dict[str, int] = json.loads(files.devices.read_text())
    except (FileNotFoundError, ValueError):
        return
    told = proc.run(["losetup", "--json", "--list", "--output", "NAME,BACK-MAJ:MIN"], timeout=30).stdout
    seen = json.loads(told)["loopdevices"] if told.strip() else []
    for name in lab_loops(devices.values(), seen):
        node = Path(name)
        if not node.exists():  # made inside the lab, beyond the nodes that this machine has
            os.mknod(node, 0o600 | 0o60000, os.makedev(7, int(name.removeprefix("/dev/loop"))))
            proc.run(["losetup", "--detach", name], timeout=30)
            node.unlink()
        else:
            proc.run(["losetup", "--detach", name], timeout=30)


def remove_line(device: str, limit: float = 20) -> None:
    """Take the lab's device out of this machine's namespace; a killed lab's goes by itself, but not at once."""
    if not Path("/sys/class/net", device).exists():
        return
    proc.run(["ip", "link", "del", device], timeout=30, check=False)
    end = time.monotonic() + limit
    while Path("/sys/class/net", device).exists():
        if time.monotonic() > end:
            raise CitycloudError(f"device {device} of an earlier lab does not go away")
        time.sleep(0.05)


def clear(files: Files) -> None:
    """Clear what a dead lab left on this machine. The lab must be dead; its own directory is not touched."""
    remove_line(files.device)
    detach_loops(files)
    remove_cgroups(files.cgroup, cgroup_hierarchies())
    restore_settings(files)
