"""Reading never ends in a traceback, whatever the files hold: what is faulty becomes findings."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from planting import WUWEI

from citycloud.city.csvfile import read_csv
from citycloud.city.load import LARGEST_FILE, read
from citycloud.city.model import City
from citycloud.city.yamlfile import read_yaml
from citycloud.findings import Finding

WORDS = (
    st.sampled_from(sorted(City.model_fields)) | st.sampled_from(["id", "name", "hosts", "zones"]) | st.text(max_size=8)
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.dates()
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=20,
)
SOUP = st.text(alphabet="[]{}:,-&*!|>%@#'\"\\ \t\nab1~?<\x00\x85\ud800", max_size=60).map(
    lambda text: text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
)
TORN = st.tuples(st.sampled_from(sorted(WUWEI.glob("*.yaml"))), st.integers(0, 1500), st.integers(0, 40), SOUP).map(
    lambda cut: (text := cut[0].read_text()[:2500])[: cut[1]] + cut[3] + text[cut[1] + cut[2] :]
)


def read_from(files: dict[str, bytes]) -> tuple[City | None, list[Finding]]:
    with tempfile.TemporaryDirectory() as directory:
        for name, content in files.items():
            Path(directory, name).write_bytes(content)
        return read(Path(directory))


def assert_told(city: City | None, findings: list[Finding]) -> None:
    """Something is wrong with it, and each finding names a place."""
    assert city is None
    assert findings
    assert all(str(finding.place) and finding.message for finding in findings)


@given(st.dictionaries(WORDS, VALUES, max_size=6))
@settings(max_examples=150, deadline=None)
def test_any_values_in_yaml_become_findings(document: dict[str, object]) -> None:
    assert_told(*read_from({"any.yaml": yaml.safe_dump(document, allow_unicode=True).encode("utf-8", "replace")}))


@given(SOUP | TORN | st.text(max_size=80))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_in_yaml_becomes_findings(text: str) -> None:
    assert_told(*read_from({"any.yaml": text.encode("utf-8", "replace")}))


@given(st.binary(max_size=80))
@settings(max_examples=100, deadline=None)
def test_any_bytes_become_findings(content: bytes) -> None:
    assert_told(*read_from({"any.yaml": content, "units.csv": content}))


@given(st.text(max_size=200) | st.lists(SOUP, max_size=5).map("\n".join))
@settings(max_examples=200, deadline=None)
def test_any_text_in_csv_becomes_rows_or_findings(text: str) -> None:
    table = read_csv("any.csv", text)
    for row, mark in table.rows:
        assert set(row) <= set(table.columns)
        assert mark.place.line >= 1


def test_deep_nesting_ends_in_a_finding() -> None:
    for text in ("[" * 100_000, "{a: " * 5_000, "- " * 5_000 + "a"):
        _, _, findings = read_yaml("deep.yaml", text)
        assert [finding.kind for finding in findings] == ["bad-yaml"]


def test_aliases_are_refused_before_they_can_grow() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    value, _, findings = read_yaml("bomb.yaml", "\n".join(lines))
    assert value is None
    assert [(finding.kind, finding.place.line) for finding in findings] == [("bad-yaml", 2)]


def test_words_mean_what_they_look_like() -> None:
    value, _, findings = read_yaml("a.yaml", "a: [no, yes, on, 012, 1_000, 1:30, 2001-01-01, .inf, 0x1f, '7', 7, 1.5]")
    assert findings == []
    expected = ["no", "yes", "on", "012", "1_000", "1:30", "2001-01-01", ".inf", "0x1f", "7", 7, 1.5]
    assert value == {"a": expected}


def test_a_quoted_number_is_no_number_in_yaml_but_any_cell_is_in_csv() -> None:
    _, findings = read_from({"a.yaml": b'regions:\n  - {id: north, name: North, units: "3"}\n'})
    assert ("bad-value", 2) in {(finding.kind, finding.place.line) for finding in findings}
    _, findings = read_from({"regions.csv": b"id,name,units\nnorth,North,3\n"})
    assert "bad-value" not in {finding.kind for finding in findings}


def test_a_file_too_large_is_not_read() -> None:
    _, findings = read_from({"units.csv": b"#" * (LARGEST_FILE + 1)})
    assert "too-large" in {finding.kind for finding in findings}


def test_a_file_that_is_not_utf_8_is_told_with_the_line() -> None:
    _, findings = read_from({"units.csv": "id,name,region\nhall,市,north\n".encode("gb18030")})
    assert [finding.place.line for finding in findings if finding.kind == "bad-encoding"] == [2]


@pytest.mark.parametrize("name", ["sites.csv", "plan.csv", "anything.csv"])
def test_a_table_that_no_section_can_take_is_told(name: str) -> None:
    _, findings = read_from({name: b"a,b\n1,2\n"})
    assert any(finding.place.file.endswith(name) for finding in findings)
