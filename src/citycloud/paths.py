"""Where citycloud keeps things outside the checkout. Each can be moved by an environment variable."""

from __future__ import annotations

import os
from pathlib import Path


def cache() -> Path:
    """Slow-to-make, content-keyed, secret-free things (``CITYCLOUD_CACHE``)."""
    return Path(os.environ.get("CITYCLOUD_CACHE", Path.home() / ".cache" / "citycloud"))


def home() -> Path:
    """What belongs to this user: Pulumi's state and the passphrase, readable by the owner only (``CITYCLOUD_HOME``)."""
    return Path(os.environ.get("CITYCLOUD_HOME", Path.home() / ".config" / "citycloud"))


def state() -> Path:
    """Pulumi's file backend."""
    return home() / "state"


def passphrase_file() -> Path:
    """The file that holds the passphrase of Pulumi's secrets."""
    return home() / "passphrase"


def lab() -> Path:
    """The running lab: its handle, its secrets, its roots. Gone after ``lab down`` (``CITYCLOUD_LAB``)."""
    return Path(os.environ.get("CITYCLOUD_LAB", "/var/lib/citycloud/lab"))


def clouds_yaml() -> Path:
    """Credentials of the lab's clouds, in OpenStack's own format (``OS_CLIENT_CONFIG_FILE``)."""
    return Path(os.environ.get("OS_CLIENT_CONFIG_FILE", lab() / "clouds.yaml"))


def city() -> Path:
    """The declaration that commands work on where none is named (``CITYCLOUD_CITY``)."""
    return Path(os.environ.get("CITYCLOUD_CITY", "inventories/wuwei/city"))


def rooms() -> Path:
    """The departments' machine rooms that are added to the lab (``CITYCLOUD_ROOMS``)."""
    return Path(os.environ.get("CITYCLOUD_ROOMS", "inventories/wuwei/rooms.yaml"))


def reports() -> Path:
    """Where reports are written (``CITYCLOUD_REPORTS``)."""
    return Path(os.environ.get("CITYCLOUD_REPORTS", "reports"))


def private(directory: Path) -> Path:
    """Make ``directory``, readable by its owner only, and give it back."""
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    return directory
