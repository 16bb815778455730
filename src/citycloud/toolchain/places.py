"""Where the toolchain's parts are kept."""

from __future__ import annotations

import os
from pathlib import Path

from citycloud import paths
from citycloud.toolchain.model import PLUGIN_VERSION

LANGUAGE_HOST = "pulumi-language-python"
PROVIDER = "pulumi-resource-openstack"


def root() -> Path:
    """Everything we fetched or built."""
    return paths.cache() / "toolchain"


def bin_dir() -> Path:
    """The directory to put on PATH: always holds the ``pulumi`` that is used."""
    return root() / "bin"


def sources() -> Path:
    """The Go modules of engine and provider (``CITYCLOUD_TOOLCHAIN_SOURCES``)."""
    inside = Path(__file__).resolve().parents[3] / "toolchain"
    return Path(os.environ.get("CITYCLOUD_TOOLCHAIN_SOURCES", inside))


def pulumi_home() -> Path:
    """Pulumi's own directory (``PULUMI_HOME``)."""
    return Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")


def plugin_dir(version: str = PLUGIN_VERSION) -> Path:
    """Where Pulumi looks for the OpenStack plugin."""
    return pulumi_home() / "plugins" / f"resource-openstack-v{version}"
