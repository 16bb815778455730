"""Certificates and keys: which run out before the move is over, which are weak, and which key goes with which."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from citycloud.migrate.assess.concern import Case, Concern, named
from citycloud.migrate.seen import Certificate, SeenHost

SOON_DAYS = 30
"""After the way back has closed."""
LEAST_RSA = 2048


def concerns(case: Case) -> Iterator[Concern]:
    for host in case.hosts:
        keys = {key.public_sha256 for key in host.keys if key.public_sha256}
        for one in host.certificates:
            if one.public_sha256 in keys:
                yield from _in_use(case, host, one)
        open_keys = [key.path for key in host.keys if key.kind == "plain" and int(key.mode, 8) & 0o004]
        if open_keys:
            zh, en = f"私钥人人可读：{named(open_keys)}", f"everybody may read these private keys: {named(open_keys)}"
            yield Concern("open-key", "note", host.id, zh, en, "make a new key; chmod 600", clause="8.1.4.8")
        carried = [key.path for key in host.keys if "/ssh_host_" not in key.path]
        if carried:
            zh, en = (
                f"{len(carried)} 个私钥将密封带走：{named(carried)}",
                f"{len(carried)} private keys are carried over sealed: {named(carried)}",
            )
            yield Concern("sealed-keys", "note", host.id, zh, en)


def _in_use(case: Case, host: SeenHost, one: Certificate) -> Iterator[Concern]:
    """A certificate whose key is here too: it is this host's own."""
    place = f"{host.id}:{one.path}"
    last = case.day + timedelta(days=case.move.way_back_days + SOON_DAYS)
    expires = one.expires.date()
    if expires < case.day:
        zh, en = f"证书已于 {expires} 过期", f"the certificate ran out on {expires}"
        yield Concern("certificate-expired", "note", place, zh, en, "the target gets a new one", clause="8.1.2.2")
    elif expires <= last:
        zh, en = (
            f"证书将于 {expires} 过期，早于退路关闭后 30 天",
            f"the certificate runs out on {expires}, before the move is well over",
        )
        yield Concern("certificate-expiring", "note", place, zh, en, "renew it before the cutover")
    kind, _, bits = one.key_kind.partition(" ")
    if kind == "RSA" and bits.isdigit() and int(bits) < LEAST_RSA:
        zh, en = f"证书密钥过弱：{one.key_kind}", f"the certificate's key is weak: {one.key_kind}"
        yield Concern("weak-key", "note", place, zh, en, "a new key and certificate", clause="8.1.4.1")
