"""The provider that was built serves what the installed SDK names."""

from __future__ import annotations

import subprocess

import pytest

from citycloud.toolchain import places, sdk, table
from citycloud.toolchain.compare import differences
from citycloud.toolchain.model import PLUGIN_VERSION, Origin, Toolchain
from citycloud.toolchain.served import describe

pytestmark = pytest.mark.toolchain


@pytest.fixture(scope="module")
def installed() -> sdk.Sdk:
    return sdk.read()


@pytest.fixture(scope="module")
def ours(toolchain: Toolchain) -> Toolchain:
    assert toolchain.provider.origin is Origin.BUILT, "another plugin is installed: nothing of ours to compare"
    return toolchain


def test_tokens_inputs_and_outputs_are_those_of_the_installed_sdk(ours: Toolchain, installed: sdk.Sdk) -> None:
    assert ours.provider.path
    assert differences(installed, describe(ours.provider.path)) == []


def test_nothing_of_the_terraform_provider_is_left_out(ours: Toolchain) -> None:
    assert ours.provider.path
    served = describe(ours.provider.path)
    assert [
        one.terraform for one in [*served.resources.values(), *served.functions.values()] if not one.thing.token
    ] == []


def test_the_committed_table_is_the_one_that_the_sdk_gives(ours: Toolchain, installed: sdk.Sdk) -> None:
    assert ours.provider.path
    bare = describe(ours.provider.path, "describe-unnamed")
    committed = (places.sources() / "provider" / "table.json").read_text()
    assert table.text(table.table(installed, bare)) == committed, "run: python -m citycloud.toolchain.table PROVIDER"


def test_the_plugin_says_the_version_that_the_sdk_asks_for(ours: Toolchain) -> None:
    said = subprocess.run([str(ours.provider.path), "-version"], capture_output=True, text=True, timeout=60)
    assert said.stdout.strip() == PLUGIN_VERSION
