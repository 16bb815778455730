"""The real clouds: capacity, addresses, certificates, names and volumes are what the city declares."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dns.message
import dns.query
import openstack
import pytest
import requests

from citycloud import paths
from citycloud.city.names import zones
from citycloud.lab import secrets
from citycloud.lab.handle import Files
from citycloud.lab.openstack.configuration import SERVICE_USERS
from citycloud.lab.openstack.keys import Keys
from citycloud.lab.openstack.ready import Get, connect, getter, missing
from citycloud.lab.openstack.settings import PORTS, REGION_IPV6, Cloud, clouds
from citycloud.lab.spec import LabSpec

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]

TIB = 1024


@pytest.fixture(scope="module")
def both(lab_shape: LabSpec) -> tuple[Cloud, ...]:
    return tuple(clouds(lab_shape))


@pytest.fixture(scope="module")
def all_keys(lab: Files, both: tuple[Cloud, ...]) -> dict[str, Keys]:
    secret = secrets.load(lab)["lab"]
    return {cloud.site: Keys(cloud.site, secret) for cloud in both}


@pytest.fixture(scope="module")
def ask(both: tuple[Cloud, ...], all_keys: dict[str, Keys]) -> dict[str, Get]:
    authority = paths.lab() / "ca.pem"
    return {cloud.site: getter(connect(cloud, all_keys[cloud.site], authority)) for cloud in both}


def test_every_service_is_up_and_placement_holds_exactly_what_is_declared(
    both: tuple[Cloud, ...], ask: dict[str, Get]
) -> None:
    assert {cloud.site: list(missing(cloud, ask[cloud.site])) for cloud in both} == {"east": [], "west": []}


def test_placement_s_totals_over_both_clouds_are_the_plan_s(ask: dict[str, Get]) -> None:
    totals = {"VCPU": 0, "MEMORY_MB": 0, "DISK_GB": 0}
    for get in ask.values():
        for provider in get("placement", "/resource_providers")["resource_providers"]:
            held = get("placement", f"/resource_providers/{provider['uuid']}/inventories")["inventories"]
            totals = {name: total + held[name]["total"] for name, total in totals.items()}
    assert totals == {"VCPU": 18_900, "MEMORY_MB": 20 * TIB * 1024, "DISK_GB": 405 * TIB}


def test_thin_volumes_have_the_declared_capacity(both: tuple[Cloud, ...], ask: dict[str, Get]) -> None:
    for cloud in both:
        pools = ask[cloud.site]("volumev3", "/scheduler-stats/get_pools?detail=true")["pools"]
        seen = {one["capabilities"]["volume_backend_name"]: one["capabilities"] for one in pools}
        assert set(seen) == {"thin", "disk"}
        assert seen["thin"]["total_capacity_gb"] == cloud.thin_gib()


@pytest.mark.parametrize("name", ["east", "west", "east6", "west6"])
def test_each_cloud_is_used_over_each_family_as_clouds_yaml_says(
    lab: Files, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(lab.home / "clouds.yaml"))
    connection = openstack.connect(cloud=name)
    assert [zone.name for zone in connection.compute.availability_zones()]
    assert list(connection.network.agents())
    list(connection.block_storage.types())
    list(connection.image.images(limit=1))
    endpoint = connection.network.get_endpoint()
    assert endpoint.startswith("https://[") == name.endswith("6"), f"{REGION_IPV6} is the region of IPv6 addresses"


def test_an_api_is_refused_by_who_does_not_know_the_lab_s_authority(both: tuple[Cloud, ...]) -> None:
    for cloud in both:
        for ipv6 in (False, True):
            with pytest.raises(requests.exceptions.SSLError):
                requests.get(cloud.url("identity", ipv6=ipv6), timeout=20)
            assert requests.get(
                cloud.url("identity", ipv6=ipv6), timeout=60, verify=str(paths.lab() / "ca.pem")
            ).status_code in (200, 300)


def test_no_api_is_served_without_tls(both: tuple[Cloud, ...]) -> None:
    for cloud in both:
        for port in PORTS.values():
            with pytest.raises(requests.exceptions.RequestException):
                requests.get(f"http://{cloud.controller.addresses.ipv4}:{port + 10000}/", timeout=5)


def test_each_site_s_name_server_knows_every_name_over_both_families_and_transports(
    lab_shape: LabSpec, both: tuple[Cloud, ...]
) -> None:
    found = zones(lab_shape.city, {cloud.site: cloud.controller.addresses for cloud in both})
    records = [record for zone in found for record in zone.records if record.type in ("A", "AAAA", "PTR")]
    for cloud in both:
        addresses = cloud.controller.addresses
        for record in records:
            query = dns.message.make_query(record.name, record.type)
            answer = dns.query.udp(query, str(addresses.ipv4), timeout=10)
            assert record.value in {str(item) for found in answer.answer for item in found}, record
        query = dns.message.make_query(records[0].name, records[0].type)
        for address in (str(addresses.ipv4), str(addresses.ipv6)):
            assert dns.query.tcp(query, address, timeout=10).answer
        assert dns.query.udp(query, str(addresses.ipv6), timeout=10).answer


def _arguments() -> Iterator[bytes]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            yield (process / "cmdline").read_bytes()
        except OSError:  # it has ended meanwhile
            continue


def test_no_process_has_a_password_of_the_lab_among_its_arguments(lab: Files, all_keys: dict[str, Keys]) -> None:
    purposes = [
        "rabbit",
        "metadata",
        "user-admin",
        *(f"{kind}-{user}" for kind in ("db", "user") for user in SERVICE_USERS),
    ]
    words = {keys.password(purpose).encode() for keys in all_keys.values() for purpose in purposes}
    words |= {value.encode() for value in secrets.load(lab).values()}
    seen = list(_arguments())
    assert len(seen) > 50
    assert not [line for line in seen if any(word in line for word in words)]
