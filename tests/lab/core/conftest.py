"""A lab of hosts only for each module, taken down after it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from labs import TestLab, write_city


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestLab]:
    """Not up yet; down when the module's tests are done, whatever came of them."""
    here: Path = tmp_path_factory.mktemp("lab")
    lab = TestLab(here / "lab", write_city(here / "sample"))
    yield lab
    lab.down()
