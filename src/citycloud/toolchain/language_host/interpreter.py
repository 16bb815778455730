"""Which Python a program runs in, and what is installed there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ASK_TIMEOUT = 30.0
"""Seconds that a Python may take to say something of itself."""

_PLACES = "import json, sysconfig; print(json.dumps([sysconfig.get_path('purelib'), sysconfig.get_path('platlib')]))"
_PACKAGES = (
    "import importlib.metadata as m, json; "
    "print(json.dumps(sorted({(d.metadata['Name'], d.version) for d in m.distributions()})))"
)


class NoPython(Exception):
    """There is no Python to run the program in. Its text is what the person reads."""


def python(root: Path, options: Mapping[str, object]) -> Path:
    """The Python of a project: the ``virtualenv`` option (relative to ``root``), else ``python3`` on PATH."""
    named = options.get("virtualenv")
    if named:
        found = (root / str(named)).absolute() / "bin" / "python"
        if not found.exists():
            raise NoPython(
                f"the virtual environment {found.parent.parent} has no Python: make it, or run pulumi install"
            )
        return found
    on_path = shutil.which("python3") or shutil.which("python")
    return Path(on_path or sys.executable)


def environment(interpreter: Path) -> dict[str, str]:
    """Our environment as it would be with the virtual environment of ``interpreter`` activated, if it is in one."""
    env = dict(os.environ)
    home = interpreter.parent.parent
    if (home / "pyvenv.cfg").exists():
        env["VIRTUAL_ENV"] = str(home)
        env["PATH"] = os.pathsep.join([str(interpreter.parent), env.get("PATH", os.defpath)])
        env.pop("PYTHONHOME", None)
    return env


def _ask(interpreter: Path, code: str) -> Any:  # noqa: ANN401
    asked = subprocess.run(
        [str(interpreter), "-c", code], capture_output=True, text=True, timeout=ASK_TIMEOUT, check=True
    )
    return json.loads(asked.stdout)


def site_packages(interpreter: Path) -> list[Path]:
    """Where packages of ``interpreter`` are; a virtual environment is looked at, any other Python is asked."""
    home = interpreter.parent.parent
    if (home / "pyvenv.cfg").exists():
        return sorted(home.glob("lib/python3*/site-packages"))
    return [Path(place) for place in sorted(set(_ask(interpreter, _PLACES)))]


def packages(interpreter: Path) -> list[tuple[str, str]]:
    """Name and version of each installed distribution."""
    return [(name, version) for name, version in _ask(interpreter, _PACKAGES)]


def version(interpreter: Path) -> str:
    """Such as ``3.11.7``."""
    return str(_ask(interpreter, "import json, platform; print(json.dumps(platform.python_version()))"))


def plugins(interpreter: Path) -> Iterator[tuple[str, str, str]]:
    """Name, version (``v5.5.3``) and download server of each resource plugin that an installed package asks for."""
    for place in site_packages(interpreter):
        for manifest in sorted(place.glob("*/pulumi-plugin.json")):
            said = json.loads(manifest.read_text())
            if said.get("resource") and said.get("name"):
                asked = str(said.get("version", "")).removeprefix("v")
                yield str(said["name"]), f"v{asked}" if asked else "", str(said.get("server", ""))
