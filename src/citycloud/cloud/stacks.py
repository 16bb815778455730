"""Pulumi's stacks in this checkout: made where they are missing, configured, asked. The one seam to ``pulumi``."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from citycloud import paths, proc
from citycloud.cloud.env import exports
from citycloud.errors import BadInput, CitycloudError
from citycloud.findings import Finding, Place

REFRESH = 900.0
"""Seconds for reading what stands from its cloud."""
QUICK = 120.0
"""Seconds that a command may take which touches state and configuration only."""


def project_root(start: Path) -> Path:
    """The directory of the project that ``start`` is in. Raises BadInput where there is none."""
    for directory in (start, *start.parents):
        if (directory / "Pulumi.yaml").exists():
            return directory
    say = Finding("no-project", Place(str(start)), "there is no Pulumi.yaml here or above", "go to the checkout")
    raise BadInput("Stacks belong to a checkout.", [say])


@dataclass(frozen=True)
class Workspace:
    """A checkout, and Pulumi in it."""

    root: Path

    @property
    def project(self) -> str:
        return str(yaml.safe_load((self.root / "Pulumi.yaml").read_text())["name"])

    def env(self) -> dict[str, str]:
        """The environment for Pulumi. What the caller's shell says of OpenStack's credentials stays outside."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
        # the event log is among what Pulumi calls debug commands
        return {**kept, **exports(), "PULUMI_DEBUG_COMMANDS": "true", "NO_COLOR": "1"}

    def pulumi(
        self, *arguments: str, timeout: float = QUICK, stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run ``pulumi``; ``timeout`` in seconds. Raises CommandFailed."""
        argv = ["pulumi", *arguments, "--non-interactive"]
        return proc.run(argv, timeout=timeout, stdin=stdin or "", env=self.env(), cwd=self.root, check=check)

    def checkpoint(self, stack: str) -> Path:
        """The file that Pulumi's file backend keeps the stack in."""
        return paths.state() / ".pulumi" / "stacks" / self.project / f"{stack}.json"

    def locks(self, stack: str) -> list[Path]:
        """Who says that he is changing the stack, a file each."""
        return sorted((paths.state() / ".pulumi/locks/organization" / self.project / stack).glob("*.json"))

    def settings(self, stack: str) -> dict[str, Any]:
        """The stack's configuration in this checkout, as written: secrets encrypted."""
        file = self.root / f"Pulumi.{stack}.yaml"
        told = yaml.safe_load(file.read_text()) if file.exists() else None
        return dict((told or {}).get("config") or {})

    def ensure(self, stack: str) -> None:
        """Make the stack if there is none."""
        if not self.checkpoint(stack).exists():
            self.pulumi("stack", "init", stack, "--no-select")

    def ensure_seed(self, site: str) -> None:
        """Give a site's stack the secret that its departments' passwords are made from, if it has none."""
        if f"{self.project}:seed" not in self.settings(site):
            passphrase = paths.passphrase_file().read_bytes().strip()
            seed = hmac.digest(passphrase, f"seed of {site}".encode(), hashlib.sha256).hex()
            self.pulumi("config", "set", "--secret", f"{self.project}:seed", "--stack", site, stdin=seed)

    def resources(self, stack: str) -> list[dict[str, Any]]:
        """What the state holds of the stack, as Pulumi's state has it; secrets stay encrypted."""
        file = self.checkpoint(stack)
        if not file.exists():
            return []
        return list(_deployment(file).get("resources") or [])

    def pending(self, stack: str) -> list[dict[str, Any]]:
        """Operations that were under way when Pulumi was killed."""
        file = self.checkpoint(stack)
        return list(_deployment(file).get("pending_operations") or []) if file.exists() else []

    def take_in(self, stack: str, found: Sequence[tuple[Mapping[str, Any], str]]) -> int:
        """Have the state say that these stand, with these ids, and that nothing is under way; how many there were.

        What hangs on something that the state does not hold is left out. (Pulumi's own way, ``refresh
        --import-pending-creates``, drops them in 3.259: the operations become imports, which nothing carries out.)
        """
        whole = json.loads(self.pulumi("stack", "export", "--stack", stack).stdout)
        deployment = whole["deployment"]
        known = {resource["urn"] for resource in deployment["resources"]}
        taken = [
            {**resource, "id": id_, "outputs": {"id": id_}}
            for resource, id_ in found
            if {resource.get("parent"), *resource.get("dependencies", [])} - {None} <= known
        ]
        deployment["resources"] += taken
        deployment.pop("pending_operations", None)
        self.pulumi("stack", "import", "--stack", stack, stdin=json.dumps(whole))
        targets = [word for resource in taken for word in ("--target", resource["urn"])]
        if targets:
            self.pulumi("refresh", "--stack", stack, "--yes", "--skip-preview", *targets, timeout=REFRESH)
        return len(taken)

    def failing_since(self, stack: str) -> datetime | None:
        """When the first of the runs began that failed since the last good one; None if the last one was good."""
        since = None
        kept = paths.state() / ".pulumi" / "history" / self.project / stack
        for file in sorted(kept.glob("*.history.json"), reverse=True):
            told = json.loads(file.read_text())
            if told["kind"] not in ("update", "destroy"):
                continue
            if told["result"] == "succeeded":
                break
            since = datetime.fromtimestamp(told["startTime"], UTC)
        return since

    def outputs(self, stack: str) -> Mapping[str, Any]:
        """The stack's outputs, as last recorded; secret ones stay encrypted."""
        for resource in self.resources(stack):
            if resource["type"] == "pulumi:pulumi:Stack":
                return dict(resource.get("outputs") or {})
        return {}


def _deployment(file: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(file.read_text())["checkpoint"].get("latest") or {})
    except (ValueError, KeyError) as fault:
        raise CitycloudError(
            f"{file}: the stack's state can't be read ({fault}); the one before is beside it, as {file.name}.bak"
        ) from None
