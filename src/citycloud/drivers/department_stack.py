"""One department's Pulumi stack: what stands in it, and bringing it up. Each is a plain ``pulumi`` command."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from citycloud import proc
from citycloud.errors import CitycloudError


@dataclass(frozen=True)
class DepartmentStack:
    """``stacks``: the department's own; no other is touched. ``project`` is where Pulumi.yaml is."""

    project: Path
    stacks: frozenset[str]

    def machines(self, stack: str) -> frozenset[str]:
        """Ids of the machines that the stack says it has made."""
        from citycloud.drivers.stacks import outputs

        told = outputs(self.project, [self._own(stack)])
        return frozenset(name for found in told.values() for name in found.get("machines", {}))

    def up(self, stack: str, seconds: float) -> None:
        """Raises CommandFailed."""
        from citycloud.cloud.env import exports

        argv = ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--stack", self._own(stack)]
        proc.run(argv, timeout=seconds, env={**os.environ, **exports()}, cwd=self.project)

    def _own(self, stack: str) -> str:
        if stack not in self.stacks:
            raise CitycloudError(f"{stack} is no stack of this department's ({', '.join(sorted(self.stacks))})")
        return stack
