"""SSH host keys of real machines, learnt from their consoles over the cloud's API (with TLS), not from the network.

A machine tells its public host key to its console at every start, between two marks. What was learnt is kept beside
the lab's other keys for as long as the lab stands; a machine's line counts while its server is the same one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import requests
from keystoneauth1.exceptions import ClientException
from openstack.exceptions import SDKException

from citycloud import paths
from citycloud.cloud.verify_seen import connect, console
from citycloud.drivers.inventory import RealMachine
from citycloud.errors import CitycloudError

KEY_EXCHANGE = "curve25519-sha256"
"""Three times quicker than OpenSSH's first choice; the guest image offers no other."""
MARKS = re.compile(r"-----BEGIN SSH HOST KEY KEYS-----\n(.*?)-----END SSH HOST KEY KEYS-----", re.DOTALL)
KEY = re.compile(r"^(ssh-ed25519 [A-Za-z0-9+/]{68})(?: |$)", re.MULTILINE)
NO_ANSWER = (CitycloudError, SDKException, ClientException, requests.RequestException)


@dataclass(frozen=True)
class Login:
    """How to log in to real machines: as root, with the lab's key, to nobody whose host key is not known."""

    key: Path
    known_hosts: Path

    def options(self) -> dict[str, str]:
        """Options of OpenSSH's client, by name."""
        return {
            "User": "root",
            "IdentityFile": str(self.key),
            "IdentitiesOnly": "yes",
            "BatchMode": "yes",
            "UserKnownHostsFile": str(self.known_hosts),
            "GlobalKnownHostsFile": "/dev/null",
            "StrictHostKeyChecking": "yes",
            "KexAlgorithms": KEY_EXCHANGE,
            "ConnectTimeout": "20",
        }

    def arguments(self) -> tuple[str, ...]:
        """The options as arguments of ssh, scp and sftp."""
        return tuple(word for name, value in self.options().items() for word in ("-o", f"{name}={value}"))


def login() -> Login:
    ssh = paths.lab().absolute() / "ssh"
    return Login(ssh / "id_ed25519", ssh / "machines_known_hosts")


def host_key(log: str) -> str | None:
    """The host key that a console log shows between its marks: the last start's, where it shows several."""
    shown = [key for told in MARKS.findall(log.replace("\r", "")) for key in KEY.findall(told)]
    return str(shown[-1]) if shown else None


def known_line(machine: RealMachine, key: str) -> str:
    """A line of known_hosts: every name the machine is called by, its key, and the server that showed it."""
    return f"{machine.name},{machine.ipv4},{machine.ipv6} {key} {machine.server_id}"


def still_known(lines: Iterable[str], machines: Iterable[RealMachine]) -> dict[str, str]:
    """Lines that tell of ``machines`` as they are now, by machine's name."""
    now = {(f"{one.name},{one.ipv4},{one.ipv6}", one.server_id): one.name for one in machines}
    found = {}
    for line in lines:
        words = line.split()
        if len(words) == 4 and (words[0], words[3]) in now:
            found[now[words[0], words[3]]] = line
    return found


def learn(machines: Collection[RealMachine], *, again: bool = False) -> frozenset[str]:
    """Learn the host keys that are not known yet (or, with ``again``, all), and give back the names of the known.

    A machine whose console shows no key yet, or whose cloud does not answer, stays as it was: where it was unknown,
    nobody logs in to it.
    """
    file = login().known_hosts
    if not file.parent.is_dir():
        return frozenset()
    old = file.read_text().splitlines() if file.is_file() else []
    known = still_known(old, machines)
    asked: dict[str, list[RealMachine]] = {}
    for machine in machines:
        if again or machine.name not in known:
            asked.setdefault(machine.site, []).append(machine)
    with ThreadPoolExecutor(max(len(asked), 1)) as pool:
        for found in pool.map(lambda site: _ask(site, asked[site]), asked):
            known.update(found)
    if asked or len(known) != len(old):
        _write(file, known)
    return frozenset(known)


def _ask(site: str, machines: Iterable[RealMachine]) -> Mapping[str, str]:
    """Lines for those of a site's machines whose consoles show a key."""
    found: dict[str, str] = {}
    with suppress(*NO_ANSWER):
        cloud = connect(site)
        for machine in machines:
            with suppress(*NO_ANSWER):
                if key := host_key(console(cloud, machine.server_id)):
                    found[machine.name] = known_line(machine, key)
    return found


def _write(file: Path, known: Mapping[str, str]) -> None:
    """Whole or not at all: another tool may be reading it."""
    new = file.with_name(f"{file.name}.new")
    new.write_text("".join(f"{known[name]}\n" for name in sorted(known)))
    new.replace(file)
