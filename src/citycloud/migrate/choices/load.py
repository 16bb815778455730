"""Read ``migrations/``: ``waves.yaml``, and ``DEPARTMENT/choices.yaml`` for each that has made its choices.

As with a City, all faults are found at once, each with its file and line: unreadable files, faulty values, then what
the rules (``choices/rules.py``) find in whatever could be read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

from citycloud.city.model import City, Noun
from citycloud.city.places import Mark, did_you_mean
from citycloud.city.validate import validate
from citycloud.city.yamlfile import read_yaml
from citycloud.errors import BadInput
from citycloud.findings import Finding, Place, errors
from citycloud.migrate.choices import rules
from citycloud.migrate.choices.model import SCHEMA_VERSION, DepartmentChoices, WaveChoices

WAVES = "waves.yaml"
CHOICES = "choices.yaml"
LARGEST_FILE = 1024 * 1024
"""Bytes."""
ITEMS = {DepartmentChoices: ("moves",), WaveChoices: ("systems",)}
"""Lists that are read item by item, so that a fault in one item hides none in the others."""

Read = TypeVar("Read", bound=Noun)


@dataclass(frozen=True)
class Migrations:
    """Everything that people chose about moving, and where each part of it was written."""

    waves: WaveChoices | None = None
    departments: tuple[DepartmentChoices, ...] = ()
    marks: dict[str, Mark] = field(default_factory=dict, compare=False)
    """By department's id, and ``waves``."""

    def of(self, department: str) -> DepartmentChoices | None:
        return next((one for one in self.departments if one.department == department), None)


def read(path: Path, city: City) -> tuple[Migrations, list[Finding]]:
    """What is chosen below the directory ``path``, and every Finding, in order of place. Never raises for contents."""
    if not path.is_dir():
        hint = "it holds waves.yaml, and DEPARTMENT/choices.yaml"
        return Migrations(), [Finding("missing-file", Place(str(path)), "the directory of choices is not there", hint)]
    findings: list[Finding] = []
    marks: dict[str, Mark] = {}
    waves = None
    if (path / WAVES).is_file():
        waves, marks["waves"] = _file(path / WAVES, WaveChoices, findings)
    departments = []
    for file in sorted(path.glob(f"*/{CHOICES}")):
        chosen, mark = _file(file, DepartmentChoices, findings)
        if chosen is not None:
            findings += _in_its_folder(file, chosen, mark)
            departments.append(chosen)
            marks[chosen.department] = mark
    found = Migrations(waves, tuple(departments), marks)
    findings += rules.check(city, found.waves, found.departments, marks)
    return found, sorted(set(findings), key=lambda finding: (finding.place, finding.kind, finding.message))


def load_migrations(path: Path, city: City) -> Migrations:
    """What is chosen below ``path``. Raises BadInput with all findings where there is a fault."""
    found, findings = read(path, city)
    if faults := errors(findings):
        raise BadInput(f"{path}: {len(faults)} fault{'s' if len(faults) != 1 else ''} in the choices", findings)
    return found


def _in_its_folder(file: Path, chosen: DepartmentChoices, mark: Mark) -> list[Finding]:
    if file.parent.name == chosen.department:
        return []
    said = f"the choices of {chosen.department} lie in the folder of {file.parent.name}"
    return [Finding("bad-value", mark.at("department"), said, "move the file, or correct the department")]


def _file(file: Path, model: type[Read], findings: list[Finding]) -> tuple[Read | None, Mark]:
    """One file as a ``model``, or None where a fault of its own fields leaves nothing to look at."""
    nothing = Mark(Place(str(file), 1))
    text = _text(file, findings)
    if text is None:
        return None, nothing
    value, mark, faults = read_yaml(str(file), text)
    findings += faults
    if not isinstance(value, dict):
        if not faults:
            findings.append(Finding("bad-yaml", mark.place, "the file holds nothing", "see `citycloud check --help`"))
        return None, mark
    if value.get("schema_version", SCHEMA_VERSION) != SCHEMA_VERSION:
        said = f"schema version {value['schema_version']!r} can't be read"
        findings.append(Finding("schema-version", mark.at("schema_version"), said, f"write {SCHEMA_VERSION}"))
        return None, mark
    return _sections(model, value, mark, findings), mark


def _text(file: Path, findings: list[Finding]) -> str | None:
    try:
        content = file.read_bytes()
        if len(content) <= LARGEST_FILE:
            return content.decode("utf-8-sig")
        findings.append(Finding("too-large", Place(str(file)), f"larger than {LARGEST_FILE >> 20} MiB", "split it"))
    except UnicodeDecodeError as bad:
        line = content.count(b"\n", 0, bad.start) + 1
        findings.append(Finding("bad-encoding", Place(str(file), line), "not UTF-8", "save it as UTF-8"))
    except OSError as bad:
        said = f"can't be read: {bad.strerror}"
        findings.append(Finding("missing-file", Place(str(file)), said, "see its permissions"))
    return None


def _sections(model: type[Read], value: dict[str, Any], mark: Mark, findings: list[Finding]) -> Read | None:
    """The ``model`` of what could be read; None where one of its own fields could not."""
    hints = get_type_hints(model, include_extras=True)
    read: dict[str, Any] = {}
    whole = True
    for name in value:
        if name not in hints:
            known = did_you_mean(name, list(hints))
            findings.append(Finding("unknown-field", mark.at(name), f"there is no {name!r} among the choices", known))
    for name, info in model.model_fields.items():
        if name not in value:
            whole &= not info.is_required()
            if info.is_required():
                findings.append(Finding("missing-field", mark.place, f"lacks {name!r}", f"add `{name}:`"))
            continue
        if name in ITEMS.get(model, ()) and isinstance(value[name], list):
            read[name] = _items(get_args(hints[name])[0], name, value[name], mark.parts[name], findings)
            continue
        read[name], faults = validate(hints[name], value[name], mark.parts[name], name, text=False)
        findings += faults
        whole &= not faults
    return model.model_construct(**read) if whole else None


def _items(hint: object, name: str, values: list[Any], mark: Mark, findings: list[Finding]) -> tuple[object, ...]:
    """What could be read of a list. A faulty item leaves a gap, which its own findings tell of."""
    found = []
    for at, one in enumerate(values):
        item, faults = validate(hint, one, mark.parts[at], name, text=False)
        findings += faults
        if not faults:
            found.append(item)
    return tuple(found)
