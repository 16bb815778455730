"""Three small machine rooms beside a lab of hosts only, driven through the command line as a person would."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labs import TestLab

from citycloud.lab.handle import start_time

MEGABITS = 40
"""Rate of the emergency room's line, to be measured."""
ROOMS = f"""rooms:
  - id: water-room
    name: Water
    department: works
    carrier: carrier-a
    megabits: 400
    network: {{ipv4: 192.168.211.0/24, ipv6: "fd00:c1:211::/64"}}
    seed: 110
    mebibytes: 4
    hosts:
      - {{id: old-web, number: 11, system: permits, role: web, runs: gauges-web}}
      - {{id: old-db, number: 12, system: permits, role: db, runs: gauges-db}}
      - {{id: old-files, number: 13, system: permits, role: files, runs: gauges-files}}
  - id: fire-room
    name: Fire
    department: works
    carrier: carrier-b
    megabits: {MEGABITS}
    network: {{ipv4: 192.168.221.0/24, ipv6: "fd00:c1:221::/64"}}
    seed: 120
    mebibytes: 2
    hosts:
      - {{id: fire-web, number: 11, system: archive, role: web, runs: alarms-web}}
      - {{id: fire-db, number: 12, system: archive, role: db, runs: alarms-db}}
  - id: deeds-room
    name: Deeds
    department: works
    carrier: carrier-a
    megabits: 100
    network: {{ipv4: 192.168.231.0/24, ipv6: "fd00:c1:231::/64"}}
    seed: 130
    mebibytes: 2
    hosts:
      - {{id: deeds, number: 11, system: archive, role: all, runs: registry}}
"""


def write_rooms(file: Path) -> Path:
    file.write_text(ROOMS)
    return file


@dataclass(frozen=True)
class LabWithRooms(TestLab):
    """``rooms`` is their declaration."""

    rooms: Path

    @property
    def env(self) -> dict[str, str]:
        return {**super().env, "CITYCLOUD_ROOMS": str(self.rooms)}

    def sql(self, statement: str) -> str:
        """What PostgreSQL answers, unaligned; by standard input, as quotes would not survive ssh."""
        return self._piped("old-db", "runuser -u postgres -- psql -d gauges -qtA -v ON_ERROR_STOP=1", statement)

    def mariadb(self, statement: str) -> str:
        return self._piped("fire-db", "mariadb --default-character-set=utf8mb4 -N alarms", statement)

    def _piped(self, host: str, command: str, text: str) -> str:
        argv = ["ssh", "-F", str(self.files.ssh / "config"), host, command]
        done = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def load(self, *arguments: str, limit: float = 180) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "citycloud.cli", "load", *arguments]
        return subprocess.run(argv, env=self.env, capture_output=True, text=True, timeout=limit, check=False)

    def loading(self, *arguments: str) -> subprocess.Popen[str]:
        argv = [sys.executable, "-m", "citycloud.cli", "load", "run", *arguments, "--json"]
        return subprocess.Popen(argv, env=self.env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


GAUGES = ("https://permits.city.example/records", "--at", "192.168.211.11")
ALARMS = ("http://archive.city.example:8000/records", "--at", "192.168.221.11")
DEEDS = ("http://archive.city.example:9090/records", "--at", "192.168.231.11")


def get(url: str) -> Any:  # noqa: ANN401  JSON
    with urllib.request.urlopen(url, timeout=30) as answer:
        return json.loads(answer.read())


def processes_of(names: Iterable[str]) -> dict[int, str]:
    """Processes whose root has one of these hostnames, wherever they run: by PID, when each began and what it is."""
    wanted, found = set(names), {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if (entry / "root" / "etc" / "hostname").read_text().strip() in wanted:
                    found[int(entry.name)] = f"{start_time(int(entry.name))} {(entry / 'comm').read_text().strip()}"
            except OSError:
                continue
    return found


def left(processes: Mapping[int, str]) -> list[str]:
    """Those that are still there; another process that got the same PID is not taken for one of them."""
    return [f"{pid} {what}" for pid, what in processes.items() if start_time(pid) == what.split()[0]]
