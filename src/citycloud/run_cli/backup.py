"""``citycloud backup`` and ``citycloud restore``: journal and keys, sealed, for the day this machine is lost."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from citycloud import sealed
from citycloud.journal import settings
from citycloud.run_cli import here
from citycloud.run_cli.plans import AsJson

Words = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file",
        envvar="CITYCLOUD_BACKUP_PASSPHRASE_FILE",
        help="A file (chmod 600) whose first line is the passphrase: 12 characters or more.",
    ),
]


def register(app: typer.Typer) -> None:
    app.command("backup")(backup)
    app.command("restore")(restore)


def backup(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="The sealed file to write; it must not exist yet.")],
    words: Words = None,
    as_json: AsJson = False,
) -> None:
    """Keep this user's journal (every run, where it stands) and keys in one file, sealed with a passphrase.

    Runs may go on meanwhile. The file is opened again before it counts. Keep it on another machine, and the passphrase
    somewhere else again. Not in it: Pulumi's state and passphrase (see README), and a journal on PostgreSQL, which is
    kept by that server's own backups.

    Example: citycloud backup /mnt/nas/citycloud-0301.sealed --passphrase-file ~/backup.words
    """
    from citycloud.journal.backup import backup as keep

    kept = keep(out, sealed.passphrase(words), settings(), datetime.now(UTC))
    if as_json:
        typer.echo(json.dumps({"file": str(out), "made": kept.made, "runs": list(kept.runs), "keys": kept.keys}))
        return
    typer.echo(
        f"{out}: {len(kept.runs)} runs and {len(kept.keys)} keys, sealed; opened again, and whole\n"
        "not in it: Pulumi's state and passphrase"
    )


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `citycloud backup` has written.")],
    words: Words = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Open it, look at everything in it, change nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring back a journal and keys, and say how the open runs go on. What is there already is never overwritten.

    Only where the machine before is lost, or never runs again: two journals of one run would part ways. What that
    machine did after the backup is found so when its run goes on, and is not done twice; but no journal here says that
    the run did it, so an undo leaves it.

    Example: citycloud restore citycloud-0301.sealed --passphrase-file ~/backup.words
    """
    from citycloud.journal.backup import restore as bring

    kept, now = bring(file, sealed.passphrase(words), settings(), look_only=dry_run)
    going = _open() if kept.runs and not dry_run else []
    if as_json:
        told = {"made": kept.made, "runs": list(kept.runs), "keys": kept.keys, "put": [] if dry_run else now}
        typer.echo(json.dumps({**told, "open": going}))
        return
    typer.echo(f"{file}: whole, of {kept.made}: {len(kept.runs)} runs, {len(kept.keys)} keys")
    typer.echo(f"{'would bring back' if dry_run else 'brought back'}: {', '.join(now) or 'nothing; all of it is here'}")
    for run in going:
        typer.echo(f"open: {run}; go on: citycloud run {run}")


def _open() -> list[str]:
    with here.journal() as (_, journal):
        return [row.id for row in journal.runs(open_only=True)]
