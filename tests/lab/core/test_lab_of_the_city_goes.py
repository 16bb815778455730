"""The city's own lab, with all that runs on it, taken down: run when every other test is done with it."""

from __future__ import annotations

import json
import os

import pytest
from labs import GUESTS, TestLab, descendants, eventually, machine_state, namespaces, output

from citycloud import paths
from citycloud.lab import machine
from citycloud.lab.handle import Files, start_time

pytestmark = [pytest.mark.lab, pytest.mark.last]


def of_the_lab(lab: TestLab) -> dict[str, object]:
    """What there is of the lab on this machine, outside its own namespaces."""
    routes = output("ip", "route", "show", "table", "all") + output("ip", "-6", "route", "show", "table", "all")
    links = json.loads(output("ip", "-json", "link"))
    files = machine.loop_devices().values()
    return {
        "device": [link["ifname"] for link in links if link["ifname"] == lab.files.device],
        "routes": [line for line in routes.splitlines() if lab.files.device in line],
        "loops": [file for file in files if file.startswith((GUESTS, str(lab.home)))],
        "mounts": machine_state(lab)["mounts"],
        "cgroups": machine_state(lab)["cgroups"],
        "directory": [str(lab.home)] if lab.home.exists() else [],
        "changed settings": [lab.files.settings.name] if lab.files.settings.exists() else [],
    }


def test_down_takes_the_city_away(lab: Files) -> None:
    city = TestLab(lab.home, paths.city())
    before = machine_state(city)
    processes = descendants(city.pid())
    own = namespaces({pid for pid, _ in processes}) - namespaces({os.getpid()})
    there = of_the_lab(city)
    for name in ("device", "routes", "cgroups", "directory"):
        assert there[name], f"the comparison does not see {name}"
    was = json.loads(city.files.settings.read_text())
    city.down()
    assert eventually(lambda: not own & namespaces())
    assert not [pid for pid, began in processes if start_time(pid) == began]
    assert not any(of_the_lab(city).values()), of_the_lab(city)
    after = machine_state(city)
    assert [after[name] for name in ("devices", "routes", "nft")] == [
        before[name] for name in ("devices", "routes", "nft")
    ]
    assert {name: int((machine.SYSTEM / name).read_text()) for name in was} == was
