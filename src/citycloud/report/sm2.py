"""SM2 signatures with SM3 (GB/T 32918, GB/T 32905) by the ``openssl`` command: no Python library here has them."""

from __future__ import annotations

import base64
import os
import shutil
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from citycloud import proc

LIMIT = 30.0


@dataclass(frozen=True)
class Signature:
    """``key``: the public key, PEM. ``signature``: base64 of the DER."""

    key: str
    signature: str


@lru_cache(maxsize=1)
def available() -> bool:
    """Whether this machine's OpenSSL signs with SM2 and SM3."""
    if shutil.which("openssl") is None:
        return False
    found = proc.run(["openssl", "list", "-public-key-algorithms", "-digest-algorithms"], timeout=LIMIT, check=False)
    return "SM2" in found.stdout and "SM3" in found.stdout


def new(file: Path) -> None:
    """Make a private key, readable by its owner only. Raises CommandFailed."""
    key = proc.run(
        ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2"], timeout=LIMIT
    ).stdout
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(key)
    file.with_name(f"{file.name}.pub").write_text(public(file))


def public(file: Path) -> str:
    return proc.run(["openssl", "pkey", "-in", str(file), "-pubout"], timeout=LIMIT).stdout


def sign(file: Path, message: bytes) -> Signature:
    """Raises CommandFailed."""
    with tempfile.TemporaryDirectory() as name:
        told, made = Path(name, "message"), Path(name, "signature")
        told.write_bytes(message)
        argv = ["openssl", "pkeyutl", "-sign", "-rawin", "-digest", "sm3", "-inkey", str(file), "-in", str(told)]
        proc.run([*argv, "-out", str(made)], timeout=LIMIT)
        return Signature(public(file), base64.b64encode(made.read_bytes()).decode())


def holds(signature: Signature, message: bytes) -> bool:
    with tempfile.TemporaryDirectory() as name:
        told, made, key = Path(name, "message"), Path(name, "signature"), Path(name, "key")
        told.write_bytes(message)
        made.write_bytes(base64.b64decode(signature.signature, validate=True))
        key.write_text(signature.key)
        argv = ["openssl", "pkeyutl", "-verify", "-rawin", "-digest", "sm3", "-pubin", "-inkey", str(key)]
        return proc.run([*argv, "-in", str(told), "-sigfile", str(made)], timeout=LIMIT, check=False).returncode == 0
