"""A lab of hosts only with water's machine room beside it, whose Debian 12 hosts are given what the image will have.

``CITYCLOUD_MOVE_LAB`` names the home of such a lab that stands already: it is used, and left standing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

for beside in ("core", "legacy"):
    sys.path.insert(0, str(Path(__file__).parents[1] / beside))
sys.path.insert(0, str(Path(__file__).parents[2] / "spine"))

from labs import write_city  # noqa: E402
from moves import NEW, lab_world  # noqa: E402
from rooms import LabWithRooms  # noqa: E402

from citycloud.action import World  # noqa: E402
from citycloud.drivers.ssh import Ssh  # noqa: E402
from citycloud.lab import cache  # noqa: E402

PACKAGES = ("postgresql-15", "python3-psycopg2", "nginx-core", "gunicorn", "rsync", "locales")
RANGES = {
    "10.101.": "10.141.",
    "10.102.": "10.142.",
    "10.111.": "10.143.",
    "10.112.": "10.144.",
    "10.100.0": "10.140.0",
    "2001:db8:a": "2001:db8:c",
    "2001:db8:b": "2001:db8:d",
    "2001:db8:f000": "2001:db8:e000",
    "megabits: 40": "megabits: 1000",
}
ROOMS = """rooms:
  - id: water-room
    name: Water
    department: works
    carrier: carrier-a
    megabits: 200
    network: {ipv4: 192.168.141.0/24, ipv6: "fd00:c1:141::/64"}
    seed: 110
    mebibytes: 8
    hosts:
      - {id: was-web, number: 11, system: permits, role: web, runs: gauges-web}
      - {id: was-db, number: 12, system: permits, role: db, runs: gauges-db}
      - {id: was-files, number: 13, system: permits, role: files, runs: gauges-files}
"""
INSTALL = """
set -e
printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d
mkdir -p /root/debs; tar -C /root/debs -xf -
export DEBIAN_FRONTEND=noninteractive
dpkg --force-unsafe-io -i /root/debs/*.deb > /root/dpkg.log 2>&1 || (tail -5 /root/dpkg.log; exit 1)
rm -r /root/debs /usr/sbin/policy-rc.d
systemctl disable --quiet --now nginx postgresql || true
"""


@pytest.fixture(scope="module")
def move_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The home of the lab."""
    if standing := os.environ.get("CITYCLOUD_MOVE_LAB"):
        yield Path(standing)
        return
    here: Path = tmp_path_factory.mktemp("moves")
    city = write_city(here / "city")
    sites = city / "sites.yaml"
    text = sites.read_text()
    for old, new in RANGES.items():
        text = text.replace(old, new)
    sites.write_text(text)
    (here / "rooms.yaml").write_text(ROOMS)
    lab = LabWithRooms(here / "lab", city, here / "rooms.yaml")
    try:
        lab.must("up", "--bare", "--rooms", limit=1500)
        _install(lab, here)
        yield lab.home
    finally:
        lab.down()


def _install(lab: LabWithRooms, here: Path) -> None:
    """Debian's packages, fetched with this machine's own sources (checked by apt), put into the bare hosts."""
    debs, state = here / "debs", here / "status"
    (debs / "partial").mkdir(parents=True)
    shutil.copy(cache.base_path() / "var/lib/dpkg/status", state)
    options = [f"Dir::State::status={state}", f"Dir::Cache::archives={debs}", "Debug::NoLocking=1"]
    options += ["APT::Sandbox::User=root"]
    fetch = ["apt-get", *(word for option in options for word in ("-o", option)), "-y", "--no-install-recommends"]
    subprocess.run([*fetch, "--download-only", "install", *PACKAGES], check=True, capture_output=True, timeout=600)
    packed = subprocess.run(["tar", "-C", str(debs), "--exclude=partial", "-cf", "-", "."], check=True,
                            capture_output=True, timeout=120).stdout  # fmt: skip
    config = str(lab.files.ssh / "config")
    ssh = Ssh({host: ("-F", config, host) for host in NEW})
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda host: ssh.octets(host, INSTALL, packed, 600), NEW))
    ssh.close()


@pytest.fixture
def world(move_lab: Path) -> Iterator[World]:
    found = lab_world(move_lab)
    yield found
    found.close()
