"""A Pulumi project for a test, and how it is run."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LIMIT = 180
"""Seconds one engine command may take; about 4 on an idle machine."""


@dataclass
class Project:
    """A Pulumi project in a directory, with a state and a passphrase of its own."""

    home: Path
    env: dict[str, str]

    def write(self, program: str, *, virtualenv: str = ".venv", name: str = "trial", main: str = "") -> None:
        """Write the project; its program is ``main`` (a directory or a file), else the project's own directory."""
        file = self.home / main if main.endswith(".py") else self.home / main / "__main__.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        (self.home / "Pulumi.yaml").write_text(
            f"name: {name}\nruntime:\n  name: python\n  options:\n    virtualenv: {virtualenv}\n"
            + (f"main: {main}\n" if main else "")
        )
        file.write_text(program)
        if not (self.home / ".venv").exists():
            (self.home / ".venv").symlink_to(sys.prefix)

    def pulumi(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run ``pulumi``, output and errors together, as a person sees them."""
        done = subprocess.run(
            ["pulumi", *words, "--non-interactive"],
            cwd=self.home,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT,
        )
        assert done.returncode == 0 or not check, done.stdout
        return done

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start ``pulumi`` in a process group of its own, as a shell would."""
        return subprocess.Popen(
            ["pulumi", *words, "--non-interactive"],
            cwd=self.home,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def outputs(self, stack: str, *words: str) -> dict[str, Any]:
        return dict(json.loads(self.pulumi("stack", "output", "-s", stack, "--json", *words).stdout))

    def state(self) -> str:
        """All that the backend keeps, as text."""
        backend = Path(self.env["PULUMI_BACKEND_URL"].removeprefix("file://"))
        return "\n".join(file.read_text() for file in backend.rglob("*.json"))
