"""The lab's first process: PID 1 of pid, mount, network, uts and ipc namespaces of its own.

Everything of the lab is its child, so its death takes all with it. Started by ``launch`` with the path of a boot plan
(see boot.py). Standard library only: it lives as long as the lab, and stays small.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

NEWNS, NEWUTS, NEWIPC, NEWPID, NEWNET = 0x20000, 0x4000000, 0x8000000, 0x20000000, 0x40000000
"""Flags of unshare(2)."""
NETNS = Path("/run/netns")
LIMIT = 60.0
"""Seconds that any single command here may take."""

# $1 is the number of cgroup.procs files, then they; then the command. "0" is the writing process itself.
_IN_CGROUPS = """
count=$1; shift
while [ "$count" -gt 0 ]; do echo 0 > "$1" || exit 1; shift; count=$((count - 1)); done
exec "$@"
"""


def command(*argv: str, stdin: str | None = None, keep: Sequence[int] = ()) -> None:
    """Run ``argv``; raises RuntimeError with what it said."""
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=LIMIT, check=False, pass_fds=keep)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")


def introduce(pid_file: Path) -> None:
    """Write our PID as the machine counts it: /proc is still the machine's, so it names us by that number."""
    pid = str(Path("/proc/self").readlink())
    began = Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]
    fresh = pid_file.with_suffix(".new")
    fresh.write_text(f"{pid} {began}\n")
    fresh.rename(pid_file)


def mounts() -> None:
    """Private /proc and /run; what the machine mounts there is hidden, and what we mount is not seen there."""
    command("mount", "--make-rprivate", "/")
    command("mount", "-t", "proc", "proc", "/proc")
    command("mount", "-t", "tmpfs", "-o", "mode=755,size=64m", "tmpfs", "/run")
    NETNS.mkdir()


def sysctls(namespace: str, values: Mapping[str, str]) -> None:
    """Set what exists of ``values`` (paths under /proc/sys) in a network namespace; '' is our own."""
    prefix = ("nsenter", f"--net={NETNS / namespace}") if namespace else ()
    script = 'while read -r key value; do if [ -e "/proc/sys/$key" ]; then echo "$value" > "/proc/sys/$key"; fi; done'
    lines = "".join(f"{key} {value}\n" for key, value in values.items())
    command(*prefix, "sh", "-ec", script, stdin=lines)


def network(plan: Mapping[str, Any], host_net: int) -> None:
    """The line to the machine, every namespace, every wire, address and route; then the rates."""
    command("ip", "-batch", "-", stdin="".join(f"netns add {name}\n" for name in plan["namespaces"]))
    for name, values in plan["sysctls"].items():
        sysctls(name, values)
    machine = "\n".join(plan["host_side"]) + "\n"
    command("nsenter", f"--net=/proc/self/fd/{host_net}", "ip", "-batch", "-", stdin=machine, keep=[host_net])
    os.close(host_net)
    wire(plan)


def wire(plan: Mapping[str, Any]) -> None:
    """Every wire, address and route of a plan, then the rates; its namespaces are there already."""
    for name, lines in plan["batches"]:
        where = ("-n", name) if name else ()
        command("ip", *where, "-batch", "-", stdin="\n".join(lines) + "\n")
    for name, line in plan["limits"]:
        command("tc", "-n", name, "-batch", "-", stdin=line + "\n")


def mount_root(host: Mapping[str, Any]) -> int:
    """Mount the host's root, and give the number of the device that it is."""
    options = f"lowerdir={host['lower']},upperdir={host['upper']},workdir={host['work']}"
    command("mount", "-t", "overlay", f"citycloud-{host['name']}", "-o", options, host["root"])
    return Path(host["root"]).stat().st_dev


def make_cgroup(group: Path) -> None:
    """Make the group and its parent; a cpuset of the old kind takes no process until it is told its CPUs and memory.

    In the unified hierarchy a group has the controllers that its parent hands down.
    """
    for directory in (group.parent, group):
        directory.mkdir(exist_ok=True)
        for controller in ("cpu", "memory", "pids", "io"):
            with contextlib.suppress(OSError):  # not of this hierarchy
                (directory.parent / "cgroup.subtree_control").write_text(f"+{controller}")
        for name in ("cpuset.cpus", "cpuset.mems"):
            own = directory / name
            if own.exists() and not own.read_text().strip() and (directory.parent / name).exists():
                own.write_text((directory.parent / name).read_text())


def weigh(group: Path) -> None:
    """A group counts as one process against all the machine's others: the lab as a whole is to count for more."""
    for name, value in (("cpu.shares", "20480"), ("cpu.weight", "2000")):
        if (group / name).exists():
            (group / name).write_text(value)


def boot(host: Mapping[str, Any]) -> subprocess.Popen[bytes]:
    """Start the host's container in cgroups of its own: it would share ours with all others."""
    members = []
    for group in host["cgroups"]:
        make_cgroup(Path(group))
        weigh(Path(group).parent)
        members.append(f"{group}/cgroup.procs")
    with Path(host["log"]).open("ab") as log:
        return subprocess.Popen(
            ["sh", "-c", _IN_CGROUPS, "boot", str(len(members)), *members, *host["argv"]],
            env=host["env"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def kill_group(group: Path, limit: float = 20) -> None:
    """End every process in the cgroup and below it. Raises RuntimeError if some don't end in ``limit`` seconds."""
    end = time.monotonic() + limit
    while pids := [int(pid) for file in group.glob("**/cgroup.procs") for pid in file.read_text().split()]:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if time.monotonic() > end:
            raise RuntimeError(f"processes of {group.name} do not end: {pids}")
        time.sleep(0.05)


class Rooms:
    """Hosts and networks that are added to the living lab and taken out again: the plan in ``file``, as it is now.

    The answer to a plan is a file beside it: its serial, and what went wrong.
    """

    def __init__(self, file: str | None) -> None:
        self._file = Path(file) if file else None
        self._now: Mapping[str, Any] = {"serial": ""}

    def hosts(self) -> Sequence[Mapping[str, Any]]:
        """The hosts that are to run, after the plan has been looked at again."""
        if self._file is not None and self._file.exists():
            plan = json.loads(self._file.read_text())
            if plan["serial"] != self._now["serial"]:
                self._answer(plan, self._change(plan))
        found: Sequence[Mapping[str, Any]] = self._now.get("hosts", ())
        return found

    def _change(self, plan: Mapping[str, Any]) -> str:
        try:
            self._take_out()
            self._now = plan
            command("ip", "-batch", "-", stdin="".join(f"netns add {name}\n" for name in plan["namespaces"]))
            for name, values in plan["sysctls"].items():
                sysctls(name, values)
            wire(plan)
            for host in plan["hosts"]:
                mount_root(host)
        except Exception as fault:
            traceback.print_exc()
            with contextlib.suppress(Exception):  # the lab lives on, whatever came of its rooms
                self._take_out()
            self._now = {"serial": plan["serial"]}
            return str(fault)
        return ""

    def _take_out(self) -> None:
        """What cannot be taken out because it never came to be is no fault."""
        for host in self._now.get("hosts", ()):
            for group in host["cgroups"]:
                kill_group(Path(group))
            with contextlib.suppress(RuntimeError):
                command("umount", "--lazy", host["root"])
        for name in self._now.get("namespaces", ()):
            with contextlib.suppress(RuntimeError):
                command("ip", "netns", "delete", name)
        for name, lines in self._now.get("undone", ()):
            where = ("-n", name) if name else ()
            with contextlib.suppress(RuntimeError):
                command("ip", "-force", *where, "-batch", "-", stdin="\n".join(lines) + "\n")

    def _answer(self, plan: Mapping[str, Any], fault: str) -> None:
        assert self._file is not None
        fresh = self._file.with_suffix(".fresh")
        with contextlib.suppress(OSError):
            fresh.write_text(json.dumps({"serial": plan["serial"], "fault": fault}))
            fresh.rename(self._file.with_suffix(".answer"))


def serve(hosts: Sequence[Mapping[str, Any]], rooms: Rooms) -> None:
    """Keep the hosts: reap what ends, and on SIGHUP boot again what is not running. Never returns."""
    running: dict[int, str] = {}
    again = True

    def ask(*_: object) -> None:
        nonlocal again
        again = True

    signal.signal(signal.SIGHUP, ask)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    while True:
        if again:
            again = False
            wanted = [*hosts, *rooms.hosts()]
            running = {pid: name for pid, name in running.items() if Path(f"/proc/{pid}").exists()}
            for host in wanted:
                if host["name"] not in running.values():
                    running[boot(host).pid] = host["name"]
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            pid = 0
        if pid:
            name = running.pop(pid, "")
            if name:
                print(f"{name} ended: {os.waitstatus_to_exitcode(status)}", flush=True)
        else:
            time.sleep(0.5)


def unshare(flags: int) -> None:
    """Leave the namespaces that ``flags`` (unshare(2)) name for new ones. Raises OSError."""
    library = ctypes.CDLL(None, use_errno=True)
    if library.unshare(flags) != 0:
        raise OSError(ctypes.get_errno(), "unshare")


def lab(plan: Mapping[str, Any], lock: int, host_net: int) -> None:
    """Be the lab. Ends only in failure, which is written down for the command that waits."""
    try:
        introduce(Path(plan["pid_file"]))
        os.close(lock)
        unshare(NEWNS | NEWNET | NEWUTS | NEWIPC)
        mounts()
        network(plan, host_net)
        devices = {host["name"]: mount_root(host) for host in plan["hosts"]}
        Path(plan["devices_file"]).write_text(json.dumps(devices))
        Path(plan["network_file"]).touch()
        serve(plan["hosts"], Rooms(plan.get("rooms_file")))
    except Exception as fault:
        traceback.print_exc()
        Path(plan["failure_file"]).write_text(str(fault))
        sys.exit(1)


def main(plan_file: str, lock: str, host_net: str) -> None:
    """``lock`` and ``host_net`` are inherited file descriptors: of the lab's lock, and of the machine's network.

    The process that was started stays outside, only to reap the lab and give its exit code.
    """
    plan = json.loads(Path(plan_file).read_text())
    unshare(NEWPID)
    pid = os.fork()
    if pid == 0:
        lab(plan, int(lock), int(host_net))
    os.close(int(lock))
    os.close(int(host_net))
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 0xFF)


if __name__ == "__main__":
    main(*sys.argv[1:])
