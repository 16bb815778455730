"""Read one YAML file into plain values, each with its line.

Plain YAML only, so that a word means what it looks like and a file can't grow when it is read: no tags beyond those of
YAML 1.2's core schema (``no`` is a word, ``012`` is text), no anchors and aliases, no duplicate keys, one document.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.composer import ComposerError

from citycloud.city.places import Mark, Step
from citycloud.findings import Finding, Place

_TAG = "tag:yaml.org,2002:"
_WORDS = {"true": True, "false": False}
_DEEPEST = 40
"""Levels of nesting; a declaration needs about 8."""


class _PlainLoader(yaml.SafeLoader):
    """Resolves plain scalars as YAML 1.2's core schema does, and nothing else; refuses aliases as they come."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs leave it open
            said = f"the alias *{event.anchor} is not for declarations: write the value out"
            raise ComposerError(problem=said, problem_mark=event.start_mark)
        return super().compose_node(parent, index)


_PlainLoader.yaml_implicit_resolvers = {}
_PlainLoader.add_implicit_resolver(f"{_TAG}null", re.compile(r"^(?:~|null|)$"), ["~", "n", ""])
_PlainLoader.add_implicit_resolver(f"{_TAG}bool", re.compile(r"^(?:true|false)$"), ["t", "f"])
_PlainLoader.add_implicit_resolver(f"{_TAG}int", re.compile(r"^-?(?:0|[1-9][0-9]{0,17})$"), list("-0123456789"))
_PlainLoader.add_implicit_resolver(f"{_TAG}float", re.compile(r"^-?[0-9]{1,17}\.[0-9]{1,17}$"), list("-0123456789"))


@dataclass
class _Reading:
    """One file being read."""

    file: str
    findings: list[Finding] = field(default_factory=list)

    def fault(self, kind: str, line: int, message: str, suggestion: str = "") -> None:
        self.findings.append(Finding(kind, Place(self.file, line), message, suggestion))

    def value(self, node: yaml.Node, line: int, depth: int = 0) -> tuple[Any, Mark]:
        """The plain value of ``node``, and its marks; ``line`` is where a person looks for it (its key's line)."""
        place = Place(self.file, line)
        if depth > _DEEPEST:
            self.fault("bad-yaml", line, f"nested deeper than {_DEEPEST} levels", "flatten it")
            return None, Mark(place)
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
            return self._mapping(node, place, depth)
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
            return self._sequence(node, place, depth)
        return self._scalar(node, line), Mark(place)

    def _mapping(self, node: yaml.MappingNode, place: Place, depth: int) -> tuple[dict[str, Any], Mark]:
        values: dict[str, Any] = {}
        marks: dict[Step, Mark] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = key_node.value
            if not isinstance(key, str) or key_node.tag == f"{_TAG}merge":
                self.fault("bad-yaml", line, "a key has to be a word", "write it as `name: value`")
            elif key in values:
                self.fault("duplicate-key", line, f"{key!r} is written twice here", "keep one of the two")
            else:
                values[key], marks[key] = self.value(value_node, line, depth + 1)
        return values, Mark(place, marks)

    def _sequence(self, node: yaml.SequenceNode, place: Place, depth: int) -> tuple[list[Any], Mark]:
        parts = [self.value(child, child.start_mark.line + 1, depth + 1) for child in node.value]
        return [value for value, _ in parts], Mark(place, {at: mark for at, (_, mark) in enumerate(parts)})

    def _scalar(self, node: yaml.Node, line: int) -> object:
        kind, text = node.tag.removeprefix(_TAG), node.value
        if isinstance(node, yaml.ScalarNode):
            if kind == "str":
                return text
            if kind == "null" and text in ("", "~", "null"):
                return None
            if kind == "bool" and text in _WORDS:
                return _WORDS[text]
            if kind in ("int", "float") and re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", text):
                return int(text) if "." not in text else float(text)
        self.fault("bad-yaml", line, f"the tag {node.tag!r} is not for declarations", "write a plain value")
        return None


def read_yaml(file: str, text: str) -> tuple[Any, Mark, list[Finding]]:
    """The plain value of ``text``, its marks and its faults; ``file`` is the name that places show. Never raises."""
    reading = _Reading(file)
    nothing = Mark(Place(file, 1))
    try:
        root = yaml.compose(text, Loader=_PlainLoader)
        value, mark = (None, nothing) if root is None else reading.value(root, root.start_mark.line + 1)
    except yaml.MarkedYAMLError as fault:
        where = fault.problem_mark or fault.context_mark
        said = " ".join(part for part in (fault.problem, fault.context) if part)
        reading.fault("bad-yaml", where.line + 1 if where else 1, said or "not YAML", "see the line, and the one above")
    except yaml.reader.ReaderError as fault:
        line = text.count("\n", 0, fault.position) + 1 if isinstance(fault.position, int) else 1
        reading.fault("bad-yaml", line, "a character that YAML does not allow", "remove it")
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as fault:
        reading.fault("bad-yaml", 1, f"not readable as YAML: {type(fault).__name__}", "simplify the file")
    else:
        return value, mark, reading.findings
    return None, nothing, reading.findings
