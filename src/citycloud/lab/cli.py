"""``citycloud lab``: a whole city on this machine."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True, help="A whole city on this machine: bring it up, look at it, take it down.")


@app.callback()
def _lab() -> None:
    """A whole city on this machine."""
