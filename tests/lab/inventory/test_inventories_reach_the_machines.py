"""Ansible, pyinfra and plain ssh reach every real machine by the inventories alone, host keys checked."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from citycloud import proc
from citycloud.city.load import load_city
from citycloud.cloud.halves import halves
from citycloud.drivers.host_keys import learn, login
from citycloud.drivers.inventory import RealMachine, read
from citycloud.lab.handle import Files

pytestmark = [pytest.mark.lab, pytest.mark.timeout(2700)]

ROOT = Path(__file__).parents[3]
CITY = ROOT / "inventories/wuwei/city"
BIN = Path(sys.executable).parent


def run(*words: str, timeout: int = 300) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
    return subprocess.run(
        [BIN / words[0], *words[1:]], cwd=ROOT, env=clean, capture_output=True, text=True, timeout=timeout, check=False
    )


@pytest.fixture(scope="module")
def machines(lab: Files) -> Sequence[RealMachine]:
    """The real machines; made, where they do not stand yet."""
    declared = [half for half in halves(load_city(CITY)) if half.machine.guests != "none"]
    found = read(ROOT, CITY)
    if len(found) < len(declared):
        done = run("citycloud", "up", timeout=2400)
        assert done.returncode == 0, done.stderr[-2000:]
        found = read(ROOT, CITY)
    assert len(found) == len(declared)
    return found


def test_every_machine_s_host_key_is_learnt_from_its_console(machines: Sequence[RealMachine]) -> None:
    assert learn(machines, again=True) == {machine.name for machine in machines}


def test_ansible_lists_every_machine_with_both_addresses_and_nothing_on_stderr(machines: Sequence[RealMachine]) -> None:
    done = run("ansible-inventory", "-i", "inventories/wuwei", "--list")
    assert (done.returncode, done.stderr) == (0, "")
    hosts = json.loads(done.stdout)["_meta"]["hostvars"]
    assert {name: (facts["ipv4"], facts["ipv6"]) for name, facts in hosts.items()} == {
        machine.name: (machine.ipv4, machine.ipv6) for machine in machines
    }
    assert all(facts["host_key_known"] for facts in hosts.values())


def test_ansible_pings_every_machine(machines: Sequence[RealMachine]) -> None:
    done = run("ansible", "-i", "inventories/wuwei", "all", "-m", "ansible.builtin.ping")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count('"ping": "pong"') == len(machines)


def test_pyinfra_runs_a_command_on_every_machine(machines: Sequence[RealMachine]) -> None:
    done = run("pyinfra", "-v", "inventories/wuwei/pyinfra_machines.py", "exec", "--", "hostname")
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    for machine in machines:
        assert re.search(rf"\[{re.escape(machine.name)}\] +{machine.machine}$", told, re.MULTILINE), told


@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_ssh_reaches_every_machine_over_each_family(machines: Sequence[RealMachine], family: str) -> None:
    learn(machines)
    for machine in machines:
        to = [*login().arguments(), getattr(machine, family)]
        assert proc.run(["ssh", *to, "hostname"], timeout=60).stdout.strip() == machine.machine


def test_a_machine_with_another_host_key_than_its_console_s_is_refused(
    machines: Sequence[RealMachine], tmp_path: Path
) -> None:
    learn(machines)
    one, other = machines[0], machines[1]
    lines = {line.split()[-1]: line.split() for line in login().known_hosts.read_text().splitlines()}
    swapped = [lines[one.server_id][0], *lines[other.server_id][1:]]
    (tmp_path / "known_hosts").write_text(" ".join(swapped) + "\n")
    false = type(login())(login().key, tmp_path / "known_hosts")
    done = proc.run(["ssh", *false.arguments(), one.ipv4, "true"], timeout=60, check=False)
    assert done.returncode == 255
    assert "Host key verification failed" in done.stderr


def test_every_machine_has_started_whole(machines: Sequence[RealMachine]) -> None:
    learn(machines)
    for machine in machines:
        state = "systemctl is-system-running --wait; systemctl --failed --no-legend --plain"
        done = proc.run(["ssh", *login().arguments(), machine.ipv4, state], timeout=120, check=False)
        assert done.stdout.split() == ["running"], f"{machine.name}: {done.stdout}"
