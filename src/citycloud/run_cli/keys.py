"""``citycloud keys``: the keys that this user signs with."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from citycloud import keys as store
from citycloud.run_cli.plans import AsJson

app = typer.Typer(
    no_args_is_help=True,
    help="Ed25519 keys to sign approvals and reports with. Readable by you only; ssh-keygen's do as well.",
)


@app.command("new")
def new(name: Annotated[str, typer.Argument(help="Best the id of the person that it is declared for.")]) -> None:
    """Make a key, and print what to declare in the city's departments.yaml, as that person's `key`."""
    file = store.new(name)
    typer.echo(f'{file}\ndeclare it:  key: "{store.load(file).public}"')


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """The keys of this user, by name; never the private halves."""
    files = sorted(store.directory().glob("*.pub")) if store.directory().is_dir() else []
    found = {file.stem: " ".join(file.read_text().split()[:2]) for file in files}
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    for name, public in found.items() if not as_json else []:
        typer.echo(f"{name}: {public}")


def register(root: typer.Typer) -> None:
    root.add_typer(app, name="keys")
