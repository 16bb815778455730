"""What was seen of files: trees that hold data, certificates, addresses and secrets written into configuration."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from citycloud.city.model import Noun


class Tree(Noun):
    """A directory with data in it. Bytes are what the files hold, each hard-linked file counted once."""

    path: str
    files: int = Field(ge=0)
    directories: int = Field(ge=0, default=0)
    links: int = Field(ge=0, default=0)
    """Symbolic."""
    others: int = Field(ge=0, default=0)
    """Sockets, pipes, devices."""
    bytes: int = Field(ge=0)
    largest_bytes: int = Field(ge=0, default=0)
    hour_bytes: int = Field(ge=0, default=0)
    """In files changed within the last hour before looking."""
    day_bytes: int = Field(ge=0, default=0)
    dirty_bytes_per_second: float = Field(ge=0, default=0.0)
    """In files that changed between the two looks, for every second between them."""
    names_beyond_utf8: int = Field(ge=0, default=0)
    """File names that are no UTF-8 (GBK, as a rule)."""
    special: bool = False
    """Whether extended attributes or ACLs are in use."""
    unread: int = Field(ge=0, default=0)
    """What could not be looked into."""


class SealedKey(Noun):
    """A private key that lies at the source: where, and which. The key itself is not here, and was not taken."""

    path: str
    public_sha256: str = ""
    """SHA-256 of the public half (SubjectPublicKeyInfo, DER), hexadecimal; empty where the key asks for a password."""
    mode: str
    """Octal permissions, ``0600``."""
    owner: str
    kind: Literal["plain", "encrypted"] = "plain"


class Certificate(Noun):
    path: str
    subject: str
    issuer: str
    names: tuple[str, ...] = ()
    """Subject alternative names."""
    begins: datetime
    expires: datetime
    key_kind: str
    """``RSA 2048``, ``EC secp256r1``, ``Ed25519``."""
    public_sha256: str
    """As SealedKey has it: what says which key belongs to it."""
    self_signed: bool = False


class Mention(Noun):
    """An address written into a file. The line itself is not kept: it may hold a secret."""

    file: str
    line: int = Field(gt=0)
    address: str
    port: int | None = None
    setting: str = ""
    """The word before it: ``db_host``."""


class ClearSecret(Noun):
    """A secret written in the clear into a file: where, never what."""

    file: str
    line: int = Field(gt=0)
    setting: str
    common: bool = False
    """Whether it is one of the words that everybody tries first."""
    world_readable: bool = False
