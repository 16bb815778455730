"""The cloud's commands: the environment of a plain ``pulumi up``, and all stacks at once."""

from __future__ import annotations

import typer

from citycloud import paths
from citycloud.cloud.env import shell_lines
from citycloud.cloud.stacks_state import clouds_id, ensure_passphrase, settle
from citycloud.cloud.up_cli import register_up
from citycloud.cloud.verify_cli import register_verify


def register(app: typer.Typer) -> None:
    """Add the cloud's commands to the command line."""
    register_up(app)
    register_verify(app)

    @app.command()
    def env() -> None:
        """Print what a plain `pulumi up` needs: eval "$(citycloud env)"."""
        ensure_passphrase()
        if paths.clouds_yaml().exists() and (aside := settle(clouds_id(paths.clouds_yaml()))):
            typer.echo(f"the state was of clouds that are gone: put aside as {aside}", err=True)
        typer.echo(shell_lines())
