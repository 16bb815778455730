"""The departments' machine rooms: real old systems, in networks of their own, under load from outside."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from labs import eventually, output
from rooms import ALARMS, DEEDS, GAUGES, MEGABITS, LabWithRooms, get, left, processes_of

from citycloud.city.load import load_city
from citycloud.lab.legacy.model import read_rooms
from citycloud.lab.legacy.spec import RoomsSpec, rooms_spec

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def spec(lab: LabWithRooms) -> RoomsSpec:
    return rooms_spec(lab.spec, read_rooms(lab.rooms, load_city(lab.city)))


def test_every_host_of_a_room_answers_to_its_name_and_key_over_both_families(
    lab: LabWithRooms, spec: RoomsSpec
) -> None:
    for host in spec.hosts:
        for address in (host.addresses.ipv4, host.addresses.ipv6):
            assert lab.ssh(host.name, f"-oHostName={address}", "hostname").split() == [host.name]


def test_rooms_run_another_major_version_of_everything(lab: LabWithRooms, spec: RoomsSpec) -> None:
    assert {lab.ssh(host.name, ". /etc/os-release; echo $VERSION_ID").strip() for host in spec.hosts} == {"11"}
    assert lab.sql("SHOW server_version").startswith("13.") and lab.sql("SHOW lc_collate") == "zh_CN.UTF-8"
    assert lab.mariadb("SELECT VERSION()").startswith("10.5.")


def test_no_unit_of_any_host_has_failed(lab: LabWithRooms, spec: RoomsSpec) -> None:
    for host in spec.hosts:
        assert lab.ssh(host.name, "systemctl is-system-running --wait || systemctl --failed") == "running\n"


def test_the_rooms_together_use_less_than_two_gibibytes(lab: LabWithRooms, spec: RoomsSpec) -> None:
    names = {host.name for host in spec.hosts}
    used = [host["memory_mib"] for host in lab.status()["hosts"] if host["name"] in names]
    assert len(used) == len(names) and 50 < sum(used) < 2048


def test_a_clouds_host_reaches_a_room_at_the_other_carrier_and_the_room_reaches_it(lab: LabWithRooms) -> None:
    for address in ("192.168.221.12", "fd00:c1:221::12"):
        probe = f"import socket; print(socket.create_connection(('{address}', 22), 5).recv(4).decode())"
        assert lab.ssh("east-ctl", f'python3 -c "{probe}"') == "SSH-\n"
    east = lab.spec.host("east-ctl").addresses.ipv4
    probe = f"import socket; print(socket.create_connection(('{east}', 22), 5).recv(4).decode())"
    assert lab.ssh("fire-db", f'python3 -c "{probe}"') == "SSH-\n"


def test_copying_out_of_a_room_is_no_faster_than_its_line(lab: LabWithRooms) -> None:
    size = 10
    argv = ["ssh", "-F", str(lab.files.ssh / "config"), "fire-db", f"head -c {size}M /dev/urandom"]
    began = time.monotonic()
    done = subprocess.run(argv, capture_output=True, timeout=120, check=True)
    assert len(done.stdout) == size << 20
    assert time.monotonic() - began > 0.75 * size * 8 * 1.048576 / MEGABITS  # the filter's burst goes through at once


def test_a_database_of_ten_years_has_what_a_move_has_to_see(lab: LabWithRooms) -> None:
    assert int(lab.sql("SELECT count(*) FROM pg_largeobject_metadata")) == 4
    assert int(lab.sql("SELECT count(*) FROM pg_inherits WHERE inhparent = 'reading'::regclass")) == 14
    assert lab.sql("SELECT relpersistence FROM pg_class WHERE relname = 'visitor'") == "u"
    keyless = (
        "SELECT c.relname FROM pg_class c WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        " AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND indisprimary)"
    )
    assert lab.sql(keyless) == "audit"
    assert (
        int(
            lab.sql(
                "SELECT count(*) FROM (SELECT at, who, what, detail FROM audit EXCEPT SELECT at, who, what, detail"
                " FROM audit LIMIT 0) x"
            )
        )
        == 0
    )
    assert int(lab.sql("SELECT count(*) - count(DISTINCT (at, who, what, detail)) FROM audit")) > 0
    assert lab.sql("SELECT last_value > 1 FROM bulletin_number") == "t" and lab.sql("SHOW wal_level") == "replica"
    assert int(lab.sql('SELECT count(*) FROM "水库"')) == 48


def test_columns_that_say_latin1_hold_octets_of_gbk(lab: LabWithRooms) -> None:
    octets = bytes.fromhex(lab.mariadb("SELECT HEX(contact) FROM building WHERE id = 1001"))
    assert "电话" in octets.decode("gbk")
    assert "电话" not in lab.mariadb("SELECT contact FROM building WHERE id = 1001")
    assert "凉州区" in lab.mariadb("SELECT address FROM building WHERE id = 1001")
    assert get("http://192.168.221.11:8000/buildings")[0]["contact"] == octets.decode("gbk")
    assert lab.mariadb("SELECT @@log_bin, @@binlog_format").split() == ["1", "MIXED"]


def test_cron_writes_summaries_in_gbk(lab: LabWithRooms) -> None:
    def written() -> bool:
        return lab.mariadb("SELECT COUNT(*) FROM daily_summary") != "0"

    assert eventually(written, 90)
    command = "cat /var/lib/alarms/summary-*.csv | od -An -tx1 | tr -d ' \\n'"
    assert "今日火警" in bytes.fromhex(lab.ssh("fire-web", command)).decode("gbk")


def test_the_source_of_the_whole_machines_service_is_lost_and_its_licence_is_for_its_name(lab: LabWithRooms) -> None:
    assert lab.ssh("deeds", "ls /opt/registry").split() == ["licence", "registryd.pyc"]
    run = "cd /opt/registry && unshare --uts sh -c 'hostname other; timeout 10 python3 registryd.pyc' 2>&1 || true"
    assert "not for this host" in lab.ssh("deeds", run)
    assert get("http://192.168.231.11:9090/records?limit=1")["records"][0]["id"] == "deed-0000000"


def test_an_upload_lands_on_the_file_share_and_nobody_else_may_write_there(lab: LabWithRooms) -> None:
    ca = str(lab.home / "ca.pem")
    where = ["--cacert", ca, "--resolve", "permits.city.example:443:192.168.211.11", "-sS", "-m", "20"]
    url = "https://permits.city.example/uploads/probe.txt"
    assert "sha256" in output("curl", *where, "-X", "PUT", "--data-binary", "of a citizen", url)
    assert lab.ssh("old-files", "cat /srv/share/uploads/probe.txt") == "of a citizen"
    assert "403" in output("curl", "-sS", "-m", "20", "-X", "PUT", "-d", "x", "http://192.168.211.13:8080/uploads/y")


def digests(lab: LabWithRooms) -> dict[str, str]:
    """What the rooms were filled with, by value."""
    readings = "SELECT md5(string_agg(md5(r::text), '' ORDER BY id)) FROM reading r WHERE at < '2026-01-01'"
    scans = "SELECT md5(string_agg(md5(lo_get(scan)), '' ORDER BY number)) FROM bulletin"
    events = (
        "SELECT COUNT(*), BIT_XOR(CRC32(CONCAT(at, told, HEX(remark), HEX(frame)))) FROM event WHERE at < '2026-01-01'"
    )
    files = (
        "cd /srv/share && find . -type f ! -path './uploads/*' -printf '%p %T@\\n' -exec md5sum {} + | sort | md5sum"
    )
    return {
        "readings": lab.sql(readings),
        "scans": lab.sql(scans),
        "audit": lab.sql("SELECT md5(string_agg(a::text, '' ORDER BY a::text)) FROM audit a WHERE at < '2025-12-31'"),
        "events": lab.mariadb(events),
        "files": lab.ssh("old-files", files),
        "deeds": lab.ssh("deeds", "head -c 1536000 /var/registry/deeds.dat | md5sum"),
    }


@pytest.mark.parametrize(
    ("url", "host", "strike"),
    [
        (GAUGES, "old-db", "systemctl kill -s KILL postgresql@13-main; sleep 1; systemctl restart postgresql@13-main"),
        (GAUGES, "old-web", "systemctl restart gauges"),
        (ALARMS, "fire-db", "systemctl kill -s KILL mariadb; sleep 1; systemctl restart mariadb"),
        (DEEDS, "deeds", "systemctl kill -s KILL registryd; sleep 1; systemctl restart registryd"),
    ],
    ids=["database killed", "application restarted", "MariaDB killed", "registry killed"],
)
def test_no_acknowledged_write_is_lost_when_the_source_is_struck(
    lab: LabWithRooms, tmp_path: Path, url: tuple[str, ...], host: str, strike: str
) -> None:
    ca = ["--ca", str(lab.home / "ca.pem")] if url is GAUGES else []
    home = tmp_path / "load"
    options = ["-o", str(home), "--rate", "40", "--clients", "8", "--seconds", "12", "--patience", "60"]
    process = lab.loading(*url, *ca, *options)
    assert eventually(lambda: (home / "ledger.jsonl").exists() and (home / "ledger.jsonl").stat().st_size > 2000, 60)
    lab.ssh(host, strike)
    out, err = process.communicate(timeout=180)
    summary = json.loads(out)
    assert process.returncode == 0, err
    assert summary["acknowledged"] > 50 and summary["windows"] and summary["windows"][-1]["ended"]
    assert summary["reads_wrong"] == 0
    found = lab.load("compare", str(home), *url[1:], *ca, "--json")
    assert found.returncode == 0, found.stdout
    assert json.loads(found.stdout)["acknowledged"] == summary["acknowledged"]


def test_a_host_that_went_down_comes_back_with_its_data(lab: LabWithRooms) -> None:
    before = lab.sql("SELECT count(*) FROM record")
    lab.run("shell", "old-db", "systemctl", "poweroff")
    assert eventually(
        lambda: "old-db" not in output("ssh", "-F", str(lab.files.ssh / "config"), "old-db", "hostname"), 30
    )
    time.sleep(1)
    lab.must("rooms", "up")
    assert lab.sql("SELECT count(*) FROM record") == before
    assert lab.ssh("old-db", "systemctl is-system-running --wait") == "running\n"


def test_other_rooms_than_those_that_are_there_are_refused(lab: LabWithRooms, tmp_path: Path) -> None:
    other = tmp_path / "rooms.yaml"
    other.write_text(lab.rooms.read_text().replace("number: 13", "number: 14"))
    done = lab.run("rooms", "up", str(other))
    assert done.returncode == 2 and "citycloud lab rooms down" in done.stderr


def test_rooms_are_taken_out_without_a_trace_and_the_same_seed_gives_the_same_again(
    lab: LabWithRooms, spec: RoomsSpec
) -> None:
    before, pid = digests(lab), lab.pid()
    rooms = processes_of(host.name for host in spec.hosts)
    assert len(rooms) > len(spec.hosts)
    lab.must("rooms", "down")
    assert left(rooms) == [] and lab.pid() == pid
    assert processes_of(host.name for host in spec.hosts) == {}
    routes = output("ip", "-4", "route") + output("ip", "-6", "route")
    assert not any(str(network) in routes for sub in spec.prefixes() for network in (sub.ipv4, sub.ipv6))
    within = output("nsenter", "-t", str(pid), "-n", "-m", "sh", "-c", "ip netns; ip route; mount")
    assert within and not any(name in within for name in ["water-room", "old-db", "192.168.211.0", "192.168.221.0"])
    assert {host["name"] for host in lab.status()["hosts"]} == {host.name for host in lab.spec.hosts}
    assert not any((lab.home / "hosts" / host.name).exists() for host in spec.hosts)
    lab.must("rooms", "up", limit=600)
    assert digests(lab) == before


@pytest.mark.long
def test_rooms_up_killed_at_any_moment_is_answered_by_running_it_again(lab: LabWithRooms) -> None:
    wanted, dice = digests(lab), random.Random(11)
    for _ in range(5):
        lab.must("rooms", "down")
        for _ in range(2):
            process = lab.start("rooms", "up")
            time.sleep(dice.uniform(1, 25))
            process.kill()
            process.communicate(timeout=60)
        lab.must("rooms", "up", limit=900)
        assert digests(lab) == wanted


def test_a_killed_lab_takes_its_rooms_with_it(lab: LabWithRooms, spec: RoomsSpec) -> None:
    rooms = processes_of(host.name for host in spec.hosts)
    assert rooms
    os.kill(lab.pid(), signal.SIGKILL)
    assert eventually(lambda: not left(rooms), 30), left(rooms)
