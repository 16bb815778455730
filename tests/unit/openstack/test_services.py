"""Which services run where, and how the deploy tells what it does."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from citycloud.errors import StepFailed
from citycloud.lab.openstack import deploy
from citycloud.lab.openstack.job import Job
from citycloud.lab.openstack.services import Stage, controller_services, units
from citycloud.lab.openstack.settings import Cloud
from citycloud.lab.spec import Role
from citycloud.progress import Progress


def test_a_cloud_has_at_most_three_processes_of_computes_without_guests(both: tuple[Cloud, ...]) -> None:
    for cloud in both:
        fakes = [one.name for one in controller_services(cloud.without_guests) if "nova-compute" in one.name]
        assert fakes == [f"nova-compute-{name}" for name in cloud.without_guests]
        assert len(fakes) <= 3


def test_whatever_calls_another_service_as_it_starts_waits_for_it(east: Cloud) -> None:
    table = {one.name: one.after for one in controller_services(east.without_guests)}
    assert "conductor" in table["nova-compute-east-g1"]
    agents = [name for name in table if name.endswith("-agent") or name == "layer2-agents"]
    assert len(agents) == 5
    assert all("q-plugin" in table[name] for name in agents)


def test_every_controller_service_is_started_by_exactly_one_launcher(east: Cloud) -> None:
    commands = [unit.command for unit in units(Role.CONTROLLER, east.without_guests) if "launcher" in unit.command]
    started = [name for command in commands for name in command.split("citylab.launcher ")[1].split()]
    assert sorted(started) == sorted(one.name for one in controller_services(east.without_guests))


@pytest.mark.parametrize("role", [Role.LXC, Role.QEMU])
def test_hypervisors_start_after_the_controllers_services(role: Role) -> None:
    assert {unit.name for unit in units(role)} == {"nova-compute", "neutron-linuxbridge-agent"}
    assert {unit.stage for unit in units(role)} == {Stage.HYPERVISORS}


def test_what_a_play_says_is_passed_on_and_noise_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert deploy._heard('{"step": "files", "seconds": 1.5}\n', Progress()) is None
    assert deploy._heard("noise\n", Progress()) is None
    assert "clouds: files: 1.5 s" in capsys.readouterr().err


def test_a_failed_play_names_the_host_what_was_seen_and_how_to_go_on() -> None:
    faults = [{"failed": "hypervisors", "host": "east-lxc", "output": "no such unit"}]
    with pytest.raises(StepFailed, match=r"hypervisors on east-lxc(.|\n)*no such unit(.|\n)*citycloud lab up"):
        deploy._give_up(faults, "")


def test_hosts_that_do_not_answer_fail_the_play(tmp_path: Path) -> None:
    assert find_spec("pyinfra")
    job = Job(key_file=str(tmp_path / "none"), known_hosts=str(tmp_path / "known"), hosts=())
    with pytest.raises(StepFailed):
        deploy.play(job.model_copy(update={"hosts": (_unreachable(),)}), Progress())


def _unreachable() -> deploy.HostJob:
    return deploy.HostJob(
        name="nowhere", address="127.0.0.1:1", archive="", digest="", controller=False, base=(), stages={}
    )
