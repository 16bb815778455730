"""Host keys from console logs, and the file that keeps them."""

from __future__ import annotations

from pathlib import Path

import pytest

from citycloud.drivers import host_keys
from citycloud.drivers.host_keys import host_key, known_line, learn, login, still_known
from citycloud.drivers.inventory import RealMachine
from citycloud.errors import CitycloudError

OLD, NEW = ("ssh-ed25519 " + letter * 68 for letter in "ab")


def log(*keys: str) -> str:
    told = "".join(
        f"\r\n-----BEGIN SSH HOST KEY KEYS-----\r\n{key} \r\n-----END SSH HOST KEY KEYS-----\r\n" for key in keys
    )
    return f"[    0.0] Linux\r\n{told}[   10.0] more\r\n"


def machine(name: str = "hydro-web", server: str = "one", site: str = "east") -> RealMachine:
    return RealMachine(
        name=f"{name}.{site}.wuwei.example",
        machine=name,
        site=site,
        zone="general",
        segment="internet-facing",
        department="water",
        system="hydro",
        guests="lxc",
        ipv4="10.211.4.10",
        ipv6="2001:db8:1100:100:c1:aff:fed3:40a",
        server_id=server,
    )


def test_the_host_key_is_what_the_console_shows_between_the_marks() -> None:
    assert host_key(log(NEW)) == NEW


def test_of_several_starts_the_last_one_counts() -> None:
    assert host_key(log(OLD, NEW)) == NEW


@pytest.mark.parametrize(
    "shown",
    ["", f"{NEW}\n", log("ssh-ed25519 short"), f"-----BEGIN SSH HOST KEY KEYS-----\n{NEW}\n", log(f"x{NEW}")],
    ids=["nothing", "no marks", "a broken key", "no end yet", "another kind"],
)
def test_a_key_that_is_not_whole_or_not_between_the_marks_is_none(shown: str) -> None:
    assert host_key(shown) is None


def test_a_known_line_counts_only_for_the_same_server_at_the_same_addresses() -> None:
    line = known_line(machine(), NEW)
    assert still_known([line], [machine()]) == {machine().name: line}
    assert still_known([line], [machine(server="two")]) == {}
    assert still_known(["# a comment", "", "x y"], [machine()]) == {}


class Consoles:
    """A cloud with consoles, that counts how often it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, logs: dict[str, str | Exception]) -> None:
        self.logs, self.asked = logs, list[str]()
        monkeypatch.setattr(host_keys, "connect", lambda site: site)
        monkeypatch.setattr(host_keys, "console", self.console)

    def console(self, cloud: str, server: str) -> str:
        self.asked.append(server)
        found = self.logs[server]
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture
def known_hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CITYCLOUD_LAB", str(tmp_path))
    (tmp_path / "ssh").mkdir()
    return login().known_hosts


def test_a_key_is_learnt_once_and_then_remembered(known_hosts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    consoles = Consoles(monkeypatch, {"one": log(NEW)})
    assert learn([machine()]) == {machine().name}
    assert learn([machine()]) == {machine().name}
    assert consoles.asked == ["one"]
    names, kind, key, _ = known_hosts.read_text().split()
    assert f"{kind} {key}" == NEW
    assert set(names.split(",")) == {machine().name, machine().ipv4, machine().ipv6}


def test_a_machine_that_was_made_anew_is_learnt_anew(known_hosts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Consoles(monkeypatch, {"one": log(OLD), "two": log(NEW)})
    learn([machine()])
    learn([machine(server="two")])
    assert NEW in known_hosts.read_text() and OLD not in known_hosts.read_text()


def test_asked_to_learn_again_it_asks_the_consoles_again(known_hosts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    consoles = Consoles(monkeypatch, {"one": log(OLD)})
    learn([machine()])
    consoles.logs["one"] = log(OLD, NEW)
    learn([machine()], again=True)
    assert NEW in known_hosts.read_text() and OLD not in known_hosts.read_text()


def test_a_cloud_that_does_not_answer_takes_no_known_key_away(
    known_hosts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    consoles = Consoles(monkeypatch, {"one": log(NEW)})
    learn([machine()])
    consoles.logs["one"] = CitycloudError("500")
    assert learn([machine()], again=True) == {machine().name}
    assert NEW in known_hosts.read_text()
    assert consoles.asked == ["one", "one"]


def test_a_machine_whose_console_shows_nothing_stays_unknown_and_holds_up_no_other(
    known_hosts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = CitycloudError("409 not ready")
    Consoles(monkeypatch, {"one": log(NEW), "two": "[ 0.0] Linux", "three": fault})
    machines = [machine("a", "three"), machine("b", "two"), machine("c", "one")]
    assert learn(machines) == {machines[2].name}
    assert len(known_hosts.read_text().splitlines()) == 1


def test_the_line_of_a_machine_that_is_gone_goes(known_hosts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Consoles(monkeypatch, {"one": log(NEW), "two": log(OLD)})
    learn([machine("a", "one"), machine("b", "two")])
    learn([machine("a", "one")])
    assert OLD not in known_hosts.read_text()


def test_without_a_lab_nothing_is_known_and_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYCLOUD_LAB", str(tmp_path / "none"))
    assert learn([machine()]) == frozenset()
    assert not (tmp_path / "none").exists()


def test_the_way_in_trusts_no_unknown_key_and_asks_nobody() -> None:
    options = login().options()
    assert options["StrictHostKeyChecking"] == "yes"
    assert options["BatchMode"] == "yes"
    assert ("-o", "KexAlgorithms=curve25519-sha256") in zip(login().arguments(), login().arguments()[1:], strict=False)
