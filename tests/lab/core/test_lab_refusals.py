"""A machine that will not do is told so, with every reason at once, and stays untouched."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from labs import TestLab, machine_state, write_city

pytestmark = pytest.mark.lab

NOBODY = "65534"


def test_not_root_and_a_range_in_use_are_said_at_once_and_nothing_is_touched(tmp_path: Path) -> None:
    home = tmp_path / "open"
    home.mkdir()
    for directory in (home, *list(home.parents)[:3]):  # pytest's own directories are closed to others
        directory.chmod(directory.stat().st_mode | 0o055)
    lab = TestLab(home / "lab", write_city(home / "sample"))
    before = machine_state(lab)
    # the address is given to a loopback of a network namespace of its own: this machine keeps its own addresses
    drop = f"exec setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups"
    script = f'ip addr add 10.101.0.9/24 dev lo && ip link set lo up && {drop} "$@"'
    argv = ["unshare", "--net", "sh", "-c", script, "sh", sys.executable, "-m", "citycloud.cli", "lab", "up", "--bare"]
    env = {**lab.env, "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2, done.stderr
    assert "[not-root]" in done.stderr and "[range-in-use]" in done.stderr
    assert "10.101.0.0/24" in done.stderr and "Traceback" not in done.stderr
    assert machine_state(lab) == before
    assert [path.name for path in home.iterdir()] == ["sample"]


def test_a_faulty_declaration_is_refused_before_anything_is_touched(tmp_path: Path) -> None:
    lab = TestLab(tmp_path / "lab", write_city(tmp_path / "sample"))
    sites = lab.city / "sites.yaml"
    sites.write_text(sites.read_text().replace("10.102.0.0/24", "10.101.0.0/24"))
    before = machine_state(lab)
    done = lab.run("up", "--bare")
    assert done.returncode == 2 and "sites.yaml" in done.stderr
    assert machine_state(lab) == before
    assert not lab.files.lock.exists()
