"""The list of real machines, and its two shapes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from citycloud.city.load import load_city
from citycloud.city.model import City
from citycloud.cloud.halves import halves
from citycloud.drivers.ansible_inventory import as_ansible
from citycloud.drivers.host_keys import Login
from citycloud.drivers.inventory import RealMachine, groups, real_machines, real_stacks
from citycloud.drivers.pyinfra_inventory import as_pyinfra
from citycloud.drivers.stacks import outputs

ROOT = Path(__file__).parents[3]
LOGIN = Login(Path("/lab/ssh/id"), Path("/lab/ssh/known"))


@pytest.fixture(scope="module")
def wuwei() -> City:
    return load_city(ROOT / "inventories/wuwei/city")


def told(city: City) -> dict[str, dict[str, Any]]:
    """What every department's stack would say, had it been made exactly as declared."""
    found: dict[str, dict[str, Any]] = {}
    for half in halves(city):
        facts = {
            "name": f"{half.machine.id}.{half.site.id}.{city.domain}",
            "site": half.site.id,
            "zone": half.system.zone,
            "segment": half.segment.id,
            "department": half.department.id,
            "system": half.system.id,
            "guests": str(half.machine.guests),
            "ipv4": str(half.addresses.ipv4),
            "ipv6": str(half.addresses.ipv6),
            "server_id": f"id-{half.site.id}-{half.machine.id}",
        }
        stack = found.setdefault(f"{half.site.id}-{half.department.id}", {"machines": {}})
        stack["machines"][half.machine.id] = facts
    return found


def test_the_inventory_shows_the_machines_that_answer_and_none_that_only_takes_up_capacity(wuwei: City) -> None:
    machines = real_machines(wuwei, told(wuwei))
    declared = {(half.site.id, half.machine.id) for half in halves(wuwei) if half.machine.guests != "none"}
    assert {(one.site, one.machine) for one in machines} == declared
    assert {one.site for one in machines if one.system == "hydro"} == {"east", "west"}


def test_only_stacks_with_real_machines_are_asked_for_outputs(wuwei: City) -> None:
    stacks = real_stacks(wuwei)
    assert {"east-water", "west-water"} <= set(stacks)
    assert set(stacks) == {f"{one.site}-{one.department}" for one in real_machines(wuwei, told(wuwei))}


def test_without_stacks_the_inventory_is_empty_and_no_error(
    wuwei: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITYCLOUD_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "/nowhere")
    assert outputs(ROOT, real_stacks(wuwei)) == {}
    assert real_machines(wuwei, {}) == ()
    assert as_ansible((), (), LOGIN)["_meta"] == {"hostvars": {}}


def test_a_machine_is_shown_where_it_really_is_though_the_declaration_has_moved_on(wuwei: City) -> None:
    stacks = told(wuwei)
    stacks["east-water"]["machines"]["hydro-web"]["ipv4"] = "10.211.99.99"
    stacks["east-water"]["machines"]["gone"] = {**stacks["east-water"]["machines"]["hydro-db"], "name": "gone.east"}
    found = {(one.site, one.machine): one for one in real_machines(wuwei, stacks)}
    assert found["east", "hydro-web"].ipv4 == "10.211.99.99"
    assert found["east", "gone"].role == ""


def test_the_standby_half_is_told_from_the_primary_one(wuwei: City) -> None:
    by_group = groups(real_machines(wuwei, told(wuwei)))
    site = next(system.site for system in wuwei.systems if system.id == "hydro")
    other = {"east": "west", "west": "east"}[site]
    assert f"hydro-db.{site}.{wuwei.domain}" in by_group["primary"]
    assert f"hydro-db.{other}.{wuwei.domain}" in by_group["standby"]


def test_every_group_has_a_name_that_ansible_and_pyinfra_accept(wuwei: City) -> None:
    names = groups(real_machines(wuwei, told(wuwei)))
    assert names and all(name.isidentifier() and not name.startswith("_") for name in names)
    assert {"site_east", "department_water", "system_hydro", "segment_internet_facing", "guests_lxc"} <= set(names)


def test_both_inventories_show_the_same_machines_addresses_and_groups(wuwei: City) -> None:
    machines = real_machines(wuwei, told(wuwei))
    known = {machines[0].name}
    ansible, pyinfra = as_ansible(machines, known, LOGIN), as_pyinfra(machines, known, LOGIN)
    hosts = ansible["_meta"]["hostvars"]
    assert {name: (data["ipv4"], data["ipv6"], data["zone"], data["department"]) for name, data in pyinfra["all"]} == {
        name: (data["ipv4"], data["ipv6"], data["zone"], data["department"]) for name, data in hosts.items()
    }
    shapes = {group: [name for name, _ in members] for group, members in pyinfra.items() if group != "all"}
    assert shapes == {group: data["hosts"] for group, data in ansible.items() if group not in ("_meta", "all")}
    assert [name for name, data in hosts.items() if data["host_key_known"]] == sorted(known)


def test_no_inventory_lets_a_tool_trust_an_unknown_host_key(wuwei: City) -> None:
    machines = real_machines(wuwei, told(wuwei))
    arguments = as_ansible(machines, (), LOGIN)["all"]["vars"]["ansible_ssh_common_args"]
    assert "StrictHostKeyChecking=yes" in arguments
    assert f"UserKnownHostsFile={LOGIN.known_hosts}" in arguments
    for _, data in as_pyinfra(machines, (), LOGIN)["all"]:
        assert data["ssh_strict_host_key_checking"] == "yes"
        assert data["ssh_known_hosts_file"] == str(LOGIN.known_hosts)


def test_ansible_reads_the_directory_without_a_word_on_stderr(tmp_path: Path) -> None:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
    done = subprocess.run(
        [Path(sys.executable).parent / "ansible-inventory", "-i", "inventories/wuwei", "--list"],
        cwd=ROOT,
        env={**clean, "CITYCLOUD_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode == 0
    assert json.loads(done.stdout)["_meta"]["hostvars"] == {}


def test_a_faulty_declaration_is_told_by_the_script_with_exit_code_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from citycloud.drivers.ansible_inventory import main

    (tmp_path / "city.yaml").write_text("nonsense: 1\n")
    assert main(ROOT, tmp_path, ["--list"]) == 2
    shown = capsys.readouterr()
    assert "nonsense" in shown.err and shown.out == ""


def test_a_machine_is_listed_by_name() -> None:
    facts = {"zone": "z", "segment": "s", "department": "d", "system": "y", "guests": "lxc", "server_id": "1"}
    late, early = (RealMachine(name, name, "east", ipv4="10.0.0.1", ipv6="::1", **facts) for name in ("b", "a"))
    assert sorted([late, early]) == [early, late]
