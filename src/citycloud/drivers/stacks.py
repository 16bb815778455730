"""What Pulumi's stacks say that they made: their outputs, read with Pulumi itself."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from citycloud import paths, proc
from citycloud.cloud.env import exports

Outputs = Mapping[str, Any]
SECONDS = 60
"""Time limit of one command of Pulumi's."""
SIDE_BY_SIDE = 4


def outputs(project: Path, wanted: Iterable[str]) -> dict[str, Outputs]:
    """Outputs of those of the ``wanted`` stacks that exist, by stack; ``project`` is where Pulumi.yaml is.

    Where there is no state yet, no stack exists. Raises CommandFailed where Pulumi cannot be asked.
    """
    if not paths.state().is_dir():
        return {}
    known = {stack["name"].rpartition("/")[2] for stack in _pulumi(project, "stack", "ls", "--json")}
    standing = [stack for stack in wanted if stack in known]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        told = pool.map(lambda stack: _pulumi(project, "stack", "output", "--json", "--stack", stack), standing)
        return dict(zip(standing, told, strict=True))


def _pulumi(project: Path, *words: str) -> Any:  # noqa: ANN401  # JSON
    env = {**os.environ, **exports()}
    done = proc.run(["pulumi", *words, "--non-interactive"], timeout=SECONDS, env=env, cwd=project)
    return json.loads(done.stdout)
