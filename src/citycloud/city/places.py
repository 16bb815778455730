"""Where each part of a declaration was written, so that a Finding can point at its line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TypeAlias

from citycloud.findings import Place

Step: TypeAlias = str | int
"""One step into a declaration: a field's name, or a position in a list."""


@dataclass(frozen=True)
class Mark:
    """The place of one value, and of the values inside it."""

    place: Place
    parts: Mapping[Step, Mark] = field(default_factory=dict)

    def at(self, *path: Step) -> Place:
        """The place of what ``path`` leads to, or of the nearest thing around it that has one."""
        mark = self
        for step in path:
            if step not in mark.parts:
                break
            mark = mark.parts[step]
        return mark.place


@dataclass(frozen=True)
class Places:
    """The places of a City: ``of("systems", 3, "zone")``. Positions are those in the City's tuples."""

    root: Mark | None = None
    """None: the City was not read from files, and things are named instead."""
    broken: frozenset[str] = frozenset()
    """Sections that were not read whole; what is counted or summed over them means nothing."""
    unread: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By section, the ids of items that could not be read: a reference to one is no fault of its own."""
    hidden: frozenset[str] = frozenset()
    """Sections that may hold items with ids that nobody could read."""

    def of(self, *path: Step) -> Place:
        if self.root is None or path[0] not in self.root.parts:
            return Place(object=".".join(str(step) for step in path))
        return self.root.at(*path)

    def whole(self, *sections: str) -> bool:
        """Whether all of ``sections`` were read without a fault."""
        return self.broken.isdisjoint(sections)

    def is_unread(self, section: str, id_: str) -> bool:
        """Whether ``id_`` may be declared in ``section`` all the same, in what could not be read."""
        return section in self.hidden or id_ in self.unread.get(section, frozenset())


def did_you_mean(word: str, known: Mapping[str, object] | set[str] | frozenset[str] | list[str]) -> str:
    """A suggestion for a word that is none of ``known``: the nearest one, or the choice there is."""
    names = sorted(known)
    near = get_close_matches(word, names, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    if not names:
        return "none is declared"
    tail = ", ..." if len(names) > 10 else ""
    return f"one of: {', '.join(names[:10])}{tail}"
