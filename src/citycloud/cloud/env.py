"""What a plain ``pulumi`` needs to know of this machine: as a mapping for programs, as exports for a shell."""

from __future__ import annotations

import os
import shlex

from citycloud import paths
from citycloud.toolchain.places import bin_dir


def exports() -> dict[str, str]:
    """The variables that differ from Pulumi's own defaults, PATH among them. No secret is in them: only its file."""
    here = os.environ.get("PATH", "").split(os.pathsep)
    found = [entry for entry in here if entry and entry != str(bin_dir())]
    return {
        "PATH": os.pathsep.join([str(bin_dir()), *found]),
        "PULUMI_BACKEND_URL": f"file://{paths.state().absolute()}",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(paths.passphrase_file().absolute()),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "OS_CLIENT_CONFIG_FILE": str(paths.clouds_yaml().absolute()),
    }


def shell_lines() -> str:
    """The exports as a POSIX shell reads them: ``eval "$(citycloud env)"``.

    What the shell has of OpenStack's own variables is taken back: they would speak of some other cloud.
    """
    told = exports()
    foreign = [name for name in sorted(os.environ) if name.startswith("OS_") and name not in told]
    lines = [f"unset {name}" for name in foreign]
    return "\n".join(lines + [f"export {name}={shlex.quote(value)}" for name, value in told.items()])
