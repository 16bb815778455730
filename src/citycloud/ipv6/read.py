"""Read an address plan's directory: ``schema.yaml``, ``register.csv``, ``existing.csv`` (the last two need not be
there).

All faults are found at once, each with its file and line. Prefixes in use are also read from NetBox's own JSON: a
list of prefixes as its import takes them, or a page as its API answers; the tenant is the unit's id.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from ipaddress import IPv6Network
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

from citycloud.city.csvfile import read_csv
from citycloud.city.model import City, Noun
from citycloud.city.places import Mark, Step, did_you_mean
from citycloud.city.validate import validate
from citycloud.city.yamlfile import read_yaml
from citycloud.errors import BadInput
from citycloud.findings import Finding, Place, errors
from citycloud.ipv6 import allocate_register, schema_rules
from citycloud.ipv6.allocate import Inputs, allocate
from citycloud.ipv6.allocate_plan import AddressPlan
from citycloud.ipv6.allocate_register import Existing, Holding
from citycloud.ipv6.schema import SCHEMA_VERSION, AddressSchema, reserve

SCHEMA, REGISTER, EXISTING = "schema.yaml", "register.csv", "existing.csv"
LARGEST_FILE = 8 * 1024 * 1024
"""Bytes."""
ITEMS = ("networks", "larger")
"""Lists that are read item by item, so that a fault in one hides none in the others."""

Row = TypeVar("Row", bound=Noun)


def read(directory: Path, city: City, today: date, existing: Path | None = None) -> tuple[Inputs | None, list[Finding]]:
    """What a plan follows from, and every Finding about it, in order of place. Never raises for what files hold.

    ``existing``: prefixes in use, instead of those in the directory. None where the schema could not be read whole.
    """
    findings: list[Finding] = []
    schema, mark = _schema(directory / SCHEMA, findings)
    register = _rows(directory / REGISTER, Holding, findings)
    used = _existing(existing or directory / EXISTING, findings, wanted=existing is not None)
    if schema is None:
        return None, in_order(findings)
    about_schema = list(schema_rules.check(schema, city, mark))
    findings += about_schema
    if not errors(about_schema):
        findings += allocate_register.check_kinds(schema, register, today)
    findings += allocate_register.check(schema, register, today)
    findings += allocate_register.check_existing(schema, city, used)
    findings += against(schema, register, used, today)
    return Inputs(schema, city, tuple(register), tuple(used), mark), in_order(findings)


def plan(
    directory: Path, city: City, today: date, existing: Path | None = None
) -> tuple[AddressPlan | None, list[Finding]]:
    """The plan, and every Finding; no plan where one of them is a fault.

    Who finds no room is said together with everything else, reckoned with what is not faulty.
    """
    inputs, findings = read(directory, city, today, existing)
    faulty = {finding.place for finding in errors(findings)}
    if inputs is None or any(place.file == str(directory / SCHEMA) for place in faulty):
        return None, findings
    sound = Inputs(
        inputs.schema,
        city,
        tuple(row for row in inputs.register if row[1] not in faulty),
        tuple(row for row in inputs.existing if row[1] not in faulty),
        inputs.mark,
    )
    made, more = allocate(sound, today)
    findings = in_order([*findings, *more])
    return (None if errors(findings) else made), findings


def load_plan(directory: Path, city: City, today: date, existing: Path | None = None) -> AddressPlan:
    """The plan. Raises BadInput with all findings where there is a fault."""
    made, findings = plan(directory, city, today, existing)
    if made is None:
        count = len(errors(findings))
        raise BadInput(f"{directory}: {count} fault{'s' if count != 1 else ''} in the address plan", findings)
    return made


def in_order(findings: list[Finding]) -> list[Finding]:
    """By place, each once."""
    return sorted(set(findings), key=lambda finding: (finding.place, finding.kind, finding.message))


def _text(file: Path, findings: list[Finding]) -> str | None:
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
        if len(content) <= LARGEST_FILE:
            return content.decode("utf-8-sig")
        findings.append(Finding("too-large", Place(str(file)), f"larger than {LARGEST_FILE >> 20} MiB", "split it"))
    except UnicodeDecodeError as bad:
        line = content.count(b"\n", 0, bad.start) + 1
        findings.append(Finding("bad-encoding", Place(str(file), line), "not UTF-8", "save it as UTF-8"))
    except OSError as bad:
        said = f"can't be read: {bad.strerror}"
        findings.append(Finding("missing-file", Place(str(file)), said, "see `citycloud ipv6 --help`"))
    return None


def _schema(file: Path, findings: list[Finding]) -> tuple[AddressSchema | None, Mark]:
    """The schema of what could be read; None where one of its own fields could not."""
    nothing = Mark(Place(str(file), 1))
    if (text := _text(file, findings)) is None:
        return None, nothing
    value, mark, faults = read_yaml(str(file), text)
    findings += faults
    if not isinstance(value, dict):
        if not faults:
            findings.append(Finding("bad-yaml", mark.place, "the file holds no schema", "write `prefix:` and so on"))
        return None, mark
    hints = get_type_hints(AddressSchema, include_extras=True)
    for name in set(value) - set(hints):
        known = did_you_mean(name, list(hints))
        findings.append(Finding("unknown-field", mark.at(name), f"a schema has no {name!r}", known))
    fields: dict[str, Any] = {}
    parts: dict[Step, Mark] = dict(mark.parts)
    for name, info in AddressSchema.model_fields.items():
        if name not in value:
            if info.is_required():
                findings.append(Finding("missing-field", mark.place, f"the schema lacks {name!r}", f"add `{name}:`"))
        elif name in ITEMS and isinstance(value[name], list) and value[name]:
            fields[name], parts[name] = _items(get_args(hints[name])[0], name, value[name], parts[name], findings)
        else:
            fields[name], faults = validate(hints[name], value[name], parts[name], name, text=False)
            findings += _versioned(faults, value.get("schema_version"))
    if any(field.is_required() and not fields.get(name) for name, field in AddressSchema.model_fields.items()):
        return None, mark
    if any(value is None for value in fields.values()):
        return None, mark
    return AddressSchema.model_construct(**fields), Mark(mark.place, parts)


def _versioned(faults: list[Finding], version: object) -> Iterator[Finding]:
    for fault in faults:
        if fault.kind == "schema-version":
            said = f"schema version {version!r} can't be read"
            yield Finding("schema-version", fault.place, said, f"write {SCHEMA_VERSION}")
        else:
            yield fault


def _items(
    hint: object, name: str, values: list[Any], mark: Mark, findings: list[Finding]
) -> tuple[tuple[object, ...], Mark]:
    """What could be read of a list, and the marks of that. What could not is told of."""
    found: list[tuple[object, Mark]] = []
    for at, one in enumerate(values):
        item, faults = validate(hint, one, mark.parts[at], name, text=False)
        findings += faults
        if not faults:
            found.append((item, mark.parts[at]))
    marks: dict[Step, Mark] = {at: part for at, (_, part) in enumerate(found)}
    return tuple(item for item, _ in found), Mark(mark.place, marks)


def _rows(file: Path, hint: type[Row], findings: list[Finding]) -> list[tuple[Row, Place]]:
    """The rows of a table that could be read, with their places."""
    if not file.exists() or (text := _text(file, findings)) is None:
        return []
    table = read_csv(str(file), text)
    findings += table.findings
    strange = [column for column in table.columns if column not in hint.model_fields]
    for column in strange:
        known = did_you_mean(column, list(hint.model_fields))
        findings.append(Finding("unknown-field", table.header, f"{file.name} has no column {column!r}", known))
    found: list[tuple[Row, Place]] = []
    for cells, mark in table.rows:
        kept = {column: cell for column, cell in cells.items() if column not in strange}
        row, faults = validate(hint, kept, mark, file.stem, text=True)
        findings += faults
        if isinstance(row, hint):
            found.append((row, mark.place))
    return found


def _existing(file: Path, findings: list[Finding], *, wanted: bool) -> list[tuple[Existing, Place]]:
    """Prefixes in use, from CSV or NetBox's JSON; ``wanted``: somebody named the file, so it has to be there."""
    if wanted and not file.exists():
        findings.append(Finding("missing-file", Place(str(file)), "is not there", "see its name"))
    if file.suffix != ".json" or not file.exists():
        return _rows(file, Existing, findings)
    if (text := _text(file, findings)) is None:
        return []
    mark = Mark(Place(str(file), 1))
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as bad:
        place = Place(str(file), getattr(bad, "lineno", 1))
        findings.append(Finding("bad-json", place, f"not JSON: {str(bad)[:80]}", "export it again"))
        return []
    found = []
    if isinstance(value, dict) and isinstance(value.get("results"), list):
        if value.get("next"):
            said = f"{len(value['results'])} of {value.get('count')} prefixes: the rest is on further pages"
            findings.append(Finding("not-whole", mark.place, said, "ask NetBox for all at once: ?limit=0"))
        value = value["results"]
    for at, one in enumerate(value if isinstance(value, list) else [value]):
        row, faults = _netbox_row(one, mark, at)
        findings += faults
        if isinstance(row, Existing):
            found.append((row, Place(str(file), 0, f"{at:06}")))
    return found


def _netbox_row(one: object, mark: Mark, at: int) -> tuple[object, list[Finding]]:
    """A prefix as NetBox writes it; containers and reserves, and what has no tenant, are nobody's use."""
    if not isinstance(one, dict) or "prefix" not in one:
        said = f"item {at + 1} is no prefix of NetBox"
        return None, [Finding("bad-value", mark.place, said, "a list of {prefix, status, role, tenant, description}")]
    tenant, status, role = (_netbox_word(one.get(name)) for name in ("tenant", "status", "role"))
    if not tenant or status == "reserved":
        return None, []
    row = {"unit": tenant, "prefix": one["prefix"], "description": one.get("description") or ""}
    if status == "active" and role:
        row["network"] = role
    return validate(Existing, row, mark, "existing", text=False)


def _netbox_word(value: object) -> object:
    """What the API tells as an object, as the one word that the import takes."""
    return value.get("slug", value.get("value")) if isinstance(value, dict) else value


def against(
    schema: AddressSchema, register: list[tuple[Holding, Place]], used: list[tuple[Existing, Place]], today: date
) -> Iterator[Finding]:
    """A prefix in use at a place that the register says is, or lately was, somebody else's: one Finding for each."""
    length = schema.unit.reserved
    holders: dict[IPv6Network, list[tuple[Holding, Place]]] = {}
    for row, place in register:
        if row.kind == "unit" and (row.released is None or row.rests(today, schema.rest_days)):
            holders.setdefault(reserve(row.prefix, length), []).append((row, place))
    for one, where in used:
        around = reserve(one.prefix, length)
        near = holders.get(around, []) if around != one.prefix else _within(holders, one.prefix)
        found = [
            (row, place)
            for row, place in near
            if row.id != one.unit and (row.released is not None or one.prefix.overlaps(row.prefix))
        ]
        if found:
            row, place = min(found, key=lambda held: (held[0].released is not None, held[0].prefix, held[1]))
            more = f", and {len(found) - 1} more" if len(found) > 1 else ""
            said = f"{one.prefix} in use by {one.unit} overlaps {row.prefix}, which {row.id} holds ({place}){more}"
            kind = "overlap" if row.released is None else "reused-too-early"
            yield Finding(kind, where, said, "see who really uses it")


def _within(
    holders: Mapping[IPv6Network, list[tuple[Holding, Place]]], wide: IPv6Network
) -> list[tuple[Holding, Place]]:
    """All that hold something in a prefix as large as a unit's reserve, or larger."""
    return [held for place, rows in holders.items() if place.overlaps(wide) for held in rows]
