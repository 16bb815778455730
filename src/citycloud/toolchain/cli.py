"""``citycloud toolchain``: what Pulumi runs on here."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True, help="The Pulumi engine, the OpenStack provider and the Python language host.")


@app.command()
def install() -> None:
    """Find, fetch or build what Pulumi needs."""
    raise SystemExit("not yet")
