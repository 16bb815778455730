"""Real instances as testinfra hosts: reached over SSH at what the city's name servers say, over either family, with
the host keys that their consoles show. One connection for each instance and family is kept for all checks.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import testinfra  # type: ignore[import-untyped]
from testinfra.host import Host  # type: ignore[import-untyped]

from citycloud import paths, proc
from citycloud.city.model import City
from citycloud.cloud.halves import halves
from citycloud.cloud.requirements_machines import name_of, real
from citycloud.cloud.verify_evidence import Sites
from citycloud.cloud.verify_names import Names
from citycloud.cloud.verify_seen import connect, console
from citycloud.drivers.host_keys import host_key

RECORDS = {"ipv4": "A", "ipv6": "AAAA"}
CONNECT_SECONDS = 10


@dataclass
class Instances:
    """Every real instance of the City, by site and machine."""

    city: City
    seen: Sites
    names: Names
    _hosts: dict[str, Host] = field(default_factory=dict)
    _addresses: dict[str, str] = field(default_factory=dict)

    def host(self, site: str, machine: str, family: str = "ipv4") -> Host:
        """The instance to ask, over that family. Raises AssertionError where its name or its host key is unknown."""
        alias = self._alias(site, machine, family)
        if alias not in self._hosts:
            self.address(site, machine, family)
            name = f"{machine}.{site}.{self.city.domain}"
            assert name in self.keys, f"the console of {name} shows no host key"
            self._hosts[alias] = testinfra.get_host(
                f"ssh://{alias}", ssh_config=str(self._config), timeout=CONNECT_SECONDS, controlpersist=0
            )
        return self._hosts[alias]

    def address(self, site: str, machine: str, family: str) -> str:
        """What the site's own name server says that the machine's declared name is."""
        alias = self._alias(site, machine, family)
        if alias not in self._addresses:
            name = f"{machine}.{site}.{self.city.domain}"
            answers = self.names.ask(site, name, RECORDS[family])
            assert len(answers) == 1, f"{name} has {len(answers)} {RECORDS[family]} records, not one"
            self._addresses[alias] = answers[0]
        return self._addresses[alias]

    def fingerprint(self, name: str) -> str:
        """The start of the host key's fingerprint."""
        done = proc.run(["ssh-keygen", "-l", "-f", "-"], stdin=self.keys[name] + "\n", timeout=10)
        return done.stdout.split()[1][:20]

    def offered(self, site: str, machine: str) -> list[str]:
        """The ways to log in that the instance's SSH server offers to a caller without any."""
        alias = self._alias(site, machine, "ipv4")
        self.host(site, machine)
        refused = ["-o", "PreferredAuthentications=none", "-o", "ControlPath=none", "-o", "LogLevel=ERROR"]
        done = proc.run(["ssh", "-F", str(self._config), *refused, alias, "true"], timeout=30, check=False)
        told = re.search(r"Permission denied \(([a-z,-]+)\)", done.stderr)
        assert done.returncode == 255 and told, f"the server let a caller in, or did not answer: {done.stderr[-200:]}"
        return told[1].split(",")

    def close(self) -> None:
        """End the kept connections."""
        for alias in self._hosts:
            with suppress(proc.CommandFailed):
                proc.run(["ssh", "-F", str(self._config), "-O", "exit", alias], timeout=10, check=False)
        shutil.rmtree(self._folder, ignore_errors=True)

    @cached_property
    def keys(self) -> Mapping[str, str]:
        """Host keys by declared name, from the instances' consoles."""
        clouds = {site: connect(site) for site in self.seen.sites}
        found = {}
        for half in halves(self.city):
            if real(half):
                for server in self.seen(half.site.id).servers:
                    if server["name"] == half.machine.id:
                        key = host_key(console(clouds[half.site.id], server["id"]))
                        found[name_of(self.city, half)] = key or ""
        return {name: key for name, key in found.items() if key}

    @cached_property
    def _folder(self) -> Path:
        return Path(tempfile.mkdtemp(prefix="cc-"))

    def _alias(self, site: str, machine: str, family: str) -> str:
        return f"{machine}.{site}.{self.city.domain}.{family}"

    @cached_property
    def _config(self) -> Path:
        """OpenSSH's own configuration: strict host keys, one identity, no question asked, kept connections."""
        known, file = self._folder / "known_hosts", self._folder / "config"
        known.write_text("".join(f"{name} {key}\n" for name, key in self.keys.items()))
        blocks = []
        for half in halves(self.city):
            for family in RECORDS if real(half) else ():
                with suppress(AssertionError):
                    blocks.append(self._block(half.site.id, half.machine.id, family))
        file.write_text("\n".join([*blocks, self._common(known)]))
        return file

    def _block(self, site: str, machine: str, family: str) -> str:
        name = f"{machine}.{site}.{self.city.domain}"
        alias, address = self._alias(site, machine, family), self.address(site, machine, family)
        return f"Host {alias}\n  HostName {address}\n  HostKeyAlias {name}\n"

    def _common(self, known: Path) -> str:
        options = {
            "User": "root",
            "IdentityFile": paths.lab() / "ssh" / "id_ed25519",
            "IdentitiesOnly": "yes",
            "BatchMode": "yes",
            "UserKnownHostsFile": known,
            "GlobalKnownHostsFile": "/dev/null",
            "StrictHostKeyChecking": "yes",
            "KexAlgorithms": "curve25519-sha256",
            "ServerAliveInterval": 5,
            "ServerAliveCountMax": 3,
            "ControlMaster": "auto",
            "ControlPersist": 60,
            "ControlPath": self._folder / "%C",
        }
        return "Host *\n" + "".join(f"  {key} {value}\n" for key, value in options.items())
