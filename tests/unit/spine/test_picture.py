"""What the report's timeline shows of a run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from test_plans import plan, step

from citycloud.drivers.fake import PutOnHosts
from citycloud.report.run_facts import Span
from citycloud.report.run_picture import COLOURS, timeline

NOW = datetime(2026, 4, 1, tzinfo=UTC)


def test_one_host_that_failed_is_not_hidden_behind_the_others_that_came_through() -> None:
    what = plan(step("a", action=PutOnHosts(name="x"), hosts=("h1", "h2")))
    failed = Span("a", "h1", NOW, NOW, "failed")
    done = Span("a", "h2", NOW, NOW + timedelta(seconds=9), "done")
    drawn = timeline(what, [failed, done], [])
    assert drawn is not None
    for picture in (drawn.wide, drawn.narrow):
        assert picture.rfind(COLOURS["failed"]) > picture.rfind(COLOURS["done"])
