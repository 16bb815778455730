"""From what the Python collectors printed to values: files, certificates, programs, addresses. Pure.

Raises ValueError for what is no such output.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from citycloud.migrate.seen import Certificate, ClearSecret, Mention, Program, SealedKey, Tree

TREE_FIELDS = frozenset(Tree.model_fields)
MOST_MENTIONS = 2000


def _told(text: str) -> Any:  # noqa: ANN401 (JSON)
    lines = text.strip().splitlines()
    if not lines:
        raise ValueError("nothing was printed")
    return json.loads(lines[-1])


def looked_at(text: str) -> float:
    """The host's own time when its trees were walked."""
    return float(_told(text)["now"])


def trees(first: str, second: str | None = None) -> tuple[Tree, ...]:
    """Trees as they were at the second look, if any, with what became dirty between the two."""
    told = _told(second or first)
    seconds = told["now"] - _told(first)["now"] if second else 0.0
    found = [_tree(one, seconds) for one in told["trees"]]
    return tuple(sorted(found, key=lambda one: one.path))


def _tree(one: dict[str, Any], seconds: float) -> Tree:
    rate = round(one.get("since_bytes", 0) / seconds, 1) if seconds > 0 else 0.0
    return Tree(**{key: value for key, value in one.items() if key in TREE_FIELDS}, dirty_bytes_per_second=rate)


def certificates(text: str) -> tuple[Certificate, ...]:
    """Every certificate of every file; what is no certificate after all is left out."""
    found = [
        certificate
        for one in _told(text)["certificates"]
        for pem in one["pem"]
        if (certificate := _certificate(one["path"], pem))
    ]
    return tuple(sorted(found, key=lambda one: (one.path, one.subject, one.public_sha256)))


def _certificate(path: str, pem: str) -> Certificate | None:
    try:
        held = x509.load_pem_x509_certificate(pem.replace("TRUSTED ", "").encode())
        public = held.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return Certificate(
            path=path,
            subject=held.subject.rfc4514_string(),
            issuer=held.issuer.rfc4514_string(),
            names=_names(held),
            begins=held.not_valid_before_utc,
            expires=held.not_valid_after_utc,
            key_kind=_key_kind(held),
            public_sha256=hashlib.sha256(public).hexdigest(),
            self_signed=held.subject == held.issuer,
        )
    except (ValueError, TypeError):
        return None


def _names(held: x509.Certificate) -> tuple[str, ...]:
    try:
        alternative = held.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    names = [*alternative.get_values_for_type(x509.DNSName)]
    names += [str(address) for address in alternative.get_values_for_type(x509.IPAddress)]
    return tuple(sorted(names))


def _key_kind(held: x509.Certificate) -> str:
    key = held.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}"
    if isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
        return "Ed25519" if isinstance(key, ed25519.Ed25519PublicKey) else "Ed448"
    return type(key).__name__


def keys(text: str) -> tuple[SealedKey, ...]:
    found = [SealedKey(**one) for one in _told(text)["keys"]]
    return tuple(sorted(found, key=lambda one: one.path))


def programs(text: str) -> tuple[Program, ...]:
    found = [Program(**one) for one in _told(text)["programs"]]
    return tuple(sorted(found, key=lambda one: one.path))


def mentions_in_programs(text: str) -> tuple[Mention, ...]:
    return tuple(
        Mention(file=path, line=1, address=address, port=port or None, setting="(in the program)")
        for path, found in sorted(_told(text)["addresses"].items())
        for address, port in found
    )


def mentions(text: str) -> tuple[Mention, ...]:
    rows = _told(text)["mentions"][:MOST_MENTIONS]
    found = (Mention(file=f, line=n, address=a, port=_port(p), setting=s) for f, n, a, p, s in rows)
    return _sorted(found)


def _port(number: int) -> int | None:
    return number if 0 < number < 65536 else None


def _sorted(found: Iterable[Mention]) -> tuple[Mention, ...]:
    return tuple(sorted(set(found), key=lambda one: (one.file, one.line, one.address, one.port or 0, one.setting)))


def secrets(text: str) -> tuple[ClearSecret, ...]:
    found = {
        ClearSecret(file=f, line=n, setting=s, common=common, world_readable=readable)
        for f, n, s, common, readable in _told(text)["secrets"][:MOST_MENTIONS]
    }
    return tuple(sorted(found, key=lambda one: (one.file, one.line, one.setting, one.common)))
