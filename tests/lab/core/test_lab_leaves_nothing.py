"""A lab that goes, cleanly or killed, leaves this machine as it was; killed while it comes up, it comes up right."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest
from labs import TestLab, descendants, eventually, killed_after, machine_state, namespaces

from citycloud.lab import machine

pytestmark = pytest.mark.lab


class Belongings:
    """Processes and namespaces of a living lab, to be looked for after its end."""

    def __init__(self, lab: TestLab) -> None:
        self.processes = descendants(lab.pid())
        self.namespaces = namespaces({pid for pid, _ in self.processes}) - namespaces({os.getpid()})
        assert len(self.processes) > len(lab.spec.hosts) * 4
        assert sum(name.startswith("net:") for name in self.namespaces) == len(lab.spec.hosts) + 1

    def gone(self) -> bool:
        alive = {(pid, began) for pid, began in self.processes if Path(f"/proc/{pid}").exists()}
        return not {(pid, began) for pid, began in alive if (pid, began) in descendants(pid)} and not (
            self.namespaces & namespaces()
        )


def attach_loop(lab: TestLab) -> None:
    """A loop device over a file of the LXC hypervisor, as the disk of a guest there is."""
    script = """set -e
        truncate -s 8M /root/disk
        [ -e /dev/loop-control ] || mknod /dev/loop-control c 10 237
        device=$(losetup --find)
        [ -e "$device" ] || mknod "$device" b 7 "${device#/dev/loop}"
        losetup "$device" /root/disk"""
    attached = set(machine.loop_devices())
    lab.ssh("east-lxc", script)
    assert set(machine.loop_devices()) > attached


def test_down_takes_everything_away(bare: TestLab) -> None:
    before = machine_state(bare)
    bare.up()
    attach_loop(bare)
    after = machine_state(bare)
    for name in ("devices", "routes", "loops", "cgroups", "directory"):
        assert after[name] != before[name], f"the comparison does not see {name}"
    belongings = Belongings(bare)
    bare.down()
    assert machine_state(bare) == before
    assert eventually(belongings.gone)


def test_the_death_of_its_first_process_takes_all_but_what_the_next_command_clears(bare: TestLab) -> None:
    before = machine_state(bare)
    bare.up()
    attach_loop(bare)
    belongings = Belongings(bare)
    os.kill(bare.pid(), signal.SIGKILL)
    assert eventually(belongings.gone)
    assert eventually(lambda: machine_state(bare)["devices"] == before["devices"])
    assert eventually(lambda: machine_state(bare)["routes"] == before["routes"])
    assert machine_state(bare)["mounts"] == []
    assert bare.status()["state"] == "down"  # the next command
    assert {**machine_state(bare), "directory": False} == before
    bare.down()


def test_down_without_a_lab_is_no_failure(bare: TestLab) -> None:
    assert "there was no lab" in bare.must("down")


@pytest.mark.timeout(900)
def test_killed_at_ten_seeded_moments_and_run_again_it_comes_up_right(bare: TestLab) -> None:
    before = machine_state(bare)
    began = time.monotonic()
    bare.up()
    whole = time.monotonic() - began
    bare.down()
    rng = random.Random(20)
    for moment in range(10):
        seconds = whole * (moment + rng.random()) / 10
        what = killed_after(bare, seconds, rng, "up", "--bare")
        bare.up()
        try:
            bare.assert_right()
        except AssertionError as fault:
            raise AssertionError(f"killed {what} after {seconds:.2f} s: {fault}") from fault
        if rng.random() < 0.7:  # else the next round begins with a living lab
            bare.down()
            assert machine_state(bare) == before, f"killed {what} after {seconds:.2f} s"
    bare.down()
    assert machine_state(bare) == before
