"""What the guest image is made of."""

from __future__ import annotations

import configparser
import stat
import subprocess

import pytest

from citycloud.lab.image import COMMAND_LINE, recipe

NETWORK = recipe.GUEST / "etc/systemd/network/10-machine.network"
SCRIPTS = [recipe.INIT, *sorted((recipe.GUEST / "usr/local/sbin").iterdir())]


def test_addresses_come_from_the_mac_as_the_declaration_computes_them() -> None:
    read = configparser.ConfigParser(strict=False)
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read(NETWORK)
    assert read["IPv6AcceptRA"]["Token"] == "eui64"
    assert read["Network"]["IPv6LinkLocalAddressGenerationMode"] == "eui64"
    assert read["Network"]["IPv6PrivacyExtensions"] == "no"
    assert read["Network"]["DHCP"] == "ipv4"
    assert read["DHCPv4"]["ClientIdentifier"] == "mac"


def test_nobody_gets_in_with_a_password() -> None:
    words = [line.split() for line in (recipe.GUEST / "etc/ssh/sshd_config.d/10-guest.conf").read_text().splitlines()]
    said = {line[0]: line[1] for line in words if line and not line[0].startswith("#")}
    assert said["PasswordAuthentication"] == "no"
    assert said["KbdInteractiveAuthentication"] == "no"
    assert said["PermitRootLogin"] == "prohibit-password"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_script_of_the_guest_is_executable_and_parses(script: object) -> None:
    assert isinstance(script, type(recipe.INIT))
    assert script.stat().st_mode & stat.S_IXUSR
    subprocess.run(["sh", "-n", script], check=True, timeout=10)


def test_no_unit_is_both_started_and_masked() -> None:
    assert not set(recipe.MASKED) & set(recipe.STARTED)


def test_a_unit_of_our_own_that_starts_has_a_file_and_a_program() -> None:
    own = [unit for unit in recipe.STARTED if unit.startswith("guest-")]
    assert len(own) == 3
    for unit in own:
        text = (recipe.GUEST / "etc/systemd/system" / unit).read_text()
        program = next(line.partition("=")[2] for line in text.splitlines() if line.startswith("ExecStart="))
        assert program.startswith("/bin/") or (recipe.GUEST / program.removeprefix("/")).is_file()


def test_the_kernel_is_told_the_root_and_the_console_that_the_cloud_logs() -> None:
    assert {"root=/dev/vda", "rw", "console=ttyS0"} <= set(COMMAND_LINE.split())


def test_any_change_of_the_guest_s_files_makes_another_image(monkeypatch: pytest.MonkeyPatch) -> None:
    before = recipe.inputs()
    assert before == recipe.inputs()
    monkeypatch.setattr(recipe, "INIT", recipe.GUEST.parent / "recipe.py")
    assert recipe.inputs() != before
    monkeypatch.undo()
    monkeypatch.setattr(recipe, "PACKAGES", (*recipe.PACKAGES, "another"))
    assert recipe.inputs() != before
