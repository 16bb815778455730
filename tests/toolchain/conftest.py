"""Projects of their own for each test, run by the toolchain that is installed on this machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pulumi_project import Project

from citycloud.progress import Progress
from citycloud.toolchain import places
from citycloud.toolchain.install import ensure
from citycloud.toolchain.model import Toolchain


@pytest.fixture(scope="session")
def toolchain() -> Toolchain:
    """Installed, if it is not: minutes the first time."""
    return ensure(Progress())


@pytest.fixture
def project(toolchain: Toolchain, tmp_path: Path) -> Project:
    state, passphrase = tmp_path / "state", tmp_path / "passphrase"
    state.mkdir()
    passphrase.write_text("a passphrase for a test")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_CONFIG", "OS_"))}
    env |= {
        "PATH": os.pathsep.join([str(places.bin_dir()), os.environ["PATH"]]),
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "NO_COLOR": "1",
    }
    return Project(tmp_path / "project", env)
