"""Version numbers, as the engine and Go print them, compared as numbers."""

from __future__ import annotations

import re

_NUMBERS = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?(?:[-.]?(alpha|beta|rc|dev)[-.]?(\d*))?")


def numbers(text: str) -> tuple[int, int, int, int] | None:
    """Major, minor, patch of the first version in ``text``, and 1, or 0 for what came before that release.

    ``go1.26rc1`` comes before ``go1.26``; nothing that looks like a version gives None.
    """
    found = _NUMBERS.search(text)
    if found is None:
        return None
    major, minor, patch, early, _ = found.groups()
    return int(major), int(minor), int(patch or 0), 0 if early else 1


def at_least(text: str, wanted: str) -> bool:
    """Whether the version in ``text`` is ``wanted`` or newer. What has no version is not."""
    have, want = numbers(text), numbers(wanted)
    return have is not None and want is not None and have >= want


def plain(text: str) -> str:
    """``v3.259.0-dev`` as ``3.259.0``; what has no version as it is."""
    found = numbers(text)
    return ".".join(str(number) for number in found[:3]) if found else text.strip()
