"""The lab's own certificate authority, and the certificate of each site's APIs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from citycloud.lab.openstack.settings import Cloud

LIFETIME = timedelta(days=90)
"""A lab is not meant to live longer; ``lab up`` makes a new authority for a new lab."""


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(subject: str, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + LIFETIME)
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write_private(path: Path, content: bytes) -> None:
    """Readable by the owner only from its first byte on."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)


class Authority:
    """A certificate authority kept in two files: ``ca.pem`` for everyone, ``ca.key`` (0600) for the lab."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self.certificate, self._key = certificate, key

    @classmethod
    def open(cls, directory: Path) -> Authority:
        """The authority in ``directory``, made when it is not there yet."""
        certificate, key = directory / "ca.pem", directory / "ca.key"
        if not (certificate.exists() and key.exists()):
            cls.make().save(directory)
        loaded = serialization.load_pem_private_key(key.read_bytes(), None)
        if not isinstance(loaded, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{key} holds no elliptic-curve key")
        return cls(x509.load_pem_x509_certificate(certificate.read_bytes()), loaded)

    @classmethod
    def make(cls) -> Authority:
        key = ec.generate_private_key(ec.SECP256R1())
        name = "citycloud lab"
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        certificate = (
            _builder(name, _name(name), key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        return cls(certificate, key)

    def save(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        _write_private(directory / "ca.key", _pem(self._key))
        (directory / "ca.pem").write_bytes(self.pem())

    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def issue(self, name: str, addresses: Sequence[IPv4Address | IPv6Address]) -> bytes:
        """Certificate and key of a server in one PEM, as haproxy reads it; valid for ``name`` and ``addresses``."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName(name), *(x509.IPAddress(address) for address in addresses)]
        certificate = (
            _builder(name, self.certificate.subject, key.public_key())
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.PEM) + _pem(key)


def certificate(authority: Authority, path: Path, cloud: Cloud) -> bytes:
    """The certificate and key of a cloud's APIs, kept at ``path`` so that another deploy finds the same."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        addresses = cloud.controller.addresses
        _write_private(path, authority.issue(cloud.name, [addresses.ipv4, addresses.ipv6]))
    return path.read_bytes()
