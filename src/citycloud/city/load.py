"""Read a City from a directory of YAML and CSV files.

A declaration's layout is free: every ``*.yaml`` in the directory (and below it) is a mapping of the City's sections,
and every ``*.csv`` is named for the section its rows belong to (``machines.csv``). A list section may be spread over
many files, so that each department can keep its own.

All faults are found at once, each with its file and line: unreadable files, faulty values, and then what the rules
(``city/rules``) find in whatever could be read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from citycloud.city.csvfile import read_csv
from citycloud.city.model import City
from citycloud.city.places import Mark, Places, Step, did_you_mean
from citycloud.city.rules import check
from citycloud.city.validate import HINTS, item_type, validate
from citycloud.city.yamlfile import read_yaml
from citycloud.errors import BadInput
from citycloud.findings import Finding, Place, errors

LARGEST_FILE = 2 * 1024 * 1024
"""Bytes."""
MOST_FILES = 500


@dataclass
class _Draft:
    """A City in the making: the values read so far, their marks, and every fault."""

    values: dict[str, Any] = field(default_factory=dict)
    marks: dict[str, Mark] = field(default_factory=dict)
    items: dict[str, list[tuple[Any, Mark]]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    unread: dict[str, set[str]] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)

    def section(self, name: str, value: object, mark: Mark) -> None:
        """Take in one section of a YAML file."""
        if name not in HINTS:
            known = did_you_mean(name, HINTS)
            self.findings.append(Finding("unknown-field", mark.place, f"a city has no section {name!r}", known))
        elif (item := item_type(name)) is None:
            self._single(name, value, mark)
        elif not isinstance(value, list):
            self._break(name, [Finding("bad-value", mark.place, f"{name} has to be a list", "begin items with `- `")])
        else:
            self.items.setdefault(name, [])
            for at, one in enumerate(value):
                self.item(name, item, one, mark.parts[at], text=False)

    def _single(self, name: str, value: object, mark: Mark) -> None:
        if name in self.marks:
            said = f"{name} is declared at {self.marks[name].place} already"
            self.findings.append(Finding("duplicate-section", mark.place, said, "keep one of the two"))
            return
        self.marks[name] = mark
        read, faults = validate(HINTS[name], value, mark, name, text=False)
        self.values[name] = read
        self._break(name, faults)

    def item(self, name: str, hint: object, value: object, mark: Mark, *, text: bool) -> None:
        """Take in one item of a list section."""
        read, faults = validate(hint, value, mark, name, text=text)
        if not faults:
            self.items.setdefault(name, []).append((read, mark))
            return
        self._break(name, faults)
        if isinstance(value, dict) and isinstance(value.get("id"), str):
            self.unread.setdefault(name, set()).add(value["id"])

    def _break(self, name: str, faults: list[Finding]) -> None:
        if faults:
            self.findings += faults
            self.broken.add(name)

    def unreadable(self, faults: list[Finding], text: str = "") -> None:
        """A file with faults that hide some of it: what sections ``text`` seems to have, or else any."""
        if faults:
            self.findings += faults
            seen = set(re.findall(r"^([a-z_]+):", text, re.MULTILINE)) & set(HINTS)
            self.hidden |= seen or set(HINTS)
            self.broken |= self.hidden

    def city(self, directory: Path) -> City:
        """The City of what was read, whole or not: validated item by item, so pydantic need not look again."""
        for name, field_info in City.model_fields.items():
            if name in self.values or name in self.items:
                continue
            if not field_info.is_required():
                self.values[name] = field_info.get_default()
            elif name not in self.broken:
                say = f"write `{name}:` in a YAML file" + (f", or {name}.csv" if item_type(name) else "")
                self.findings.append(Finding("missing-section", Place(str(directory)), f"nothing declares {name}", say))
                self.broken.add(name)
                self.hidden.add(name)
        lists = {name: tuple(v for v, _ in self.items.get(name, [])) for name in HINTS if item_type(name)}
        lists.update({name: self.values[name] for name in lists if name in self.values and name not in self.items})
        return City.model_construct(**{**self.values, **lists})

    def places(self, directory: Path) -> Places:
        here = Place(str(directory))
        parts: dict[Step, Mark] = {}
        parts.update(self.marks)
        for name, items in self.items.items():
            first = items[0][1].place if items else here
            parts[name] = Mark(first, {at: mark for at, (_, mark) in enumerate(items)})
        unread = {name: frozenset(ids) for name, ids in self.unread.items()}
        return Places(Mark(here, parts), frozenset(self.broken), unread, frozenset(self.hidden))


def read(path: Path) -> tuple[City | None, list[Finding]]:
    """The City declared in the directory ``path``, and every Finding: faults and warnings, in order of place.

    The City is None where a fault kept some part of it from being read. Never raises for what the files hold.
    """
    draft = _Draft()
    files = _files(path, draft)
    for file in files:
        _read_file(file, draft)
    if not files:
        return None, draft.findings
    city, places = draft.city(path), draft.places(path)
    # the rules see what could be read, so that a person sees all faults at once
    findings = sorted([*draft.findings, *check(city, places)], key=lambda finding: (finding.place, finding.kind))
    return (None if draft.broken or draft.findings else city), findings


def load_city(path: Path) -> City:
    """The City declared in the directory ``path``. Raises BadInput with all findings where there is a fault."""
    city, findings = read(path)
    faults = errors(findings)
    if city is None or faults:
        raise BadInput(f"{path}: {len(faults)} fault{'s' if len(faults) != 1 else ''} in the declaration", findings)
    return city


def _files(path: Path, draft: _Draft) -> list[Path]:
    """The files of a declaration, in order of name."""
    if not path.is_dir():
        said = "is a file, not a directory" if path.exists() else "is not there"
        hint = "name the directory that holds city.yaml, or make one with `citycloud new CITY`"
        draft.findings.append(Finding("missing-file", Place(str(path)), f"the declaration {said}", hint))
        return []
    found = sorted(file for file in path.rglob("*") if file.suffix in (".yaml", ".yml", ".csv") and file.is_file())
    if not found:
        hint = "a declaration is *.yaml and *.csv files; `citycloud new CITY` makes one"
        draft.findings.append(Finding("missing-file", Place(str(path)), "the directory declares nothing", hint))
    if len(found) > MOST_FILES:
        said = f"{len(found)} files, more than {MOST_FILES}"
        draft.unreadable([Finding("too-large", Place(str(path)), said, "is this the directory you mean?")])
    return found[:MOST_FILES]


def _text(file: Path, draft: _Draft) -> str | None:
    """What a file holds, or None where it can't be read."""
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
        if len(content) <= LARGEST_FILE:
            return content.decode("utf-8-sig")
        fault = Finding("too-large", Place(str(file)), f"larger than {LARGEST_FILE >> 20} MiB", "split it")
    except UnicodeDecodeError as bad:
        line = content.count(b"\n", 0, bad.start) + 1
        fault = Finding("bad-encoding", Place(str(file), line), "not UTF-8", "save it as UTF-8")
    except OSError as bad:
        fault = Finding("missing-file", Place(str(file)), f"can't be read: {bad.strerror}", "see its permissions")
    draft.unreadable([fault])
    return None


def _read_file(file: Path, draft: _Draft) -> None:
    text = _text(file, draft)
    if text is None:
        return
    if file.suffix == ".csv":
        _read_table(file, text, draft)
        return
    value, mark, faults = read_yaml(str(file), text)
    draft.unreadable(faults, text)
    if isinstance(value, dict):
        for name, part in value.items():
            draft.section(name, part, mark.parts[name])
    elif value is not None:
        said = Finding("bad-yaml", mark.place, "a file holds sections", "write `sites:`, `systems:` and so on")
        draft.unreadable([said], text)


def _read_table(file: Path, text: str, draft: _Draft) -> None:
    table = read_csv(str(file), text)
    name = file.stem
    if name not in HINTS or item_type(name) is None:
        lists = [section for section in HINTS if item_type(section)]
        fault = Finding("unknown-field", Place(str(file)), f"a city has no table {name!r}", did_you_mean(name, lists))
        draft.findings.append(fault)
        return
    hint = item_type(name)
    known = set(getattr(hint, "model_fields", {}))
    strange = [column for column in table.columns if column not in known]
    draft.findings += [
        Finding("unknown-field", table.header, f"{name} have no column {column!r}", did_you_mean(column, known))
        for column in strange
    ]
    draft.findings += table.findings
    if strange or table.findings:
        draft.broken.add(name)
        draft.hidden.add(name)
    draft.items.setdefault(name, [])
    for row, mark in table.rows:
        kept = {column: cell for column, cell in row.items() if column not in strange}
        draft.item(name, hint, kept, mark, text=True)
