"""The comparison of provider and SDK must be able to fail: each kind of difference is planted and found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from citycloud.toolchain.compare import differences
from citycloud.toolchain.sdk import Property, Sdk, Shape, Thing
from citycloud.toolchain.served import Description, Served

TEXT, NUMBER = Shape("string"), Shape("int")
PAIR = Shape("object", properties={"start": Property(TEXT), "end": Property(TEXT)})
INPUTS = {"name": Property(TEXT, required=True), "pools": Property(Shape("list", PAIR))}
NETWORK = "openstack:networking/network:Network"


def sdk(inputs: Mapping[str, Property] = INPUTS) -> Sdk:
    thing = Thing(NETWORK, inputs, {**inputs, "id": Property(TEXT)})
    return Sdk("5.5.3", {"cloud": Property(TEXT)}, {NETWORK: thing}, {}, {})


def provider(inputs: Mapping[str, Property] = INPUTS, token: str = NETWORK) -> Description:
    served = Served("openstack_network", Thing(token, inputs, inputs), {})
    return Description("5.5.3", {"cloud": Property(TEXT)}, {"openstack_network": served}, {})


def test_what_is_equal_has_no_differences() -> None:
    assert differences(sdk(), provider()) == []


@pytest.mark.parametrize(
    ("served", "said"),
    [
        (provider(token=""), f"resource {NETWORK}: not served"),
        (provider(token="openstack:a/b:C"), "resource openstack:a/b:C: served, but not in the SDK"),
        (provider({"name": INPUTS["name"]}), f"{NETWORK}, input pools: in the SDK, not served"),
        (provider({**INPUTS, "mtu": Property(NUMBER)}), f"{NETWORK}, output mtu: served, not in the SDK"),
        (provider({**INPUTS, "pools": Property(PAIR)}), f"{NETWORK}, input pools: list in the SDK, object here"),
        (provider({**INPUTS, "pools": Property(Shape("list", TEXT))}), "input pools[]: object in the SDK, string here"),
        (provider({**INPUTS, "name": Property(TEXT)}), "input name: required is True in the SDK, False here"),
        (replace(provider(), version="5.5.2"), "version: SDK 5.5.3, provider 5.5.2"),
        (replace(provider(), config={}), "provider, input cloud: in the SDK, not served"),
    ],
)
def test_a_planted_difference_is_found(served: Description, said: str) -> None:
    assert any(said in found for found in differences(sdk(), served))
