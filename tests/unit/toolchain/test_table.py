"""The provider's table: how tokens are paired with Terraform's names, and what is committed."""

from __future__ import annotations

import json

import pytest

from citycloud.toolchain import places, sdk, table
from citycloud.toolchain.sdk import Property, Shape, Thing
from citycloud.toolchain.served import Served

TEXT = Property(Shape("string"))


def thing(token: str, *names: str, former: bool = False) -> Thing:
    return Thing(token, {}, dict.fromkeys(("id", *names), TEXT), former)


def served(terraform: str, *names: str) -> Served:
    return Served(terraform, Thing("", {}, {}), {name: name for name in names})


def pair(things: list[Thing], rows: list[Served]) -> dict[str, list[str]]:
    return table.pair({one.token: one for one in things}, {one.terraform: one for one in rows})


def test_things_with_the_same_properties_are_told_apart_by_their_names() -> None:
    flavor, profile = "openstack:loadbalancer/flavorV2:FlavorV2", "openstack:compute/flavor:Flavor"
    rows = [served("openstack_lb_flavor_v2", "name"), served("openstack_compute_flavor_v2", "name")]
    assert pair([thing(flavor, "name"), thing(profile, "name")], rows) == {
        "openstack_compute_flavor_v2": [profile],
        "openstack_lb_flavor_v2": [flavor],
    }


def test_a_former_token_follows_the_present_one() -> None:
    present, former = "openstack:bgpvpn/v2:V2", "openstack:index/bgpvpnV2:BgpvpnV2"
    rows = [served("openstack_bgpvpn_v2", "name")]
    assert pair([thing(former, "name", former=True), thing(present, "name")], rows) == {
        "openstack_bgpvpn_v2": [present, former]
    }


def test_a_token_without_a_counterpart_is_a_fault() -> None:
    with pytest.raises(table.NoPair, match="nothing in the Terraform provider is like it"):
        pair([thing("openstack:a/b:B", "one", "two")], [served("openstack_a_b", "three", "four")])


def test_a_property_with_another_name_in_the_sdk_is_an_override() -> None:
    one = thing("openstack:orchestration/stackV1:StackV1", "name", "StackOutputs")
    assert table.overrides(one, served("openstack_orchestration_stack_v1", "name", "outputs")) == {
        "outputs": "StackOutputs"
    }


def test_the_committed_table_has_every_token_of_the_installed_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CITYCLOUD_TOOLCHAIN_SOURCES", raising=False)
    committed = json.loads((places.sources() / "provider" / "table.json").read_text())
    installed = sdk.read()
    for kind, things in (("resources", installed.resources), ("functions", installed.functions)):
        tokens = [token for row in committed[kind].values() for token in row]
        assert sorted(tokens) == sorted(things), "run: python -m citycloud.toolchain.table PROVIDER"
    assert committed["version"] == installed.version
    assert committed["environment"] == installed.environment


def test_the_sdk_is_read_whole() -> None:
    """Its own list of classes, which we do not read it by, has as many resources; each function has its file."""
    import importlib.util
    import re
    from pathlib import Path

    spec = importlib.util.find_spec(sdk.PACKAGE)
    assert spec and spec.submodule_search_locations
    home = Path(spec.submodule_search_locations[0])
    listed = set(re.findall(r'"(openstack:\w+/\w+:\w+)": "\w+"', (home / "__init__.py").read_text()))
    assert set(sdk.read().resources) == listed
    called = {
        token for file in home.rglob("*.py") for token in re.findall(r"runtime\.invoke\('([^']+)'", file.read_text())
    }
    assert set(sdk.read().functions) == called
