"""The city on the running lab: put there if it is not."""

from __future__ import annotations

import pytest
from plants import CITYCLOUD

from citycloud import proc
from citycloud.lab.handle import Files

UP_SECONDS = 1500


@pytest.fixture(scope="session")
def city_up(lab: Files) -> None:
    """``citycloud up`` has succeeded (it changes nothing where all stands)."""
    proc.run([*CITYCLOUD, "up"], timeout=UP_SECONDS)
