"""The Pulumi program against mocks: what it asks of an engine, without engine or cloud."""

from __future__ import annotations

import asyncio
import runpy
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks, settings, stack

from citycloud.city.load import load_city
from citycloud.cloud.components.tenant import password
from citycloud.cloud.layout import DepartmentLayout, SiteLayout, department_layout, site_layout

ROOT = Path(__file__).parents[3]
CITY = ROOT / "inventories" / "wuwei" / "city"
SECRET = ("4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270")
"""How Pulumi marks a secret on the wire."""
SEED = "a seed for tests"
CLOUDS = "clouds: {east: {auth: {auth_url: https://api.east.example:5000/v3}, region_name: One, cacert: /ca.pem}}\n"


class Recorder(mocks.Mocks):
    """Answers every registration with an id, and keeps what was asked for."""

    def __init__(self) -> None:
        self.asked: list[mocks.MockResourceArgs] = []
        self.outputs: dict[str, Any] = {}

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        self.asked.append(args)
        if args.typ == "pulumi:pulumi:StackReference":
            return args.name, {"name": args.name, "outputs": _below(), "secretOutputNames": ["passwords"]}
        return f"id-of-{args.name}", dict(args.inputs)

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        return {"id": "id-of-member", "name": "member"}, []

    def of(self, kind: str) -> list[mocks.MockResourceArgs]:
        return [one for one in self.asked if one.typ.endswith(f":{kind}")]


def _below() -> dict[str, dict[str, str]]:
    layout = site_layout(load_city(CITY), "east")
    networks = {network.name: f"id-of-{network.name}" for tenant in layout.tenants for network in tenant.networks}
    return {
        "flavors": {one.name: f"id-of-{one.name}" for one in layout.flavors},
        "images": {one.name: f"id-of-{one.name}" for one in layout.images},
        "groups": {one.name: f"id-of-{one.name}" for one in layout.groups},
        "projects": {one.department: f"id-of-{one.department}" for one in layout.tenants},
        "passwords": {one.department: "a password" for one in layout.tenants},
        "networks": networks,
        "subnets": {f"{name}-{family}": f"id-of-{name}-{family}" for name in networks for family in ("ipv4", "ipv6")},
    }


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A lab's files, without a lab."""
    home = tmp_path_factory.mktemp("lab")
    for name in ("images/root.raw", "images/vmlinuz", "images/initrd.img", "ssh/id_ed25519.pub"):
        (home / name).parent.mkdir(exist_ok=True)
        (home / name).write_text("ssh-ed25519 KEY\n")
    (home / "clouds.yaml").write_text(CLOUDS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CITYCLOUD_LAB", str(home))
        patch.setenv("OS_CLIENT_CONFIG_FILE", str(home / "clouds.yaml"))
        patch.delenv("CITYCLOUD_CITY", raising=False)
        yield home


@pytest.fixture(scope="module")
def east(lab: Path) -> Recorder:
    return _run("east")


@pytest.fixture(scope="module")
def east_water(lab: Path) -> Recorder:
    return _run("east-water")


def _run(name: str, **config: str) -> Recorder:
    """Run ``infra/`` as the stack ``name``, and give back what it asked for."""
    recorder = Recorder()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    mocks.set_mocks(recorder, project="citycloud", stack=name, preview=False)
    told = {"seed": SEED, **config}
    pulumi.runtime.set_all_config({f"citycloud:{key}": value for key, value in told.items()}, ["citycloud:seed"])
    settings.set_root_resource(None)  # type: ignore[arg-type]  # every run makes its own
    loop.run_until_complete(stack.run_in_stack(lambda: _program(recorder)))
    loop.close()
    return recorder


def _program(recorder: Recorder) -> None:
    made = runpy.run_path(str(ROOT / "infra"), run_name="__main__")["made"]
    for name, value in made.outputs().items():
        value.apply(lambda known, name=name: recorder.outputs.update({name: known}))


def _asked(recorder: Recorder) -> Counter[str]:
    return Counter(one.typ.split(":")[-1] for one in recorder.asked if one.typ.startswith("openstack"))


def test_a_site_asks_for_exactly_what_its_layout_holds(east: Recorder) -> None:
    assert _asked(east) == _site(site_layout(load_city(CITY), "east"))


def _site(layout: SiteLayout) -> Counter[str]:
    tenants, networks = layout.tenants, [network for tenant in layout.tenants for network in tenant.networks]
    each = ("Project", "User", "RoleAssignment", "QuotaSetV2", "QuoteSetV3", "QuotaV2")
    return Counter(
        {kind: len(tenants) for kind in each}
        | {
            "Project": len(tenants) + 1,  # the domain is one too
            "AggregateV2": len(layout.aggregates),
            "VolumeTypeV3": len(layout.volume_types),
            "Flavor": len(layout.flavors),
            "Image": len(layout.images),
            "SecGroup": len(layout.groups),
            "RbacPolicyV2": len(layout.groups),
            "SecGroupRule": sum(len(group.rules) for group in layout.groups),
            "Router": sum(tenant.router is not None for tenant in tenants),
            "Network": 1 + len(networks),
            "Subnet": 2 + 2 * len(networks),
            "RouterInterface": len(networks),
            "Port": len(networks),
        }
    )


def test_a_department_asks_for_exactly_what_its_layout_holds(east_water: Recorder) -> None:
    assert _asked(east_water) == _department(department_layout(load_city(CITY), "east", "water"))


def _department(layout: DepartmentLayout) -> Counter[str]:
    volumes = sum(server.volume is not None for server in layout.servers)
    counts = {
        "Keypair": 1,
        "SecGroup": len(layout.groups),
        "SecGroupRule": sum(len(group.rules) for group in layout.groups),
        "ServerGroup": len(layout.server_groups),
        "Port": len(layout.servers),
        "Instance": len(layout.servers),
        "Volume": volumes,
        "VolumeAttach": volumes,
    }
    return Counter({kind: count for kind, count in counts.items() if count})


def test_a_second_run_asks_for_the_same(east_water: Recorder) -> None:
    again = _run("east-water")
    first, second = (sorted((one.typ, one.name, repr(one.inputs)) for one in run.asked) for run in (east_water, again))
    assert first == second


def test_no_router_translates_addresses_and_none_is_without_its_fixed_ones(east: Recorder) -> None:
    routers = east.of("Router")
    assert routers
    for router in routers:
        assert router.inputs["enableSnat"] is False
        assert len(router.inputs["externalFixedIps"]) == 2


def test_no_group_keeps_openstacks_own_openings(east: Recorder, east_water: Recorder) -> None:
    for recorder in (east, east_water):
        assert recorder.of("SecGroup")
        assert all(group.inputs["deleteDefaultRules"] for group in recorder.of("SecGroup"))


def test_every_department_has_a_password_of_its_own_that_only_the_seed_tells(east: Recorder) -> None:
    users = {user.inputs["name"]: _secret(user.inputs["password"]) for user in east.of("User")}
    assert len(set(users.values())) == len(users) > 1
    assert users["water"] == password(SEED, "east", "water") != password(SEED, "west", "water")
    assert users["water"] != password("another seed", "east", "water")


def _secret(value: dict[str, str]) -> str:
    """What a secret holds; a plain value is refused."""
    assert isinstance(value, dict) and value[SECRET[0]] == SECRET[1]
    return value["value"]


def test_the_department_works_as_its_own_user_in_its_own_project(east_water: Recorder) -> None:
    (provider,) = east_water.of("openstack")
    assert (provider.inputs["userName"], provider.inputs["tenantId"]) == ("water", "id-of-water")
    assert _secret(provider.inputs["password"]) == "a password"
    assert "cloud" not in provider.inputs


def test_the_department_tells_where_its_machines_are(east_water: Recorder) -> None:
    told = east_water.outputs["machines"]
    assert told["hydro-web"]["name"] == "hydro-web.east.wuwei.example"
    assert told["hydro-web"]["server_id"] == "id-of-hydro-web-server"
    assert set(told) == {server.machine for server in department_layout(load_city(CITY), "east", "water").servers}


def test_a_stack_that_is_not_the_citys_is_refused_with_the_names_there_are(lab: Path) -> None:
    with pytest.raises(pulumi.RunError, match="east-water"):
        _run("east-nobody")


def test_an_image_file_that_is_nowhere_is_said_with_what_to_do(lab: Path) -> None:
    with pytest.raises(pulumi.RunError, match=r"root\.raw"):
        _run("east", images="/nowhere")
