"""What was seen of a host itself: its system, what is installed, what runs, listens and talks, who may log in."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from citycloud.city.model import Noun


class Os(Noun):
    """The operating system and the machine under it."""

    id: str
    """As /etc/os-release has it: ``debian``."""
    version: str
    codename: str = ""
    name: str = ""
    kernel: str
    arch: str
    """As ``uname -m`` says: ``x86_64``, ``aarch64``."""
    hostname: str
    timezone: str = ""
    locale: str = ""
    virtual: str = ""
    """What systemd-detect-virt says; ``none`` for a machine of its own."""
    cores: int = Field(gt=0)
    memory_mib: int = Field(gt=0)
    swap_mib: int = Field(ge=0, default=0)
    up_seconds: float = 0.0
    clock_ahead_seconds: float = 0.0
    """The host's clock less the observer's."""
    clock_within_seconds: float = 0.0
    """How far the figure above may be wrong: half the time that asking took."""
    clock_kept: bool | None = None
    """Whether something keeps the clock (NTP); None where the host can't say."""
    login: dict[str, str] = Field(default_factory=dict)
    """sshd's effective settings that matter: permitrootlogin, passwordauthentication, permitemptypasswords."""


class Package(Noun):
    name: str
    version: str
    arch: str
    """``all`` for packages without machine code."""


class Program(Noun):
    """A file of machine code, or of bytecode without its source, that belongs to no package."""

    path: str
    kind: Literal["elf", "bytecode", "archive"]
    arch: str = ""
    """For ELF: the machine that it is for."""
    bytes: int = Field(ge=0)
    runs: bool = False
    """Whether a process runs from it now."""


class Service(Noun):
    """A unit of the init system."""

    name: str
    state: str
    """``running``, ``exited``, ``failed``, ``dead``."""
    enabled: str = ""
    user: str = ""
    command: str = ""
    """Without secrets: see discover/hide.py."""
    memory_mib: int = 0


class Port(Noun):
    """A socket that is listened on."""

    protocol: Literal["tcp", "udp"]
    address: str
    """``*`` for every address."""
    port: int = Field(ge=0, le=65535)
    process: str = ""

    @property
    def reachable(self) -> bool:
        """Whether it can be reached from other hosts at all."""
        return not (self.address.startswith("127.") or self.address == "::1")


class Connection(Noun):
    """TCP connections to or from one peer, over all looks that were taken."""

    inbound: bool
    """Whether the peer called; told by who listens on the port."""
    port: int
    """The port that is listened on: here if inbound, at the peer otherwise."""
    peer: str
    """An address."""
    process: str = ""
    sightings: int = Field(gt=0)
    """In how many looks it was there."""


class Filesystem(Noun):
    mount: str
    device: str
    kind: str
    size_mib: int = Field(ge=0)
    used_mib: int = Field(ge=0)


class User(Noun):
    """An account, without its secret."""

    name: str
    uid: int
    home: str = ""
    shell: str = ""
    groups: tuple[str, ...] = ()
    password: Literal["none", "locked", "empty", "weak-hash", "hashed", "unseen"]
    """``weak-hash``: DES or MD5 crypt. The hash itself is never taken along."""
    keys: int = 0
    """Public keys that may log in."""


class CronJob(Noun):
    owner: str
    schedule: str
    """The five fields, or ``@daily`` and its like."""
    command: str
    """Without secrets."""
    place: str
    """``file:line`` on the host."""
