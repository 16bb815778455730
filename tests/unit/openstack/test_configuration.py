"""What is rendered for a lab host."""

from __future__ import annotations

import io
import json
import tarfile

import pytest

from citycloud.city.model import City
from citycloud.city.names import zones
from citycloud.lab.openstack.configuration import (
    SERVICE_USERS,
    controller_files,
    declared,
    hypervisor_files,
    identity,
    sql,
)
from citycloud.lab.openstack.keys import Keys
from citycloud.lab.openstack.render import File, archive
from citycloud.lab.openstack.settings import PORTS, Cloud
from citycloud.lab.spec import Role


@pytest.fixture
def controller(city: City, both: tuple[Cloud, ...], keys: Keys) -> dict[str, File]:
    names = zones(city, {cloud.site: cloud.controller.addresses for cloud in both})
    files = controller_files(both[0], keys, "CA", b"CERTIFICATE AND KEY", names)
    return {file.path: file for file in files}


def passwords(keys: Keys) -> set[str]:
    purposes = ["rabbit", "metadata", "user-admin"]
    purposes += [f"{kind}-{user}" for kind in ("db", "user") for user in (*SERVICE_USERS, "keystone")]
    return {keys.password(purpose) for purpose in purposes}


def test_no_file_that_anyone_may_read_holds_a_password(controller: dict[str, File], east: Cloud, keys: Keys) -> None:
    hypervisors = [file for host in east.hypervisors for file in hypervisor_files(east, host, keys, "CA")]
    readable = [file for file in [*controller.values(), *hypervisors] if file.mode & 0o004]
    leaks = [file.path for file in readable if any(secret.encode() in file.content for secret in passwords(keys))]
    assert readable and leaks == []


def test_the_passwords_are_in_files_that_only_their_service_may_read(controller: dict[str, File], keys: Keys) -> None:
    nova = controller["/etc/nova/nova.conf"]
    assert keys.password("db-nova").encode() in nova.content
    assert (nova.mode, nova.user, nova.group) == (0o640, "root", "nova")


def test_hypervisors_know_no_database_password(east: Cloud, keys: Keys) -> None:
    for host in east.hypervisors:
        text = b"".join(file.content for file in hypervisor_files(east, host, keys, "CA"))
        assert b"mysql" not in text and keys.password("db-nova").encode() not in text


def test_every_public_port_is_served_with_tls_on_both_families(controller: dict[str, File]) -> None:
    text = controller["/etc/haproxy/haproxy.cfg"].content.decode()
    for port in PORTS.values():
        assert f"bind :::{port} v4v6 ssl crt" in text
        assert f"server local 127.0.0.1:{port + 10000}" in text


def test_apis_themselves_listen_on_loopback_only(controller: dict[str, File]) -> None:
    inis = [file.content.decode() for path, file in controller.items() if "/uwsgi/" in path]
    assert len(inis) == 6
    assert all("http-socket = 127.0.0.1:" in text for text in inis)
    assert b"bind_host = 127.0.0.1" in controller["/etc/glance/glance-api.conf"].content


def test_an_lxc_host_runs_containers_and_a_qemu_host_emulates_until_a_probe_says_more(east: Cloud, keys: Keys) -> None:
    seen = {}
    for host in east.hypervisors:
        files = {file.path: file for file in hypervisor_files(east, host, keys, "CA")}
        seen[host.role] = files["/etc/nova/virt.conf"].content.decode()
        assert "images_type = raw" in files["/etc/nova/nova-compute.conf"].content.decode() or host.role is Role.QEMU
    assert seen == {Role.LXC: "[libvirt]\nvirt_type = lxc\n", Role.QEMU: "[libvirt]\nvirt_type = qemu\n"}


def test_the_same_files_give_the_same_archive_in_any_order() -> None:
    files = [File(path="/b", content=b"2"), File(path="/a", content=b"1", mode=0o600, user="nova", group="nova")]
    assert archive(files) == archive(files[::-1])
    with tarfile.open(fileobj=io.BytesIO(archive(files))) as tar:
        entry = tar.getmember("a")
    assert (entry.mode, entry.uname, entry.gname) == (0o600, "nova", "nova")


def test_declared_capacity_is_written_exactly_with_the_guests_trait(east: Cloud, city: City) -> None:
    table = json.loads(declared(east))
    for zone in city.sites[0].zones:
        for host in zone.hosts:
            assert table[host.id]["memory_mib"] == host.capacity.memory_gib * 1024
            assert f"CUSTOM_GUESTS_{host.guests.upper()}" in table[host.id]["traits"]
    assert table["thin"]["disk_gib"] == sum(table[name]["disk_gib"] for name in east.without_guests)


def test_the_catalogue_has_https_addresses_only_in_a_region_for_each_family(east: Cloud, keys: Keys) -> None:
    services = json.loads(identity(east, keys))["services"]
    assert set(services) == set(PORTS)
    for service in services.values():
        urls = {(region, interface): url for region, interface, url in service["endpoints"]}
        assert all(url.startswith("https://") for url in urls.values())
        assert "[2001:db8:1000::10]" in urls["RegionSix", "public"]
        assert "10.201.0.10" in urls["RegionOne", "public"]


def test_accounts_are_made_what_they_are_to_be_however_often(keys: Keys) -> None:
    statements = sql(keys)
    assert statements.count("CREATE USER IF NOT EXISTS") == statements.count("ALTER USER") == 6
    assert "GRANT ALL ON nova_cell0.* TO 'nova'@'127.0.0.1';" in statements
