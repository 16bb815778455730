"""A lab of hosts only, beside the real one: another city, other ranges, other directories, the same machinery."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from citycloud.city.load import load_city
from citycloud.city.skeleton import write_skeleton
from citycloud.lab import machine
from citycloud.lab.handle import Files, living, start_time
from citycloud.lab.spec import LabSpec, lab_spec

MEGABITS = 40
GUESTS = "/var/lib/nova/"
"""Disks of the real lab's guests, which come and go while these tests run."""
HYPERVISORS = """          - {id: SITE-1, guests: none, capacity: {vcpu: 112, memory_gib: 496, storage_gib: 3968}}
          - {id: SITE-lxc, guests: lxc, capacity: {vcpu: 8, memory_gib: 8, storage_gib: 64}}
          - {id: SITE-qemu, guests: qemu, capacity: {vcpu: 8, memory_gib: 8, storage_gib: 64}}
"""


def write_city(directory: Path) -> Path:
    """The skeleton's city with two hypervisors a site, and a slow link."""
    write_skeleton(directory)
    sites = directory / "sites.yaml"
    lines = []
    for line in sites.read_text().splitlines(keepends=True):
        site = next((site for site in ("east", "west") if f"{{id: {site}-1," in line), None)
        lines.append(HYPERVISORS.replace("SITE", site) if site else line)
    sites.write_text("".join(lines).replace("megabits: 1000", f"megabits: {MEGABITS}"))
    return directory


@dataclass(frozen=True)
class TestLab:
    """One lab of hosts only, driven through the command line as a person would."""

    __test__ = False

    home: Path
    city: Path

    @property
    def files(self) -> Files:
        return Files(self.home)

    @property
    def spec(self) -> LabSpec:
        return lab_spec(load_city(self.city))

    @property
    def env(self) -> dict[str, str]:
        return {**os.environ, "CITYCLOUD_LAB": str(self.home), "CITYCLOUD_CITY": str(self.city)}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """`citycloud lab ARGUMENTS`, not waited for."""
        argv = [sys.executable, "-m", "citycloud.cli", "lab", *arguments]
        return subprocess.Popen(argv, env=self.env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, *arguments: str, limit: float = 300) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=limit)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def must(self, *arguments: str, limit: float = 300) -> str:
        done = self.run(*arguments, limit=limit)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def up(self) -> None:
        self.must("up", "--bare")

    def down(self) -> None:
        self.must("down")

    def status(self) -> dict[str, Any]:
        seen: dict[str, Any] = json.loads(self.run("status", "--json").stdout)
        return seen

    def ssh(self, host: str, *command: str, limit: float = 60) -> str:
        argv = ["ssh", "-F", str(self.files.ssh / "config"), host, *command]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=limit, check=False)
        assert done.returncode == 0, f"{host}: {command}: {done.stdout}{done.stderr}"
        return done.stdout

    def pid(self) -> int:
        pid = living(self.files)
        assert pid is not None, "the lab does not live"
        return pid

    def assert_right(self) -> None:
        """Everything of a lab of hosts is there: each answers to its name and its key, over both families."""
        seen = self.status()
        assert seen["state"] == "up"
        assert [host["silent"] for host in seen["hosts"]] == [[]] * len(self.spec.hosts)
        for host in self.spec.hosts:
            for address in (host.addresses.ipv4, host.addresses.ipv6):
                assert self.ssh(host.name, f"-oHostName={address}", "hostname").split() == [host.name]


def descendants(root: int) -> set[tuple[int, str]]:
    """The process and everything below it, each with its start time."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, queue = set(), [root]
    while queue:
        pid = queue.pop()
        found.add((pid, start_time(pid)))
        queue += children.get(pid, [])
    return found


def namespaces(pids: set[int] | None = None) -> set[str]:
    """Every namespace, as ``net:[4026531840]``, that the processes (all of them by default) are in."""
    every = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    found = set()
    for pid in every if pids is None else pids:
        for kind in ("net", "pid", "mnt", "uts", "ipc", "cgroup"):
            try:
                found.add(str(Path(f"/proc/{pid}/ns/{kind}").readlink()))
            except OSError:
                continue
    return found


def output(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False).stdout


def machine_state(lab: TestLab) -> dict[str, object]:
    """What a lab could change of this machine, but for processes and namespaces; the real lab apart."""
    links = json.loads(output("ip", "-json", "link"))
    routes = [
        *json.loads(output("ip", "-json", "-4", "route", "show", "table", "all")),
        *json.loads(output("ip", "-json", "-6", "route", "show", "table", "all")),
    ]
    settings = {
        name: (machine.SYSTEM / name).read_text() for name in machine.WANTED if (machine.SYSTEM / name).exists()
    }
    return {
        "devices": sorted(link["ifname"] for link in links if link["ifname"] != "cclab0"),
        "routes": sorted(json.dumps(route) for route in routes if route.get("dev") != "cclab0"),
        "nft": output("nft", "list", "ruleset"),
        "mounts": [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if str(lab.home) in line],
        "loops": {name: file for name, file in machine.loop_devices().items() if not file.startswith(GUESTS)},
        "cgroups": [str(path) for path in machine.lab_cgroups(lab.files.cgroup, machine.cgroup_hierarchies())],
        "settings": settings,
        "directory": lab.home.exists(),
    }


def eventually(holds: object, limit: float = 20) -> bool:
    """Whether the callable ``holds`` becomes true within ``limit`` seconds."""
    assert callable(holds)
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.1)
    return False


def killed_after(lab: TestLab, seconds: float, rng: random.Random, *command: str) -> str:
    """Start `lab COMMAND`, and kill it, the lab's first process, or both, after ``seconds``; says what was killed."""
    process = lab.start(*command)
    time.sleep(seconds)
    victims = rng.choice([("up",), ("lab",), ("up", "lab"), ("lab", "up")])
    for victim in victims:
        pid = process.pid if victim == "up" else living(lab.files)
        if pid is not None and (victim == "lab" or process.poll() is None):
            os.kill(pid, signal.SIGKILL)
    process.communicate(timeout=200)
    return "+".join(victims)
