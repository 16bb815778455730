"""All stacks stand on the real clouds, and asking again changes nothing."""

from __future__ import annotations

import pytest

from citycloud.city.model import City
from citycloud.cloud import up
from citycloud.cloud.layout import stacks
from citycloud.cloud.stacks import Workspace
from citycloud.progress import Progress

pytestmark = [pytest.mark.lab, pytest.mark.timeout(2700)]


def test_all_stacks_stand_and_a_second_up_changes_nothing(workspace: Workspace, city: City) -> None:
    everything = up.chosen(city, None, [])
    first = up.bring_up(workspace, everything, Progress())
    assert set(first.done) == {stack.name for stack in stacks(city)}
    again = up.bring_up(workspace, everything, Progress())
    assert set(again.done) == set(first.done)
    assert {name: dict(outcome.changes) for name, outcome in again.done.items() if outcome.changes} == {}
