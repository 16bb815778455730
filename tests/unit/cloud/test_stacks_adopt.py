"""What a killed Pulumi had begun to make is recognised by what it was asked to be, or not at all."""

from __future__ import annotations

from types import SimpleNamespace as Thing
from typing import Any, cast

import pytest
from openstack.connection import Connection

from citycloud.cloud.stacks_adopt import _FINDERS, IMAGE, cut_off, find

NETWORK = "openstack:networking/network:Network"
RULE = "openstack:networking/secGroupRule:SecGroupRule"


def _cloud(**listings: list[Any]) -> Connection:
    service = Thing(**{name: (lambda things=things, **_: things) for name, things in listings.items()})
    cloud = Thing(network=service, compute=service, identity=service, block_storage=service, image=service)
    return cast(Connection, cloud)


def test_a_network_is_taken_in_by_its_name_within_its_project() -> None:
    mine, other = Thing(id="1", name="n", project_id="p"), Thing(id="2", name="n", project_id="q")
    asked = {"name": "n", "tenantId": "p"}
    assert find(_cloud(networks=[other, mine]), NETWORK, asked, None) == "1"
    assert find(_cloud(networks=[other]), NETWORK, asked, None) is None


def test_of_two_that_may_be_it_none_is_taken() -> None:
    twice = [Thing(id=id_, name="n", project_id="p") for id_ in ("1", "2")]
    assert find(_cloud(networks=twice), NETWORK, {"name": "n", "tenantId": "p"}, None) is None


def test_what_belongs_to_no_project_is_taken_in_by_name() -> None:
    kind = "openstack:compute/aggregateV2:AggregateV2"
    assert find(_cloud(aggregates=[Thing(id=7, name="general")]), kind, {"name": "general"}, None) == "7"


@pytest.mark.parametrize("differs", [{"direction": "egress"}, {"port_range_min": 23}, {"remote_ip_prefix": "::/0"}])
def test_a_rule_that_differs_in_anything_is_another_rule(differs: dict[str, object]) -> None:
    asked = {
        "securityGroupId": "g",
        "direction": "ingress",
        "ethertype": "IPv4",
        "protocol": "tcp",
        "portRangeMin": 22,
        "remoteIpPrefix": "10.0.0.0/24",
    }
    same = {
        "id": "1",
        "direction": "ingress",
        "ether_type": "IPv4",
        "protocol": "tcp",
        "port_range_min": 22,
        "remote_ip_prefix": "10.0.0.0/24",
    }
    assert find(_cloud(security_group_rules=[Thing(**same)]), RULE, asked, None) == "1"
    assert find(_cloud(security_group_rules=[Thing(**{**same, **differs})]), RULE, asked, None) is None


@pytest.mark.parametrize("status", ["queued", "saving", "active"])
def test_an_image_whose_upload_was_cut_off_is_not_taken_in_but_told_as_rubbish(status: str) -> None:
    image = Thing(id="1", name="debian", status=status)
    cloud = _cloud(images=[image])
    whole = status == "active"
    assert find(cloud, IMAGE, {"name": "debian"}, None) == ("1" if whole else None)
    assert cut_off(cloud, IMAGE, {"name": "debian"}) == ([] if whole else [image])
    assert cut_off(cloud, NETWORK, {"name": "debian"}) == []


def test_a_kind_that_nobody_can_recognise_is_left_alone() -> None:
    assert "openstack:identity/roleAssignment:RoleAssignment" not in _FINDERS  # asking twice makes one
    assert find(_cloud(), "openstack:identity/roleAssignment:RoleAssignment", {}, None) is None
