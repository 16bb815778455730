"""A declaration damaged anywhere is read to the end: rules see what is left, and nothing is thrown."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from citycloud.city.load import load_city, read
from citycloud.city.skeleton import write_skeleton
from citycloud.errors import BadInput
from citycloud.findings import errors

with tempfile.TemporaryDirectory() as _directory:
    FILES = {file.name: file.read_text() for file in write_skeleton(Path(_directory) / "example")}
TOKENS = [(name, match.span()) for name, text in FILES.items() for match in re.finditer(r"[\w.:/-]+", text)]
IDS = sorted(set(re.findall(r"\bid: ([\w-]+)", "".join(FILES.values()))))
OTHERS = st.sampled_from(
    [*IDS, "any", "operations", "", "0", "-1", "9999999", "[]", "{}", "null", "x", "2001:db8::/32"]
)
EDITS = st.lists(st.tuples(st.sampled_from(TOKENS), OTHERS), min_size=1, max_size=4)


def damaged(edits: list[tuple[tuple[str, tuple[int, int]], str]]) -> dict[str, str]:
    """The files with some words replaced: from the last to the first, so that places stay right."""
    found = dict(FILES)
    for (name, (begin, end)), other in sorted(edits, key=lambda edit: edit[0], reverse=True):
        found[name] = found[name][:begin] + other + found[name][end:]
    return found


@given(EDITS)
@settings(max_examples=100, deadline=None)
def test_words_replaced_anywhere_are_told_or_still_declare_a_city(
    edits: list[tuple[tuple[str, tuple[int, int]], str]],
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        for name, text in damaged(edits).items():
            Path(directory, name).write_text(text)
        city, findings = read(Path(directory))
        assert city is not None or errors(findings)
        for finding in findings:
            assert finding.place.file.startswith(directory)
        try:
            loaded = load_city(Path(directory))
        except BadInput:
            assert errors(findings)
        else:
            assert loaded == city and not errors(findings)


@given(st.sampled_from(sorted(FILES)), st.data())
@settings(max_examples=40, deadline=None)
def test_a_file_cut_short_is_told_or_still_declares_a_city(name: str, data: st.DataObject) -> None:
    text = FILES[name]
    cut = data.draw(st.integers(0, len(text)))
    with tempfile.TemporaryDirectory() as directory:
        for other, whole in FILES.items():
            Path(directory, other).write_text(whole[:cut] if other == name else whole)
        city, findings = read(Path(directory))
        assert city is not None or errors(findings)
