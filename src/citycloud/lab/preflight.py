"""Why no lab can stand on this machine: every reason at once, before anything is touched.

Standard library only: ``make up`` asks this before anything is installed.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_interface, ip_network
from pathlib import Path

from citycloud import paths
from citycloud.findings import Finding, Place
from citycloud.lab.handle import Files, living
from citycloud.lab.ranges import INFRASTRUCTURE_IPV4, INFRASTRUCTURE_IPV6

Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Needs:
    """What a lab needs, in GiB: memory in all, memory to be had now, free disk."""

    memory: int
    available: int
    disk: int


WHOLE = Needs(memory=15, available=11, disk=20)
"""Both clouds idle in less than 10 GiB; the rest is for instances and builds (a 16 GiB machine shows 15 and some)."""
BARE = Needs(memory=1, available=1, disk=3)
"""Hosts without OpenStack on them."""

COMMANDS = {
    "systemd-nspawn": "systemd-container",
    "debootstrap": "debootstrap",
    "ip": "iproute2",
    "tc": "iproute2",
    "nsenter": "util-linux",
    "unshare": "util-linux",
    "setpriv": "util-linux",
    "losetup": "mount",
    "mkfs.ext4": "e2fsprogs",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
}
"""What the lab runs on this machine, and the Debian package that brings it."""


@dataclass(frozen=True)
class Facts:
    """What matters of a machine. Sizes in GiB; networks in use with what uses them, in a person's words."""

    uid: int
    system: str
    """Distribution and version, as ``debian 12``."""
    architecture: str
    memory: float
    available: float
    """Memory that can be had now; a living lab's own use does not count against it."""
    disk: float
    disk_at: str
    used: tuple[tuple[Network, str], ...] = ()
    ipv6: bool = True
    """Whether the kernel lets devices have IPv6 addresses."""
    missing: tuple[str, ...] = field(default=())
    """Commands of COMMANDS that are not there."""


def judge(facts: Facts, ranges: Iterable[Network], needs: Needs = WHOLE) -> list[Finding]:
    """Every reason against a lab with these address ranges and needs on such a machine. Pure."""
    return [*_judge_machine(facts), *_judge_sizes(facts, needs), *_judge_ranges(facts, ranges), *_judge_commands(facts)]


def _finding(kind: str, message: str, suggestion: str) -> Finding:
    return Finding(kind, Place(object="this machine"), message, suggestion)


def _judge_machine(facts: Facts) -> list[Finding]:
    found = []
    if facts.uid != 0:
        found.append(_finding("not-root", "the lab makes namespaces and mounts: that takes root", "run it as root"))
    if facts.system != "debian 12":
        text = f"this is {facts.system or 'an unknown system'}; the lab is made for Debian 12"
        found.append(_finding("wrong-system", text, "use a machine (or virtual machine) with Debian 12"))
    if facts.architecture != "x86_64":
        text = f"this is {facts.architecture}; the lab's hosts are x86_64"
        found.append(_finding("wrong-architecture", text, "use an x86_64 machine"))
    if not facts.ipv6:
        text = "IPv6 is disabled here; the lab is reached over both families"
        found.append(
            _finding("no-ipv6", text, "sysctl net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0")
        )
    return found


def _judge_sizes(facts: Facts, needs: Needs) -> list[Finding]:
    found = []
    if facts.memory < needs.memory:
        text = f"{facts.memory:.1f} GiB of memory; the lab needs {needs.memory}"
        found.append(_finding("too-little-memory", text, "use a machine with 16 GiB or more"))
    elif facts.available < needs.available:
        text = f"only {facts.available:.1f} GiB of memory are available; the lab needs {needs.available}"
        found.append(_finding("too-little-memory", text, "end what else is running"))
    if facts.disk < needs.disk:
        text = f"{facts.disk:.1f} GiB are free at {facts.disk_at}; the lab and its cache need {needs.disk}"
        found.append(_finding("too-little-disk", text, "free some, or move it with CITYCLOUD_CACHE or CITYCLOUD_LAB"))
    return found


def _judge_ranges(facts: Facts, ranges: Iterable[Network]) -> list[Finding]:
    return [
        _finding(
            "range-in-use",
            f"the lab's range {mine} overlaps {theirs}, in use here by {user}",
            "change it in the city's sites.yaml, or take that network off this machine",
        )
        for mine in ranges
        for theirs, user in facts.used
        if mine.version == theirs.version and mine.overlaps(theirs)
    ]


def _judge_commands(facts: Facts) -> list[Finding]:
    if not facts.missing:
        return []
    packages = " ".join(sorted({COMMANDS[name] for name in facts.missing}))
    text = f"missing: {', '.join(facts.missing)}"
    return [_finding("missing-commands", text, f"`make up` installs them; by hand: apt-get install {packages}")]


def declared_ranges(city: Path) -> list[Network]:
    """Every address range that the City's files name, and the lab's own; found without a YAML reader."""
    file = city / "sites.yaml"
    text = file.read_text() if file.is_file() else ""
    words = re.findall(r"[0-9a-fA-F.:]+/\d+", re.sub(r"#.*", "", text))
    return [ip_network(word, strict=False) for word in [INFRASTRUCTURE_IPV4, INFRASTRUCTURE_IPV6, *words]]


def host_findings(city: Path) -> list[Finding]:
    """What forbids a lab of the City in directory ``city`` here, commands that can be installed apart."""
    return judge(observe(commands=False), declared_ranges(city))


def _gib(path: Path) -> float:
    """Free space where ``path`` is, or would be made."""
    while not os.path.exists(path):  # noqa: PTH110  (Path.exists raises where a directory above may not be read)
        path = path.parent
    return shutil.disk_usage(path).free / 2**30


def _system(text: str) -> str:
    fields = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    return f"{fields.get('ID', '')} {fields.get('VERSION_ID', '')}".replace('"', "").strip()


def _ip(*arguments: str) -> list[dict[str, object]]:
    """What ``ip -json`` tells; nothing where there is no ``ip`` yet (it is asked again once it is installed)."""
    if shutil.which("ip") is None:
        return []
    argv = ["ip", "-json", *arguments]
    seen = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False).stdout
    told: list[dict[str, object]] = json.loads(seen) if seen.strip() else []
    return told


def networks_in_use(
    addresses: Sequence[dict[str, object]],
    routes: Sequence[dict[str, object]],
    neighbours: Sequence[dict[str, object]],
    own: str,
) -> list[tuple[Network, str]]:
    """Networks that the machine's addresses, routes and neighbours (as ``ip -json`` tells them) occupy. Pure.

    Default routes cover everything and occupy nothing; the lab's ``own`` device does not count.
    """
    used: list[tuple[Network, str]] = []
    for device in addresses:
        infos = device.get("addr_info")
        for info in infos if isinstance(infos, list) else []:
            network = ip_interface(f"{info['local']}/{info['prefixlen']}").network
            used.append((network, f"an address of {device['ifname']}"))
    routed = [(route, f"a route by {route.get('dev', route.get('type', '?'))}") for route in routes]
    heard = [(neighbour, f"a neighbour on {neighbour.get('dev', '?')}") for neighbour in neighbours]
    for entry, user in [*routed, *heard]:
        if entry.get("dst") != "default":
            used.append((ip_network(str(entry["dst"]), strict=False), user))
    return [(network, user) for network, user in dict.fromkeys(used) if not user.endswith(f" {own}")]


def _allows_ipv6(settings: Path = Path("/proc/sys/net/ipv6/conf")) -> bool:
    switches = [settings / name / "disable_ipv6" for name in ("all", "default")]
    return all(switch.exists() and switch.read_text().strip() == "0" for switch in switches)


def _available(files: Files) -> float:
    """GiB of memory to be had; with a living lab, what it uses already is taken for available."""
    if living(files) is not None:
        return float(WHOLE.available)
    return _meminfo("MemAvailable")


def _meminfo(name: str) -> float:
    text = Path("/proc/meminfo").read_text()
    return int(re.findall(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)[0]) / 2**20


def observe(*, commands: bool = True) -> Facts:
    """This machine, as it is; whether COMMANDS are there only where ``commands`` is asked for."""
    files = Files.default()
    places = [(paths.cache(), _gib(paths.cache())), (files.home, _gib(files.home))]
    tightest = min(places, key=lambda place: place[1])
    alive = living(files) is not None
    release = Path("/etc/os-release")
    routes = [*_ip("-4", "route", "show", "table", "all"), *_ip("-6", "route", "show", "table", "all")]
    return Facts(
        uid=os.geteuid(),
        system=_system(release.read_text()) if release.exists() else "",
        architecture=platform.machine(),
        memory=_meminfo("MemTotal"),
        available=_available(files),
        disk=float(WHOLE.disk) if alive else tightest[1],
        disk_at=str(tightest[0]),
        used=tuple(networks_in_use(_ip("address"), routes, _ip("neighbour"), files.device)),
        ipv6=_allows_ipv6(),
        missing=tuple(name for name in COMMANDS if commands and shutil.which(name) is None),
    )
