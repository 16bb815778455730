"""The launcher that makes our language host a program beside the engine, where Pulumi looks for one.

It must lie beside the engine's real file: a host found anywhere else on PATH makes the engine warn.
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from citycloud.toolchain import places

_MARK = "# citycloud's language host"


def text(python: Path) -> str:
    """The launcher, for the Python that citycloud is installed in."""
    quoted = shlex.quote(str(python))
    return (
        "#!/bin/sh\n"
        f"{_MARK}: written by `citycloud toolchain install`\n"
        f"if [ ! -x {quoted} ]; then\n"
        f'  echo "citycloud was installed with "{quoted}", which is gone: run citycloud toolchain install" >&2\n'
        "  exit 1\n"
        "fi\n"
        # The program's own PYTHONPATH must not decide what the host imports.
        f'exec {quoted} -E -m citycloud.toolchain.language_host "$@"\n'
    )


def is_ours(path: Path) -> bool:
    """Whether ``path`` is a launcher of ours, and not an official host."""
    try:
        with path.open("rb") as file:
            return _MARK.encode() in file.read(200)
    except OSError:
        return False


def write(directory: Path) -> Path:
    """Put the launcher into ``directory``, whole or not at all; what is there and right stays untouched."""
    wanted, target = text(Path(sys.executable)), directory / places.LANGUAGE_HOST
    if not target.is_file() or target.read_text() != wanted:
        fresh = directory / f".{places.LANGUAGE_HOST}.{os.getpid()}"
        fresh.write_text(wanted)
        fresh.chmod(0o755)
        fresh.replace(target)
    return target
