"""The cloud's commands: the environment of a plain ``pulumi up``, and all stacks at once."""

from __future__ import annotations

import typer

from citycloud.cloud.env import shell_lines
from citycloud.cloud.verify_cli import register_verify


def register(app: typer.Typer) -> None:
    """Add the cloud's commands to the command line."""
    register_verify(app)

    @app.command()
    def env() -> None:
        """Print what a plain `pulumi up` needs: eval "$(citycloud env)"."""
        typer.echo(shell_lines())
