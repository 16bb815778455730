"""Turn plain values into nouns, and pydantic's errors into Findings in a person's words."""

from __future__ import annotations

import json
import types
from collections.abc import Sequence
from ipaddress import ip_network
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

from pydantic import BaseModel, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from citycloud.city.model import SCHEMA_VERSION, City, Domain, Id, Trait
from citycloud.city.places import Mark, Step, did_you_mean
from citycloud.findings import Finding


def _pattern(hint: object) -> str:
    """The pattern of an ``Annotated[str, StringConstraints]``."""
    return next(str(extra.pattern) for extra in get_args(hint) if isinstance(extra, StringConstraints))


HINTS: dict[str, Any] = get_type_hints(City, include_extras=True)
"""What each section of a declaration holds."""


_PATTERNS = {
    _pattern(Id): "2 to 32 lower-case letters, digits and hyphens, a letter first",
    _pattern(Domain): "a DNS name in lower case, such as city.example",
    _pattern(Trait): "capital letters, digits and underscores, such as CUSTOM_XINCHUANG",
}


def item_type(section: str) -> object | None:
    """What the items of a list section are, or None for a section that is one value."""
    hint = HINTS[section]
    items: object = get_args(hint)[0] if get_origin(hint) is tuple else None
    return items


def validate(hint: object, value: object, mark: Mark, name: str, *, text: bool) -> tuple[object, list[Finding]]:
    """``value`` as a ``hint``, or None and what is wrong with it. ``name`` is its section, for messages.

    With ``text`` (CSV), "4" is a number; without (YAML), only 4 is.
    """
    adapter: TypeAdapter[object] = TypeAdapter(cast(Any, hint))
    try:
        if text:
            return adapter.validate_python(value), []
        return adapter.validate_json(json.dumps(value), strict=True), []
    except ValidationError as fault:
        details = fault.errors(include_url=False)
        return None, [_finding(hint, detail, value, mark, name) for detail in details]


def _finding(hint: object, detail: ErrorDetails, value: object, mark: Mark, section: str) -> Finding:
    path: tuple[Step, ...] = detail["loc"]
    place = mark.at(*path)
    field = str(path[-1]) if path else section
    around = f"{section.removesuffix('s')} {value['id']!r}" if isinstance(value, dict) and "id" in value else section
    match detail["type"]:
        case "extra_forbidden":
            known = _fields_at(hint, path[:-1])
            return Finding("unknown-field", place, f"{around} has no field {field!r}", did_you_mean(field, known))
        case "missing":
            return Finding("missing-field", place, f"{around} lacks {field!r}", f"add `{field}:`")
    if section == "schema_version":
        return Finding("schema-version", place, f"schema version {value!r} can't be read", f"write {SCHEMA_VERSION}")
    said = _said(detail)
    name = ".".join(str(step) for step in path) or section
    return Finding("bad-value", place, f"{around}: {name}: {said}", _suggestion(detail))


def _said(detail: ErrorDetails) -> str:
    got = repr(detail["input"])
    short = got if len(got) <= 60 else f"{got[:57]}..."
    message = detail["msg"].removeprefix("Input ").removeprefix("Value error, ")
    return f"{short}: {message[:1].lower()}{message[1:]}" if len(detail["loc"]) else f"{short} {message}"


def _suggestion(detail: ErrorDetails) -> str:
    given, context = detail["input"], detail.get("ctx", {})
    match detail["type"]:
        case "string_pattern_mismatch":
            return _PATTERNS.get(str(context["pattern"]), f"has to match {context['pattern']}")
        case "enum" | "literal_error" if isinstance(given, str):
            choices = [word.strip("' ") for word in str(context["expected"]).replace(" or ", ", ").split(", ")]
            return did_you_mean(given, choices)
        case "ip_v4_network" | "ip_v6_network" | "value_error" if isinstance(given, str):
            return _network_suggestion(given)
        case "int_type" | "int_parsing":
            return "write a whole number, without quotes or a unit"
        case "string_type":
            return "put it in quotes"
        case "tuple_type":
            return "write a list: [a, b]"
        case "model_type" | "model_attributes_type":
            return "write its fields, one a line"
    return "see what `citycloud new` writes"


def _network_suggestion(given: str) -> str:
    try:
        return f"did you mean {ip_network(given, strict=False)}?"
    except ValueError:
        return "write a prefix, such as 10.0.0.0/24 or 2001:db8::/64"


def _fields_at(hint: object, path: Sequence[Step]) -> list[str]:
    """The fields of the noun that ``path`` leads to from ``hint``."""
    hint = _bare(hint)
    for step in path:
        if isinstance(step, int):
            hint = _bare(get_args(hint)[0])
        elif isinstance(hint, type) and issubclass(hint, BaseModel):
            hint = _bare(hint.model_fields[step].annotation)
    return sorted(hint.model_fields) if isinstance(hint, type) and issubclass(hint, BaseModel) else []


def _bare(hint: object) -> object:
    """``X`` of ``X | None``."""
    if get_origin(hint) in (Union, types.UnionType):
        options: list[object] = [option for option in get_args(hint) if option is not type(None)]
        return options[0]
    return hint
