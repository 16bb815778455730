"""``citycloud keys``: the keys that this user signs with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from citycloud import keys as store
from citycloud.errors import BadInput
from citycloud.run_cli import here
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


@app.command("lab")
def lab() -> None:
    """Keys for the people of a city that stands in the lab only: whoever has none declared gets one, of this user's.

    They are declared in the lab's own directory, count for as long as it stands, and never for another city: people of
    a real one make their own keys (`citycloud keys new`), and nobody else has them.
    """
    found, file = here.city(), here.lab_people_file()
    if found is None or not file.parent.is_dir():
        raise BadInput("there is no lab, or no city declared here: citycloud lab up")
    without = [person.id for department in found.departments for person in department.people if not person.key]
    known = {id_: store.load(_of_lab(id_)).public for id_ in without}
    fresh = file.with_name(f"{file.name}.new")
    fresh.write_text(json.dumps(known, indent=1) + "\n")
    fresh.rename(file)
    typer.echo(f"{len(known)} people of {found.name} can sign in this lab: citycloud approve RUN STEP --as PERSON")


def _of_lab(id_: str) -> Path:
    """The person's key; made, where there is none."""
    file = store.directory() / id_
    return file if file.exists() else store.new(id_)


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
