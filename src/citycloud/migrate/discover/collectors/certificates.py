"""Certificates as they are (they are public), and of private keys only where they lie and which: {"seconds": limit}."""

# ruff: noqa: PTH113, PTH114, PTH116, PTH118, PTH123
from __future__ import annotations

import hashlib
import json
import os
import pwd
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

PLACES = ("/etc", "/opt", "/srv", "/usr/local", "/var/lib", "/var/www", "/home", "/root")
SKIP = ("/etc/ssl/certs", "/etc/ca-certificates", "/usr/share", "/var/lib/dpkg", "/var/lib/apt", "/var/lib/docker")
NAME = re.compile(r"\.(pem|crt|cer|key|cert)$|_key$|^id_[a-z0-9]+$")
CERTIFICATE = re.compile(rb"-----BEGIN (?:TRUSTED )?CERTIFICATE-----.*?-----END (?:TRUSTED )?CERTIFICATE-----", re.S)
KEY = re.compile(rb"-----BEGIN ([A-Z ]*)PRIVATE KEY-----(.{0,400})", re.S)
LARGEST, MOST_IN_ONE = 1 << 20, 20


def files(places: tuple[str, ...], until: float) -> Iterator[str]:
    for place in places:
        for here, directories, names in os.walk(place):
            directories[:] = [name for name in directories if not os.path.join(here, name).startswith(SKIP)]
            if time.time() > until:
                return
            for name in names:
                path = os.path.join(here, name)
                if NAME.search(name) and os.path.isfile(path) and not os.path.islink(path):
                    yield path


def owner(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def public(path: str) -> str:
    """SHA-256 of the public half; the private one goes from the file to openssl here, and nowhere else."""
    words = ["openssl", "pkey", "-in", path, "-pubout", "-outform", "DER", "-passin", "pass:"]
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return hashlib.sha256(done.stdout).hexdigest() if done.returncode == 0 and done.stdout else ""


def key_of(path: str, status: os.stat_result, held: bytes) -> dict[str, Any] | None:
    found = KEY.search(held)
    if not found:
        return None
    sealed = b"ENCRYPTED" in found.group(1) or b"ENCRYPTED" in found.group(2)
    return {
        "path": path,
        "mode": f"{status.st_mode & 0o7777:04o}",
        "owner": owner(status.st_uid),
        "kind": "encrypted" if sealed else "plain",
        "public_sha256": "" if sealed else public(path),
    }


def main(given: dict[str, Any], places: tuple[str, ...] = PLACES) -> None:
    certificates, keys = [], []
    for path in files(places, time.time() + given["seconds"]):
        try:
            status = os.stat(path)
            if status.st_size > LARGEST:
                continue
            with open(path, "rb") as stream:
                held = stream.read()
        except OSError:
            continue
        found = CERTIFICATE.findall(held)
        if 0 < len(found) <= MOST_IN_ONE:
            certificates.append({"path": path, "pem": [one.decode("ascii", "replace") for one in found]})
        key = key_of(path, status, held)
        if key:
            keys.append(key)
    print(json.dumps({"certificates": certificates, "keys": keys}))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
