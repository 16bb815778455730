"""The whole lab of a small city, OpenStack and all: killed while it comes up it comes up right; down leaves nothing."""

from __future__ import annotations

import random
import time

import openstack
import pytest
from labs import TestLab, killed_after, machine_state

pytestmark = [pytest.mark.lab, pytest.mark.long]

CLOUDS = ("east", "west")
ROUNDS = 10


def assert_clouds_right(lab: TestLab) -> None:
    """Every host answers, every service reports that it is up, and a network can be made and removed on both clouds."""
    lab.assert_right()
    for cloud in CLOUDS:
        configuration = openstack.config.OpenStackConfig(config_files=[str(lab.home / "clouds.yaml")])
        connection = openstack.connection.Connection(config=configuration.get_one(cloud=cloud))
        services = list(connection.compute.services())
        assert services and all(service.state == "up" for service in services)
        agents = list(connection.network.agents())
        assert agents and all(agent.is_alive for agent in agents)
        network = connection.network.create_network(name="probe")
        connection.network.delete_network(network, ignore_missing=False)


@pytest.mark.timeout(7200)
def test_the_whole_lab_killed_at_ten_seeded_moments_comes_up_right(bare: TestLab) -> None:
    before = machine_state(bare)
    bare.must("up", limit=1800)  # fills the cache, so that the moments below fall into what is done for each lab
    bare.down()
    began = time.monotonic()
    bare.must("up", limit=900)
    whole = time.monotonic() - began
    assert_clouds_right(bare)
    rng = random.Random(7)
    for moment in range(ROUNDS):
        if rng.random() < 0.7:  # else the killed command finds a living lab
            bare.down()
        seconds = whole * (moment + rng.random()) / ROUNDS
        what = killed_after(bare, seconds, rng, "up")
        bare.must("up", limit=900)
        try:
            assert_clouds_right(bare)
        except Exception as fault:
            raise AssertionError(f"killed {what} after {seconds:.1f} s: {fault}") from fault
    bare.down()
    assert machine_state(bare) == before
