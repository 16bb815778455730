"""What Pulumi runs on: an engine, a provider, a language host, each with its version and where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

ENGINE_VERSION = "3.259.0"
"""The engine that this is written for: one at or above it is used, this one is fetched or built."""

PLUGIN_VERSION = "5.5.3"
"""Of the OpenStack plugin: that of the SDK."""


class Origin(StrEnum):
    """Where a part came from."""

    FOUND = "found"
    """It was on the machine already: on PATH, or among Pulumi's plugins."""
    RELEASE = "release"
    """An official release, fetched and checked against its hash."""
    BUILT = "built"
    """Built here from Go modules."""
    OURS = "ours"
    """Part of citycloud."""
    MISSING = "missing"


@dataclass(frozen=True)
class Part:
    """One part of the toolchain."""

    name: str
    version: str
    origin: Origin
    path: Path | None

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "version": self.version,
            "origin": str(self.origin),
            "path": str(self.path) if self.path else None,
        }


@dataclass(frozen=True)
class Toolchain:
    """All that a plain ``pulumi up`` needs on this machine."""

    engine: Part
    provider: Part
    language_host: Part

    @property
    def parts(self) -> tuple[Part, ...]:
        return (self.engine, self.provider, self.language_host)

    @property
    def whole(self) -> bool:
        """Whether nothing is missing."""
        return all(part.origin is not Origin.MISSING for part in self.parts)

    def as_json(self) -> dict[str, Any]:
        return {"whole": self.whole, "parts": [part.as_json() for part in self.parts]}
