"""What checks say of instances, seen from inside: nothing where they are as declared, and what is wrong where not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from small_cities import small_city

from citycloud.cloud import checks_instances
from citycloud.cloud.requirements import Kind, Requirement, requirements


class Machine:
    """Stands in for a testinfra host: answers by the command's first words."""

    def __init__(self, answers: Mapping[str, str]) -> None:
        self.answers = answers
        self.content_string = answers.get("/etc/hostname", "")

    def check_output(self, command: str) -> str:
        return next((told for words, told in self.answers.items() if command.startswith(words)), "")

    def file(self, path: str) -> Machine:
        return self


class OneInstance:
    """Stands in for Instances."""

    def __init__(self, machine: Machine, offered: list[str]) -> None:
        self.machine, self.ways = machine, offered

    def host(self, site: str, machine: str, family: str = "ipv4") -> Machine:
        return self.machine

    def address(self, site: str, machine: str, family: str) -> str:
        return {"ipv4": "10.211.0.10", "ipv6": "2001:db8::1"}[family]

    def fingerprint(self, name: str) -> str:
        return "SHA256:abc"

    def offered(self, site: str, machine: str) -> list[str]:
        return self.ways


ADDRESSES = '[{"addr_info": [{"local": "10.211.0.10", "scope": "global"}, {"local": "%s", "scope": "global"}]}]'
OWN_IPV6 = "2001:db8:1100:0:c1:aff:fed3:a"
RIGHT = {
    "echo $SSH": "10.200.0.1 5000 10.211.0.10 22",
    "hostname": "hydro-web-1",
    "/etc/hostname": "hydro-web-1\n",
    "ip -j address": ADDRESSES % OWN_IPV6,
    "ip -j -4": '[{"gateway": "10.211.0.1"}]',
    "ip -j -6": '[{"gateway": "fe80::1"}]',
    "awk '/^MemTotal": str(4 * 1024**2 - 40000),
    "nproc": "2",
    "date": "4000000000.5",
    "ss": "LISTEN 0 128 0.0.0.0:22 0.0.0.0:*\nLISTEN 0 128 127.0.0.1:25 0.0.0.0:*\nLISTEN 0 128 [::1]:25 [::]:*",
}


def said(kind: Kind, answers: Mapping[str, str], offered: list[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """What the check of hydro-web-1 at east says: nothing where it holds. The clock here is fixed."""
    monkeypatch.setattr("time.time", lambda: 4000000000.0)
    requirement: Requirement = next(
        each
        for each in requirements(small_city())
        if each.kind is kind and each.site == "east" and each.subject.startswith("hydro-web-1")
    )
    check: Any = getattr(checks_instances, f"test_{kind.replace('-', '_')}")
    try:
        check(requirement=requirement, instances=OneInstance(Machine(answers), offered), saw=lambda text: None)
    except AssertionError as fault:
        return str(fault)
    return ""


INSIDE = (
    Kind.SSH,
    Kind.HOSTNAME,
    Kind.INSIDE_ADDRESSES,
    Kind.INSIDE_SIZE,
    Kind.INSIDE_VCPU,
    Kind.CLOCK,
    Kind.LOGIN,
    Kind.LISTENING,
)


@pytest.mark.parametrize("kind", INSIDE)
def test_a_machine_that_is_as_declared_passes(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(kind, RIGHT, ["publickey"], monkeypatch) == ""


FAULTS = (
    (Kind.SSH, {"echo $SSH": "10.200.0.1 5000 10.211.0.99 22"}, "address of the session"),
    (Kind.SSH, {"echo $SSH": "2001:db8::9 5000 10.211.0.10 22"}, "family of the session"),
    (Kind.HOSTNAME, {"hostname": "debian"}, "hostname: is debian"),
    (Kind.HOSTNAME, {"/etc/hostname": "debian"}, "/etc/hostname"),
    (Kind.INSIDE_ADDRESSES, {"ip -j address": ADDRESSES % "2001:db8::77"}, "addresses"),
    (Kind.INSIDE_ADDRESSES, {"ip -j -6": "[]"}, "no default route (ip -6)"),
    (Kind.INSIDE_SIZE, {"awk '/^MemTotal": str(24 * 1024**2)}, "memory is 24.00 GiB"),
    (Kind.INSIDE_VCPU, {"nproc": "8"}, "vCPU: is 8, should be 2"),
    (Kind.CLOCK, {"date": "4000000009.0"}, "9.0 s away"),
    (Kind.LOGIN, {"awk -F:": "root"}, "accounts with a password"),
    (Kind.LISTENING, {"ss": RIGHT["ss"] + "\nLISTEN 0 128 *:3306 *:*"}, "undeclared TCP ports: 3306"),
    (Kind.LISTENING, {"ss": "LISTEN 0 128 127.0.0.1:22 0.0.0.0:*"}, "nothing listens on port 22"),
)


@pytest.mark.parametrize(("kind", "fault", "words"), FAULTS, ids=[f"{fault[0]} {fault[2]}" for fault in FAULTS])
def test_a_machine_that_is_not_as_declared_is_caught(
    kind: Kind, fault: Mapping[str, str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert words in said(
        kind, {**fault, **{key: told for key, told in RIGHT.items() if key not in fault}}, ["publickey"], monkeypatch
    )


def test_a_server_that_offers_passwords_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "ways to log in" in said(Kind.LOGIN, RIGHT, ["publickey", "password"], monkeypatch)


def test_the_processors_of_a_container_are_not_provable_and_those_of_an_emulated_machine_are() -> None:
    found = {each.subject: each.unprovable for each in requirements(small_city()) if each.kind is Kind.INSIDE_VCPU}
    assert found["hydro-web-1"] is not None
    assert found["hydro-db-1"] is None
