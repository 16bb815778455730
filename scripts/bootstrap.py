#!/usr/bin/env python3
"""Install what `make up` and `make test` need on Debian 12: Debian packages and the locked virtual environment.

Standard library only: it runs before anything is installed. What forbids a lab on this machine is said first, all of
it at once, before anything is touched (exit code 2).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
PACKAGES = (
    "ca-certificates",
    "debootstrap",
    "e2fsprogs",
    "git",
    "iproute2",
    "nftables",
    "openssh-client",
    "postgresql-15",  # the journal's tests make clusters of their own with it
    "python3-venv",
    "systemd-container",
)
POSTGRESQL = "postgresql-15"
CLUSTERS = Path("/etc/postgresql-common/createcluster.d")
APT_MINUTES = 20
PIP_MINUTES = 15


def say(text: str) -> None:
    print(f"bootstrap: {text}", flush=True)


def missing_packages() -> list[str]:
    """The Debian packages that are not installed yet."""
    query = ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *PACKAGES]
    seen = subprocess.run(query, capture_output=True, text=True, timeout=60, check=False).stdout
    there = {line.split()[0] for line in seen.splitlines() if line.endswith(" installed")}
    return [package for package in PACKAGES if package not in there]


def no_cluster_of_its_own(missing: list[str], folder: Path = CLUSTERS) -> None:
    """Debian starts a server when PostgreSQL is installed; here nobody wants one. Where PostgreSQL is installed
    already, somebody chose how: nothing is changed."""
    if POSTGRESQL in missing:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "citycloud.conf").write_text("create_main_cluster = false\n")


def install_packages(packages: list[str]) -> None:
    no_cluster_of_its_own(packages)
    say(f"Debian packages: {' '.join(packages)} ...")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for argv in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
    ):
        subprocess.run(argv, env=env, timeout=APT_MINUTES * 60, check=True, stdout=subprocess.DEVNULL)


def wanted() -> str:
    """What the virtual environment must hold, and where: it is made anew when this changes."""
    inputs = LOCK.read_bytes() + (ROOT / "pyproject.toml").read_bytes() + str(ROOT).encode() + sys.version.encode()
    return hashlib.sha256(inputs).hexdigest()


def make_venv() -> None:
    say("virtual environment from requirements.lock ...")
    shutil.rmtree(VENV, ignore_errors=True)
    venv.create(VENV, with_pip=True)
    pip = [str(VENV / "bin" / "pip"), "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", str(LOCK)], timeout=PIP_MINUTES * 60, check=True)
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT)], timeout=PIP_MINUTES * 60, check=True)


def preflight() -> int:
    """The number of reasons why no lab can stand here; each has been printed."""
    sys.path.insert(0, str(ROOT / "src"))
    from citycloud.lab.preflight import host_findings

    findings = host_findings(ROOT / "inventories" / "wuwei" / "city")
    for finding in findings:
        print(finding, file=sys.stderr)
    return len(findings)


def main() -> int:
    if preflight():
        return 2
    packages = missing_packages()
    if packages:
        install_packages(packages)
    stamp = VENV / ".ready"
    if not stamp.exists() or stamp.read_text() != wanted():
        make_venv()
        stamp.write_text(wanted())
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as fault:
        say(f"failed: {fault}; nothing else was changed. Mend it and run the same command again.")
        sys.exit(1)
