"""Secrets in command lines are hidden before anything is kept. Pure. Rather one word too many than one too few."""

from __future__ import annotations

import re

HIDDEN = "«secret»"
_WORDS = r"[\w.-]*(?:passw(?:or)?d|passwd|pwd|secret|token|api[_-]?key|credential)[\w.-]*"
_VALUE = r"""(?:"[^"]*"|'[^']*'|\S+)"""
PATTERNS = (
    re.compile(rf"(?i)(\b|--?)({_WORDS})(\s*[=:]\s*){_VALUE}"),
    re.compile(rf"(?i)(--?)({_WORDS})(\s+)(?!-){_VALUE}"),
    re.compile(r"(?i)()(authorization)(:\s*)[^'\"]+"),
    re.compile(r"()([a-z][a-z0-9+.-]*://[^\s:/@]*)(:)[^\s@]+(?=@)"),
    re.compile(rf"(?<=\s)()(-p)()(?=\S)(?!\d+(?:\s|$)){_VALUE}"),
    re.compile(rf"(?<=\s)()(-u\s+[^\s:]+)(:){_VALUE}"),
)
"""``password=x``, ``--password x``, a header, a URL's user, mysql's ``-px`` (a port is left), curl's ``-u name:x``."""


def hide(command: str) -> str:
    """``command`` with whatever may be a secret taken out."""
    for pattern in PATTERNS:
        command = pattern.sub(lambda found: "".join(found.groups()) + HIDDEN, command)
    return command
