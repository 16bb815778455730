"""A lab of hosts only with machine rooms beside it, taken down after the module's tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "core"))

from rooms import LabWithRooms, write_rooms

from citycloud.city.skeleton import write_skeleton


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabWithRooms]:
    here: Path = tmp_path_factory.mktemp("rooms")
    write_skeleton(here / "city")
    lab = LabWithRooms(here / "lab", here / "city", write_rooms(here / "rooms.yaml"))
    try:
        lab.must("up", "--bare", "--rooms", limit=1500)  # the first time, a Debian is fetched for them
        yield lab
    finally:
        lab.down()
