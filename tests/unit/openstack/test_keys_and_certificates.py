"""Passwords, the lab's authority, and the file that names the clouds."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.fernet import Fernet
from cryptography.x509.verification import PolicyBuilder, Store

from citycloud.lab.openstack.clouds_yaml import write_clouds_yaml
from citycloud.lab.openstack.keys import Keys
from citycloud.lab.openstack.settings import Cloud
from citycloud.lab.openstack.tls import Authority, certificate


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_same_secret_gives_the_same_passwords(keys: Keys) -> None:
    assert keys.password("db-nova") == Keys("east", "a secret of tests").password("db-nova")


def test_each_purpose_site_and_secret_has_a_password_of_its_own(keys: Keys) -> None:
    others = {Keys("west", "a secret of tests").password("rabbit"), Keys("east", "another").password("rabbit")}
    assert len({keys.password("rabbit"), keys.password("metadata"), *others}) == 4


def test_fernet_keys_are_what_keystone_takes(keys: Keys) -> None:
    assert Fernet(keys.fernet("fernet-0")).decrypt(Fernet(keys.fernet("fernet-0")).encrypt(b"token")) == b"token"


def test_keys_do_not_show_the_secret_when_printed(keys: Keys) -> None:
    assert "a secret of tests" not in repr(keys)


def test_a_site_s_certificate_holds_for_its_name_and_both_addresses(tmp_path: Path, east: Cloud) -> None:
    authority = Authority.open(tmp_path)
    pem = certificate(authority, tmp_path / "tls" / "east.pem", east)
    server = x509.load_pem_x509_certificate(pem)
    verifier = PolicyBuilder().store(Store([authority.certificate]))
    addresses = east.controller.addresses
    for subject in (x509.DNSName(east.name), x509.IPAddress(addresses.ipv4), x509.IPAddress(addresses.ipv6)):
        assert verifier.build_server_verifier(subject).verify(server, [])


def test_another_lab_s_authority_does_not_vouch_for_it(tmp_path: Path, east: Cloud) -> None:
    pem = certificate(Authority.open(tmp_path / "a"), tmp_path / "east.pem", east)
    verifier = PolicyBuilder().store(Store([Authority.open(tmp_path / "b").certificate]))
    with pytest.raises(x509.verification.VerificationError):
        verifier.build_server_verifier(x509.DNSName(east.name)).verify(x509.load_pem_x509_certificate(pem), [])


def test_opening_the_authority_again_finds_the_same_one(tmp_path: Path) -> None:
    assert Authority.open(tmp_path).pem() == Authority.open(tmp_path).pem()


def test_private_keys_are_readable_by_their_owner_only(tmp_path: Path, east: Cloud) -> None:
    certificate(Authority.open(tmp_path), tmp_path / "tls" / "east.pem", east)
    assert mode(tmp_path / "ca.key") == mode(tmp_path / "tls" / "east.pem") == 0o600


def test_clouds_yaml_names_each_cloud_for_both_families_and_is_private(
    tmp_path: Path, both: tuple[Cloud, ...], keys: Keys
) -> None:
    path = tmp_path / "clouds.yaml"
    write_clouds_yaml(path, tmp_path / "ca.pem", both, {cloud.site: keys for cloud in both})
    found = yaml.safe_load(path.read_text())["clouds"]
    assert set(found) == {"east", "east6", "west", "west6"}
    assert found["east"]["auth"]["auth_url"] == "https://10.201.0.10:5000/v3"
    assert found["east6"]["auth"]["auth_url"] == "https://[2001:db8:1000::10]:5000/v3"
    assert mode(path) == 0o600
