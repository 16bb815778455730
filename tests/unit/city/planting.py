"""Plant a fault in a copy of a declaration, and know the line that it is on."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

WUWEI = Path(__file__).parents[3] / "inventories" / "wuwei" / "city"


def copy_of_wuwei(directory: Path) -> Path:
    """A copy of the Wuwei declaration in ``directory``."""
    return Path(shutil.copytree(WUWEI, directory / "wuwei"))


@dataclass(frozen=True)
class Planted:
    """One fault: in ``file``, ``old`` (there exactly once) becomes ``new``."""

    kind: str
    file: str
    old: str
    new: str
    says: str
    """What the finding's message and suggestion have to tell."""
    at: tuple[str, str] | None = None
    """A file and a text (there exactly once) whose line the finding names; the first changed line otherwise."""

    def into(self, city: Path) -> str:
        """Plant it, and give back the place that the finding has to name, as ``file:line``."""
        file = city / self.file
        before = file.read_text()
        assert before.count(self.old) == 1, f"{self.old!r} is there {before.count(self.old)} times in {self.file}"
        after = before.replace(self.old, self.new)
        file.write_text(after)
        if self.at is not None:
            return place_of(city / self.at[0], self.at[1])
        line = next(at for at, (one, other) in enumerate(_lines(before, after), start=1) if one != other)
        return f"{file}:{line}"


def place_of(file: Path, text: str) -> str:
    """``file:line`` of ``text``, which is there exactly once."""
    held = file.read_text()
    assert held.count(text) == 1, f"{text!r} is there {held.count(text)} times in {file}"
    return f"{file}:{held[: held.index(text)].count(chr(10)) + 1}"


def _lines(before: str, after: str) -> list[tuple[str, str]]:
    return list(zip([*before.splitlines(), ""], [*after.splitlines(), ""], strict=False))
