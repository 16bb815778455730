"""The lab's secret: made once for each lab, readable by its owner only, never printed."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping

from citycloud.lab.handle import Files

NAMES = ("lab",)
"""``lab``: what every password of the lab's clouds is derived from."""


def load(files: Files) -> Mapping[str, str]:
    """The lab's secrets by name, made where they are not there yet."""
    if not files.secrets.exists():
        fresh = files.secrets.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump({name: secrets.token_hex(32) for name in NAMES}, file)
        fresh.rename(files.secrets)
    found: dict[str, str] = json.loads(files.secrets.read_text())
    return found
