"""A small declaration to start from: the files beside this one, written into a new directory."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

from citycloud.errors import BadInput

EXAMPLE = "example"
"""The id of the city in the files; a new city takes its directory's name."""


def write_skeleton(path: Path) -> list[Path]:
    """Write the files into the new directory ``path``, and name them. Raises BadInput where there is something."""
    if path.exists():
        raise BadInput(f"{path} is there already, and nothing is overwritten: name another directory")
    name = path.resolve().name
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,30}[a-z0-9]", name):
        raise BadInput(f"{name!r} can't be a city's id: 2 to 32 lower-case letters, digits and hyphens, a letter first")
    try:
        path.mkdir(parents=True)
        return [_write(path / name_, text.replace(f"id: {EXAMPLE}\n", f"id: {name}\n")) for name_, text in _texts()]
    except OSError as fault:
        raise BadInput(f"{path} can't be written: {fault.strerror}") from fault


def _texts() -> list[tuple[str, str]]:
    found = sorted(files(__package__).iterdir(), key=lambda file: file.name)
    return [(file.name, file.read_text(encoding="utf-8")) for file in found if file.name.endswith((".yaml", ".csv"))]


def _write(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    return file
