"""The checkout with Pulumi in it, and the city that its stacks build."""

from __future__ import annotations

from pathlib import Path

import pytest

from citycloud import paths
from citycloud.city.load import load_city
from citycloud.city.model import City
from citycloud.cloud import up
from citycloud.cloud.stacks import Workspace
from citycloud.lab.handle import Files
from citycloud.progress import Progress


@pytest.fixture(scope="module")
def workspace(lab: Files) -> Workspace:
    work = Workspace(Path(__file__).parents[3])
    up.prepare(work, Progress())
    return work


@pytest.fixture(scope="module")
def city(workspace: Workspace) -> City:
    return load_city(workspace.root / paths.city())
