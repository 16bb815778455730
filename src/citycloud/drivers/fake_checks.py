"""The fake far end's one check, as any domain's: a plain test function over a host."""

from __future__ import annotations

from collections.abc import Callable

from testinfra.host import Host  # type: ignore[import-untyped]


def test_says(host: Host, file: str, word: str, saw: Callable[[str], None]) -> None:
    content = host.file(file).content_string
    saw(f"{file}: {content.strip()!r}")
    assert word in content, f"{file} does not say {word}"
