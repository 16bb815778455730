"""Read one CSV file into rows, each with its line.

The first line names the columns. Lines that are empty or begin with ``#`` are left out. An empty cell is a field that
is not given. All cells are text: the nouns' own types turn them into numbers.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field

from citycloud.city.places import Mark
from citycloud.findings import Finding, Place


@dataclass(frozen=True)
class Table:
    """The rows of one CSV file, the place of its header, and what was wrong with it."""

    columns: tuple[str, ...] = ()
    header: Place = field(default_factory=Place)
    rows: tuple[tuple[dict[str, str], Mark], ...] = ()
    findings: tuple[Finding, ...] = ()


def _lines(file: str, text: str) -> Iterator[tuple[Place, list[str] | None, str]]:
    """For each line that counts: its place, its cells, and what is wrong where there are none."""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            place = Place(file, number)
            try:
                yield place, [cell.strip() for cell in next(csv.reader([line], strict=True))], ""
            except csv.Error as fault:
                yield place, None, str(fault)


def read_csv(file: str, text: str) -> Table:
    """The rows of ``text``; ``file`` is the name that places show. A row is one line. Never raises."""
    columns: list[str] = []
    header = Place(file, 1)
    rows: list[tuple[dict[str, str], Mark]] = []
    findings: list[Finding] = []
    for place, cells, fault in _lines(file, text):
        if cells is None:
            findings.append(Finding("bad-row", place, f"not a CSV row: {fault}", "see its quotes"))
        elif not columns:
            columns, header = cells, place
            findings += [
                Finding("bad-row", place, f"the column {name!r} is there twice", "keep one of the two")
                for name in sorted({name for name in cells if cells.count(name) > 1})
            ]
        elif len(cells) != len(columns):
            said = f"{len(cells)} cells where the header has {len(columns)} columns"
            findings.append(Finding("bad-row", place, said, f"the columns are: {', '.join(columns)}"))
        else:
            given = {name: cell for name, cell in zip(columns, cells, strict=True) if cell}
            rows.append((given, Mark(place)))
    return Table(tuple(columns), header, tuple(rows), tuple(findings))
