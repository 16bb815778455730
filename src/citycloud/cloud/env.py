"""What a plain ``pulumi`` needs to know of this machine: as a mapping for programs, as exports for a shell."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from citycloud import paths


def toolchain_bin() -> Path:
    """Where the engine, the language host and their friends are put by the toolchain."""
    return paths.cache() / "toolchain" / "bin"


def exports() -> dict[str, str]:
    """The variables that differ from Pulumi's own defaults, PATH among them. No secret is in them: only its file."""
    here = os.environ.get("PATH", "").split(os.pathsep)
    found = [entry for entry in here if entry and entry != str(toolchain_bin())]
    return {
        "PATH": os.pathsep.join([str(toolchain_bin()), *found]),
        "PULUMI_BACKEND_URL": f"file://{paths.state().absolute()}",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(paths.passphrase_file().absolute()),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "OS_CLIENT_CONFIG_FILE": str(paths.clouds_yaml().absolute()),
    }


def shell_lines() -> str:
    """The exports as a POSIX shell reads them: ``eval "$(citycloud env)"``."""
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in exports().items())
