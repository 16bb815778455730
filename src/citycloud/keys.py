"""Ed25519 keys of people and of reports: files in OpenSSH's format, readable by their owner only.

A person may use a key made by ``ssh-keygen -t ed25519`` as well. The public half is what is declared in the City.
"""

from __future__ import annotations

import base64
import os
import re
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
    load_ssh_public_key,
)

from citycloud import paths
from citycloud.errors import BadInput
from citycloud.findings import Finding, Place

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def directory() -> Path:
    """Where this user's keys are."""
    return paths.home() / "keys"


@dataclass(frozen=True)
class Key:
    """A private key. Never printed."""

    private: Ed25519PrivateKey

    @property
    def public(self) -> str:
        """``ssh-ed25519 AAAA...``: as it is declared."""
        return self.private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()

    def sign(self, message: bytes) -> str:
        """The signature (RFC 8032), base64."""
        return base64.b64encode(self.private.sign(message)).decode()

    def __repr__(self) -> str:
        return f"Key({self.public})"


def public_key(declared: str) -> Ed25519PublicKey | None:
    """The key of a declaration, comment or not; None if it is no Ed25519 key."""
    try:
        key = load_ssh_public_key(" ".join(declared.split()[:2]).encode())
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, Ed25519PublicKey) else None


def same_key(one: str, other: str) -> bool:
    """Whether two declarations hold the same key, whatever their comments."""
    keys = [public_key(each) for each in (one, other)]
    return None not in keys and keys[0] == keys[1]


def signed(declared: str, message: bytes, signature: str) -> bool:
    """Whether ``signature`` is that of ``message`` by the declared key. Strict base64: one signature, one text."""
    key = public_key(declared)
    try:
        raw = base64.b64decode(signature, validate=True)
        if key is None or base64.b64encode(raw).decode() != signature:
            return False
        key.verify(raw, message)
    except (ValueError, InvalidSignature):
        return False
    return True


def new(name: str, passphrase: str = "") -> Path:
    """Make a key of this user's, and give its file. Raises BadInput for a bad name, and where one is there already."""
    if not NAME.fullmatch(name):
        raise _bad(name, "a key's name is made of small letters, digits and `-`")
    file = paths.private(directory()) / name
    if file.exists():
        raise _bad(str(file), "there is one already; nothing was overwritten")
    keep: KeySerializationEncryption = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    private = Ed25519PrivateKey.generate()
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, keep))
    file.with_name(f"{name}.pub").write_text(f"{Key(private).public} {name}\n")
    return file


def load(file: Path, passphrase: str = "") -> Key:
    """The private key in a file. Raises BadInput where it can't be read, is no such key, or others may read it."""
    try:
        mode = file.stat()
        if mode.st_mode & 0o077:
            raise _bad(str(file), "others than its owner may read it", f"chmod 600 {file}")
        key = load_ssh_private_key(file.read_bytes(), passphrase.encode() if passphrase else None)
    except OSError as fault:
        raise _bad(str(file), str(fault.strerror), "citycloud keys new NAME") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _bad(str(file), "no Ed25519 key, or its passphrase is another") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise _bad(str(file), "not an Ed25519 key")
    return Key(key)


def find(name: str) -> Path:
    """A key's file: a path, or the name of one of this user's keys."""
    return directory() / name if NAME.fullmatch(name) else Path(name)


def _bad(what: str, message: str, suggestion: str = "") -> BadInput:
    return BadInput("This key can't be used.", [Finding("key", Place(object=what), message, suggestion)])
