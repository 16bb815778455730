"""Rooms as part of a lab: connected, routed both ways, taken out again without a trace, and their deploys as values."""

from __future__ import annotations

import base64
import io
import json
import re
import tarfile
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from citycloud.city.load import load_city
from citycloud.lab import network as lab_network
from citycloud.lab.boot import boot_plan
from citycloud.lab.handle import HOME, Files
from citycloud.lab.legacy import network
from citycloud.lab.legacy.boot import extension, nothing
from citycloud.lab.legacy.deploy import job
from citycloud.lab.legacy.job import Job
from citycloud.lab.legacy.model import read_rooms
from citycloud.lab.legacy.names import system_names, system_urls
from citycloud.lab.legacy.software.registry import licence
from citycloud.lab.legacy.spec import RoomsSpec, rooms_spec
from citycloud.lab.mirror import Source, of_release
from citycloud.lab.spec import Role, lab_spec

WUWEI = Path(__file__).parents[3] / "inventories" / "wuwei"
SECRET = "5" * 64


@pytest.fixture(scope="module")
def spec() -> RoomsSpec:
    city = load_city(WUWEI / "city")
    return rooms_spec(lab_spec(city), read_rooms(WUWEI / "rooms.yaml", city))


@pytest.fixture(scope="module")
def deploys(spec: RoomsSpec, tmp_path_factory: pytest.TempPathFactory) -> Job:
    return job(spec, Files(tmp_path_factory.mktemp("lab")), SECRET)


def lines(spec: RoomsSpec, namespace: str) -> list[str]:
    return [line for batch in network.batches(spec) if batch.namespace == namespace for line in batch.lines]


def files(deploys: Job, host: str) -> dict[str, bytes]:
    packed = next(one.archive for one in deploys.hosts if one.name == host)
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(packed))) as tar:
        return {f"/{entry.name}": content.read() for entry in tar if (content := tar.extractfile(entry))}


def test_every_rooms_line_has_addresses_that_no_other_line_of_the_lab_has(spec: RoomsSpec) -> None:
    lab = spec.lab
    others = [lab.host_line, *(carrier.uplink for carrier in lab.carriers), *(link.line for link in lab.links)]
    networks = [line.subnets.ipv4 for line in [*others, *(room.line for room in spec.rooms)]]
    assert len(set(networks)) == len(networks)
    assert all(network.subnet_of(lab.infrastructure.ipv4) for network in networks)


def test_device_names_fit_the_kernel_and_are_used_once_in_their_namespace(spec: RoomsSpec) -> None:
    made = []
    for line in lines(spec, ""):
        if line.startswith("link add name"):
            for end in line.removeprefix("link add ").split(" type veth peer "):
                made.append((re.findall(r"netns (\S+)", end)[0], re.findall(r"name (\S+)", end)[0]))
    assert len(made) == len(set(made)) == 2 * (len(spec.rooms) + len(spec.hosts))
    assert all(len(device) <= 15 for _, device in made)
    taken = {
        line.split()[2] for batch in lab_network.batches(spec.lab) for line in batch.lines if line[:8] == "link add"
    }
    assert not taken & {room.port for room in spec.rooms}


def test_each_room_is_reached_from_this_machine_the_lab_and_every_linked_carrier(spec: RoomsSpec) -> None:
    for room in spec.rooms:
        for prefix in (room.room.network.ipv4, room.room.network.ipv6):
            for namespace in ["", *(carrier.name for carrier in spec.lab.carriers)]:
                ways = [line for line in lines(spec, namespace) if line.startswith(f"route replace {prefix} via")]
                assert len(ways) == 1, (namespace, prefix)
            assert any(f"route replace {prefix} via" in line for line in network.machine_side(spec, "replace"))


def test_each_next_hop_is_on_a_network_of_the_namespace_that_uses_it(spec: RoomsSpec) -> None:
    own = {batch.namespace: [] for batch in network.batches(spec)}  # type: dict[str, list[str]]
    for batch in [*lab_network.batches(spec.lab), *network.batches(spec)]:
        own.setdefault(batch.namespace, []).extend(
            line.split()[2] for line in batch.lines if line.startswith("addr add")
        )
    for batch in network.batches(spec):
        for line in batch.lines:
            if line.startswith("route"):
                via = ip_address(line.split()[-1])
                assert any(via in ip_network(one, strict=False) for one in own[batch.namespace]), (batch, line)


def test_what_is_routed_is_unrouted_again(spec: RoomsSpec) -> None:
    def routes(batches: list[lab_network.Batch], verb: str) -> set[tuple[str, str]]:
        found = {(batch.namespace, line) for batch in batches for line in batch.lines}
        return {(name, line.replace(verb, "", 1)) for name, line in found if line.startswith(f"route {verb}")}

    gone_with_their_line = {
        (room.room.carrier, f"route  {prefix} via {via}")
        for room in spec.rooms
        for prefix, via in (
            (room.room.network.ipv4, room.line.second.ipv4),
            (room.room.network.ipv6, room.line.second.ipv6),
        )
    }
    assert routes(network.batches(spec), "replace") - gone_with_their_line == routes(network.undone(spec), "del")


def test_every_rooms_line_is_limited_at_both_ends(spec: RoomsSpec) -> None:
    found = network.limits(spec)
    for room in spec.rooms:
        rates = [line for name, line in found if name in (room.room.id, room.room.carrier) and "rate" in line]
        assert sum(f"rate {room.room.megabits}mbit" in line for line in rates) >= 2
    assert len(found) == 2 * len(spec.rooms)


def test_a_room_host_boots_alone_on_the_old_root_and_shares_nothing_with_a_cloud(spec: RoomsSpec) -> None:
    plan = extension(spec, Files(HOME), Path("/old"), [Path("/sys/fs/cgroup")], "1")
    json.dumps(plan)
    assert {host["lower"] for host in plan["hosts"]} == {"/old"}
    assert not any("--bind" in word for host in plan["hosts"] for word in host["argv"])
    assert all(host.role is Role.ROOM for host in spec.hosts)


def test_a_plan_without_rooms_has_every_part_that_the_first_process_reads(spec: RoomsSpec) -> None:
    assert set(nothing("1")) == set(extension(spec, Files(HOME), Path("/old"), [], "1"))


def test_the_labs_plan_names_the_file_that_rooms_are_asked_for_in(spec: RoomsSpec) -> None:
    plan = boot_plan(spec.lab, Files(HOME), [Path("/lower")], hierarchies=[], extra={})
    assert plan["rooms_file"] == str(Files(HOME).rooms)


def test_the_same_declaration_and_secret_give_the_same_files(spec: RoomsSpec, tmp_path: Path) -> None:
    lab = Files(tmp_path)
    assert job(spec, lab, SECRET) == job(spec, lab, SECRET)
    other = {host.name: host.digest for host in job(spec, lab, "6" * 64).hosts}
    same = {host.name: host.digest for host in job(spec, lab, SECRET).hosts}
    assert other["old-hydro-web"] != same["old-hydro-web"] and other["old-hydro-files"] == same["old-hydro-files"]


def test_no_password_is_in_a_file_that_everyone_may_read(spec: RoomsSpec, deploys: Job) -> None:
    passwords = {word for host in deploys.hosts for word in re.findall(r"'([0-9a-f]{24})'", host.fill)}
    assert len(passwords) == 2
    holders = set()
    for host in deploys.hosts:
        with tarfile.open(fileobj=io.BytesIO(base64.b64decode(host.archive))) as tar:
            for entry in tar:
                content = tar.extractfile(entry)
                octets = content.read() if content else b""
                if any(word.encode() in octets for word in passwords):
                    holders.add(entry.name)
                    assert entry.mode & 0o007 == 0
    assert holders == {"etc/gauges/gauges.ini", "etc/alarms/alarms.ini"}


def test_applications_have_their_databases_address_written_down(spec: RoomsSpec, deploys: Job) -> None:
    water, emergency, _ = spec.rooms
    gauges = files(deploys, "old-hydro-web")["/etc/gauges/gauges.ini"].decode()
    assert f"host = {water.address('gauges-db')}\n" in gauges and water.address("gauges-files") in gauges
    alarms = files(deploys, "old-fire-web")["/etc/alarms/alarms.ini"].decode()
    assert f"host = {emergency.address('alarms-db')}\n" in alarms and "charset = gbk" in alarms


def test_the_certificate_is_for_the_systems_name_which_stays(spec: RoomsSpec, deploys: Job) -> None:
    from cryptography import x509

    pem = files(deploys, "old-hydro-web")["/etc/ssl/private/gauges.pem"]
    names = x509.load_pem_x509_certificate(pem).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["hydro.wuwei.example"] and b"PRIVATE KEY" in pem


def test_the_registrys_licence_is_good_for_its_host_only(deploys: Job) -> None:
    assert files(deploys, "land-registry")["/opt/registry/licence"].decode().strip() == licence("land-registry")
    assert licence("land-registry") != licence("land-registry-2")


def test_what_a_room_is_asked_to_hold_is_in_its_scripts(spec: RoomsSpec, deploys: Job) -> None:
    seed = files(deploys, "old-hydro-db")["/usr/local/share/gauges/seed.sql"].decode()
    assert "md5('110'" in seed and f"generate_series(1, {64 * 5500})" in seed
    assert "seq_1_to_56000" in files(deploys, "old-fire-db")["/usr/local/share/alarms/seed.sql"].decode()


def test_before_the_move_each_systems_name_leads_to_the_host_that_serves_it(spec: RoomsSpec) -> None:
    found = {name: str(addresses.ipv4) for name, addresses in system_names(spec).items()}
    assert found == {
        "hydro.wuwei.example.": "192.168.110.11",
        "fire-control.wuwei.example.": "192.168.120.11",
        "land-registry.wuwei.example.": "192.168.130.11",
    }
    urls = system_urls(spec)
    assert urls["hydro"] == "https://hydro.wuwei.example/records"
    assert urls["land-registry"] == "http://land-registry.wuwei.example:9090/records"


def test_another_releases_sources_are_those_of_the_same_archive() -> None:
    mine = [Source("http://far.example/debian", suite, ("main",)) for suite in ("bookworm", "bookworm-security")]
    assert [(one.uri, one.suite) for one in of_release(mine, "bullseye")] == [
        ("http://far.example/debian", "bullseye"),
        ("http://far.example/debian", "bullseye-security"),
    ]
    assert of_release(mine, "bookworm") == mine


@pytest.mark.parametrize("program", ["gauges.py", "alarms.py", "web.py", "share.py", "summary.py", "registryd.py"])
def test_programs_of_the_rooms_are_read_by_the_old_python(program: str) -> None:
    """Python 3.9 has no match statement and no ``X | Y`` outside annotations; its grammar is asked for."""
    import ast

    source = Path(network.__file__).parent / "onhost" / program
    ast.parse(source.read_text(), feature_version=(3, 9))
    assert "from __future__ import annotations" in source.read_text()
