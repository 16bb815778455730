"""Reports: one file without anything from elsewhere, valid, nothing hidden in it, hostile words kept words."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from citycloud.report import (
    Fact,
    Figure,
    Group,
    Outcome,
    Report,
    Result,
    Section,
    Stage,
    Table,
    Text,
    both,
    write,
)
from citycloud.report.html import duration, render
from citycloud.report.svg import Drawing
from citycloud.report.write import as_json, redacted

VOID = {"meta", "input", "br", "hr", "img", "link"}
HOSTILE = "<script>alert(1)</script>\"'&"


def drawing(words: Text | str) -> str:
    own = Drawing(100, 50)
    own.box(0, 0, 10, 10, "panel")
    own.words(5, 5, words, "strong")
    return own.source(both("picture"))


def sample(outcome: Outcome = Outcome.PASSED, words: str = "words", evidence: str = "seen") -> Report:
    began = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    results = (
        Result("a/1", Text(f"甲{words}", f"first {words}"), Outcome.PASSED, "fine", 0.2),
        Result("a/2", Text(f"乙{words}", f"second {words}"), outcome, evidence, 1.5),
        Result("a/3", Text(f"丙{words}", f"third {words}"), Outcome.UNPROVABLE, "no packets"),
    )
    picture = Figure(both(words), both(words), drawing(words), drawing(Text(words, "narrow")))
    table = Table(both(words), (both("name"), both("count")), ((words, "1,024"),))
    section = Section(
        "what", both(words), both(words), (Fact(both(words), "18,900", both("vCPU")),), (picture,), (table,)
    )
    return Report(
        kind="verify",
        title=Text(f"题{words}", f"title {words}"),
        subtitle=both(words),
        began=began,
        ended=began + timedelta(seconds=95),
        command="citycloud verify",
        sections=(section,),
        groups=(Group("a", both(words), results),),
        limits=(both(f"limit {words}"),),
        stages=(Stage(both(words), 1.0),),
    )


class Page(HTMLParser):
    """Checks that tags close in order, and gathers attributes and visible text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text: list[str] = []
        self.tags: set[str] = set()
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes <{self.open[-1:]}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_tag_is_closed_in_order(outcome: Outcome) -> None:
    assert Page(render(sample(outcome))).open == []


def test_ids_are_unique_and_every_label_has_its_switch() -> None:
    page = Page(render(sample(Outcome.FAILED)))
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {value for tag, name, value in page.attributes if (tag, name) == ("label", "for")} <= set(ids)


def test_drawings_are_well_formed_and_named_for_screen_readers() -> None:
    root = ElementTree.fromstring(drawing(HOSTILE))
    assert root.get("aria-label")
    assert root.findtext("text") == HOSTILE


def test_hostile_words_stay_words_everywhere() -> None:
    page = Page(render(sample(Outcome.FAILED, HOSTILE, HOSTILE)))
    assert "script" not in page.tags
    assert sum(HOSTILE in text for text in page.text) >= 12
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]


def test_nothing_is_fetched_from_elsewhere_and_no_script_runs() -> None:
    source = render(sample())
    page = Page(source)
    assert page.tags.isdisjoint({"script", "link", "img", "iframe", "object", "base", "form", "video", "audio"})
    assert not [
        value for _, name, value in page.attributes if name in ("src", "href", "action", "srcset", "xlink:href")
    ]
    assert re.findall(r"https?:|@import|url\(|//[a-z]", source) == []
    assert "default-src 'none'" in source


def test_both_languages_are_there_and_each_can_be_chosen() -> None:
    source = render(sample())
    assert '<span lang="zh">甲words</span><span lang="en">first words</span>' in source
    assert 'label for="zh"' in source and 'label for="en"' in source


def test_the_first_failure_is_told_before_everything_else() -> None:
    source = render(sample(Outcome.FAILED, evidence="the very reason"))
    assert source.index("the very reason") < source.index('id="checks"')
    assert 'id="first-failure"' not in render(sample())


def test_what_cannot_be_proved_is_no_pass_and_what_was_not_run_is_a_failure() -> None:
    passed, left_out = sample(), sample(Outcome.NOT_RUN)
    assert passed.passed() and passed.counts()[Outcome.PASSED] == 2
    assert not left_out.passed()
    assert left_out.first_failure() == next(result for result in left_out.results() if result.id == "a/2")


def test_a_report_that_proves_nothing_does_not_pass() -> None:
    assert not replace(sample(), groups=()).passed()


def test_the_json_beside_the_page_says_the_same(tmp_path: Path) -> None:
    written = write(sample(Outcome.FAILED), tmp_path / "out" / "city.html")
    told = json.loads(written.json.read_text(encoding="utf-8"))
    assert (told["passed"], told["first_failure"]) == (False, "a/2")
    assert told["counts"] == {"failed": 1, "passed": 1, "unprovable": 1}
    assert [result["outcome"] for result in told["groups"][0]["results"]] == ["passed", "failed", "unprovable"]
    assert told["began"] == "2026-01-02T03:04:05+00:00"
    assert sorted(path.name for path in written.html.parent.iterdir()) == ["city.html", "city.json"]


def test_no_secret_reaches_the_page_or_the_json(tmp_path: Path) -> None:
    secret = "s3cr3t-of-the-lab"
    written = write(
        sample(Outcome.FAILED, evidence=f"login failed: {secret}!"), tmp_path / "city.html", [secret, "abc"]
    )
    for path in (written.html, written.json):
        text = path.read_text(encoding="utf-8")
        assert secret not in text
        assert "login failed: «secret»!" in text


def test_a_secret_that_contains_another_is_hidden_whole() -> None:
    hidden = redacted(sample(evidence="longsecret-tail"), ["longsecret", "longsecret-tail"])
    assert [result.evidence for result in hidden.results()][1] == "«secret»"


def test_drawings_are_not_in_the_json() -> None:
    assert "<svg" not in json.dumps(as_json(sample()))


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.001, "0 s"), (0.042, "0.042 s"), (9.4, "9.4 s"), (59.6, "60 s"), (125, "2 min 05 s")]
)
def test_times_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert duration(seconds) == said
