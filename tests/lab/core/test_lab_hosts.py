"""Six plain hosts, reached from here as any other machine: by ssh, over IPv4 and IPv6."""

from __future__ import annotations

import json
import subprocess
import time

import pytest
from labs import MEGABITS, TestLab

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def lab(bare: TestLab) -> TestLab:
    bare.up()
    return bare


def test_every_host_answers_to_its_name_over_both_families(lab: TestLab) -> None:
    lab.assert_right()


def test_hosts_run_systemd_without_a_failed_unit(lab: TestLab) -> None:
    for host in lab.spec.hosts:
        assert lab.ssh(host.name, "systemctl is-system-running --wait || systemctl --failed") == "running\n"


def test_no_two_hosts_share_an_identity(lab: TestLab) -> None:
    seen = [lab.ssh(host.name, "cat /etc/machine-id; cat /etc/ssh/ssh_host_ed25519_key.pub") for host in lab.spec.hosts]
    assert len(set(seen)) == len(lab.spec.hosts)


def test_a_key_that_is_not_the_labs_is_refused(lab: TestLab, tmp_path_factory: pytest.TempPathFactory) -> None:
    key = tmp_path_factory.mktemp("key") / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True, timeout=30)
    known = f"-oUserKnownHostsFile={lab.files.ssh / 'known_hosts'}"
    address = str(lab.spec.hosts[0].addresses.ipv4)
    argv = ["ssh", "-F", "/dev/null", "-oBatchMode=yes", "-oIdentitiesOnly=yes", known, "-i", str(key), address, "true"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 255 and "Permission denied (publickey)" in done.stderr


def test_hosts_of_one_carrier_reach_those_of_the_other_over_both_families(lab: TestLab) -> None:
    west = lab.spec.host("west-lxc").addresses
    for address in (west.ipv4, west.ipv6):
        probe = f"import socket; print(socket.create_connection(('{address}', 22), 5).recv(4).decode())"
        assert lab.ssh("east-qemu", f'python3 -c "{probe}"') == "SSH-\n"


def test_the_link_between_carriers_is_as_slow_as_declared_and_lines_within_one_are_not(lab: TestLab) -> None:
    def seconds(source: str, target: str, mebibytes: int) -> float:
        address = lab.spec.host(target).addresses.ipv6
        receive = (
            "import socket; s = socket.create_server(('::', 9), family=socket.AF_INET6); print('ready', flush=True)\n"
            "c = s.accept()[0]\nwhile c.recv(1 << 16): pass"
        )
        send = (
            "import socket, time; began = time.monotonic()\n"
            f"with socket.create_connection(('{address}', 9), 10) as s:\n"
            f"    s.sendall(bytes({mebibytes} << 20)); s.shutdown(socket.SHUT_WR); s.recv(1)\n"
            "print(time.monotonic() - began)"
        )
        config = str(lab.files.ssh / "config")
        argv = ["ssh", "-F", config, target, f'python3 -c "{receive}"']
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None and server.stdout.readline() == "ready\n"
            spent = float(lab.ssh(source, f'python3 -c "{send}"'))
            server.wait(timeout=30)
        return spent

    size = 10
    least = size * 8 * 1.048576 / MEGABITS
    assert seconds("east-ctl", "west-ctl", size) > 0.75 * least  # the filter's burst goes through at once
    assert seconds("east-ctl", "east-lxc", size) < 0.75 * least


def test_hypervisors_and_controller_of_a_site_share_a_directory_and_sites_do_not(lab: TestLab) -> None:
    lab.ssh("east-ctl", "echo of east > /srv/nfs/probe")
    assert lab.ssh("east-qemu", "cat /srv/nfs/probe") == "of east\n"
    assert lab.ssh("west-qemu", "ls /srv/nfs") == ""


def test_this_machine_has_one_device_of_the_lab_and_no_bridge(lab: TestLab) -> None:
    seen = subprocess.run(["ip", "-json", "link"], capture_output=True, text=True, timeout=30, check=True).stdout
    names = [link["ifname"] for link in json.loads(seen)]
    assert lab.files.device in names
    assert not {"mgmt", "ext", "uplink", "br-ex"} & set(names)


def test_status_tells_addresses_memory_and_age(lab: TestLab) -> None:
    seen = lab.status()
    assert seen["pid"] == lab.pid() and seen["age"] >= 0
    for host, wanted in zip(seen["hosts"], lab.spec.hosts, strict=True):
        assert (host["name"], host["ipv4"], host["ipv6"]) == (
            wanted.name,
            str(wanted.addresses.ipv4),
            str(wanted.addresses.ipv6),
        )
        assert 1 < host["memory_mib"] < 100


def test_up_again_boots_only_the_host_that_is_missing(lab: TestLab) -> None:
    pid = lab.pid()
    boots = {host.name: lab.ssh(host.name, "stat -c %Y /run/systemd/system") for host in lab.spec.hosts}
    time.sleep(1.1)  # the marks above have whole seconds
    lab.run("shell", "west-qemu", "systemctl", "poweroff")
    lab.up()
    lab.assert_right()
    assert lab.pid() == pid
    again = {host.name: lab.ssh(host.name, "stat -c %Y /run/systemd/system") for host in lab.spec.hosts}
    assert {name for name in boots if boots[name] != again[name]} == {"west-qemu"}


def test_a_second_up_meanwhile_is_refused_by_name(lab: TestLab) -> None:
    with lab.files.lock.open("r+") as held:
        import fcntl

        fcntl.flock(held, fcntl.LOCK_EX)
        done = lab.run("up", "--bare")
    assert done.returncode == 1 and "is being changed by" in done.stderr and "Traceback" not in done.stderr


def test_another_shape_is_refused_while_this_lab_lives(lab: TestLab) -> None:
    pid = lab.pid()
    done = lab.run("up")
    assert done.returncode == 2 and "citycloud lab down" in done.stderr
    assert lab.pid() == pid


def test_an_unknown_host_is_refused_with_the_names_there_are(lab: TestLab) -> None:
    done = lab.run("shell", "north-ctl", "true")
    assert done.returncode == 2 and "east-ctl" in done.stderr
