"""Files of the running lab under ``paths.lab()``, and who its first process is."""

from __future__ import annotations

import fcntl
import hashlib
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from citycloud import paths
from citycloud.errors import CitycloudError

HOME = Path("/var/lib/citycloud/lab")


class Busy(CitycloudError):
    """Another command is changing the lab right now."""


@dataclass(frozen=True)
class Files:
    """Where each thing of the lab lies."""

    home: Path

    @classmethod
    def default(cls) -> Files:
        return cls(paths.lab())

    @property
    def _mark(self) -> str:
        """Tells a lab elsewhere (``CITYCLOUD_LAB``) apart, so that a test's can stand beside the real one."""
        return "" if self.home == HOME else hashlib.sha256(str(self.home).encode()).hexdigest()[:8]

    @property
    def device(self) -> str:
        """The lab's one device in this machine's own namespace: goes with the lab."""
        return f"cc{self._mark or 'lab'}0"

    @property
    def cgroup(self) -> str:
        """Directory of ours in every cgroup hierarchy of the machine; below it one for each host."""
        return f"citycloud-{self._mark or 'lab'}"

    @property
    def lock(self) -> Path:
        """Beside the lab, not in it: it is held while the lab's directory comes and goes."""
        return self.home.with_name(f"{self.home.name}.lock")

    @property
    def settings(self) -> Path:
        """This machine's settings as they were, beside the lab: they outlive a lab that was removed by hand."""
        return self.home.with_name(f"{self.home.name}.settings.json")

    @property
    def pid(self) -> Path:
        return self.home / "pid"

    @property
    def plan(self) -> Path:
        return self.home / "boot.json"

    @property
    def made_from(self) -> Path:
        """The key of the declaration that the lab was started for."""
        return self.home / "made-from"

    @property
    def hosts(self) -> Path:
        """The hosts it was started with, as JSON."""
        return self.home / "hosts.json"

    @property
    def rooms(self) -> Path:
        """What the machine rooms add to the boot plan while they are there (legacy/boot.py)."""
        return self.home / "rooms.json"

    @property
    def room_hosts(self) -> Path:
        """The machine rooms' hosts, as JSON."""
        return self.home / "room-hosts.json"

    @property
    def ready(self) -> Path:
        """There once the whole lab is up."""
        return self.home / "ready"

    @property
    def failure(self) -> Path:
        """Why the lab's first process gave up."""
        return self.home / "failure"

    @property
    def devices(self) -> Path:
        """Device numbers of the hosts' root file systems, by which loop devices of a dead lab are recognised."""
        return self.home / "devices.json"

    @property
    def secrets(self) -> Path:
        return self.home / "secrets.json"

    @property
    def ssh(self) -> Path:
        return self.home / "ssh"

    @property
    def images(self) -> Path:
        """A link to the cached guest image's files, which the Pulumi program uploads."""
        return self.home / "images"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    def upper(self, host: str) -> Path:
        """What the host's root differs in from the cached one."""
        return self.home / "hosts" / host / "upper"

    def root(self, host: str) -> Path:
        """Where the host's root is mounted, within the lab's own mount namespace only."""
        return self.home / "hosts" / host / "root"

    def shared(self, site: str) -> Path:
        """``/srv/nfs`` of the site's controller and hypervisors."""
        return self.home / "sites" / site / "nfs"


def start_time(pid: int) -> str:
    """When the process began, in clock ticks since boot (proc(5), stat field 22); '' if it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]


def living(files: Files) -> int | None:
    """The lab's PID 1 as this machine counts, or None if there is no living lab.

    The file holds the PID and its start time, so that another process that later got the same PID is not taken for it.
    """
    try:
        word, began = files.pid.read_text().split()
        pid = int(word)
    except (OSError, ValueError):
        return None
    return pid if start_time(pid) == began else None


def kill(files: Files, limit: float = 30) -> bool:
    """End the lab's PID 1, and with it every process of the lab; True if there was one. ``limit`` in seconds."""
    pid = living(files)
    if pid is None:
        return False
    os.kill(pid, signal.SIGKILL)
    end = time.monotonic() + limit
    while living(files) is not None:
        if time.monotonic() > end:
            raise CitycloudError(f"the lab's first process ({pid}) did not end within {limit:g} s of SIGKILL")
        time.sleep(0.05)
    return True


@contextmanager
def exclusive(files: Files, purpose: str) -> Iterator[int]:
    """Hold the lab's lock, and give its file descriptor. Raises Busy, saying who holds it.

    A child that inherits the descriptor keeps the lock until it closes it too.
    """
    files.lock.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(files.lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 200, 0).decode(errors="replace").strip() or "another command"
            raise Busy(f"the lab is being changed by {holder}; wait for it to end, or end it") from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"`citycloud lab {purpose}` (process {os.getpid()})".encode(), 0)
        yield handle
    finally:
        os.close(handle)
