"""What `make bootstrap` leaves on a machine beside packages."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "bootstrap.py"


@pytest.fixture(scope="module")
def bootstrap() -> dict[str, Any]:
    return runpy.run_path(str(SCRIPT))


def test_postgresql_is_installed_without_a_server_that_nobody_asked_for(
    bootstrap: dict[str, Any], tmp_path: Path
) -> None:
    assert "postgresql-15" in bootstrap["PACKAGES"], "the journal's tests on it are never left out"
    turn_off: Callable[[list[str], Path], None] = bootstrap["no_cluster_of_its_own"]
    turn_off(["git", "postgresql-15"], tmp_path / "createcluster.d")
    assert (tmp_path / "createcluster.d" / "citycloud.conf").read_text() == "create_main_cluster = false\n"


def test_a_postgresql_that_is_there_already_keeps_its_settings(bootstrap: dict[str, Any], tmp_path: Path) -> None:
    bootstrap["no_cluster_of_its_own"](["git"], tmp_path / "createcluster.d")
    assert not (tmp_path / "createcluster.d").exists()
