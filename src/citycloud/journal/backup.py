"""The journal and the keys in one sealed file, and back from it.

A copy is taken while runs go on: SQLite's own copying waits for no writer and is of one moment. What comes back is
looked at first: each file's hash, the database's soundness, every run's chain of entries up to the hash that was
written down. What is there already is never overwritten. The same restore, cut off anywhere, is gone on with. Nothing
unsealed is ever written elsewhere than in this user's own home of citycloud.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from citycloud import keys, paths
from citycloud.errors import BadInput, CitycloudError
from citycloud.findings import Finding, Place
from citycloud.journal.entry import FIRST, broken_links
from citycloud.journal.settings import Settings
from citycloud.journal.store import COLUMNS, entry_of
from citycloud.sealed import seal, unseal

FORMAT = 1
MANIFEST, JOURNAL = "manifest.json", "journal.db"
HALF = ".half"
"""How what is being put in place ends, until it is whole; left behind where that was cut off."""
KEY = re.compile(r"keys/[a-z0-9][a-z0-9-]{0,62}(-sm2)?(\.pem)?(\.pub)?")
"""What may stand in the file beside those two: nothing in it chooses where it is put."""


@dataclass(frozen=True)
class Kept:
    """What is in a backup. ``runs``: the hash of each Run's last entry, by Run."""

    made: str
    """When, ISO 8601 in UTC."""
    files: Mapping[str, str]
    """sha256 (hex) by name."""
    runs: Mapping[str, str]

    @property
    def keys(self) -> list[str]:
        """Names of the private keys."""
        return sorted(Path(name).name for name in self.files if name.startswith("keys/") and not name.endswith(".pub"))


def backup(out: Path, words: str, settings: Settings, now: datetime) -> Kept:
    """Keep this user's journal and keys in ``out``, sealed with the passphrase ``words``, and open it again to see
    that it holds. Raises BadInput: the journal is on PostgreSQL, nothing is there to keep, or ``out`` exists."""
    journal, found = _journal(settings), _key_files()
    if out.exists():
        raise _bad(str(out), "is there already: a backup never takes an older one's place", "name another file")
    if not journal.exists() and not found:
        raise _bad(str(paths.home()), "there is neither a journal nor a key")
    with _workshop() as work:
        if journal.exists():
            _copy(journal, work / JOURNAL)
        for file in found:
            (paths.private(work / "keys") / file.name).write_bytes(file.read_bytes())
        names = sorted(str(file.relative_to(work)) for file in work.rglob("*") if file.is_file())
        runs = _heads(work / JOURNAL) if journal.exists() else {}
        kept = Kept(now.isoformat(timespec="seconds"), {name: _sha256(work / name) for name in names}, runs)
        _pack(work, names, kept)
        with (work / "tar").open("rb") as plain, (work / "sealed").open("wb") as sealed:
            seal(plain, sealed, words)
        (work / "again").mkdir()
        _opened(work / "sealed", work / "again", words, str(out))
        _place(work / "sealed", out, 0o600)
    return kept


def restore(file: Path, words: str, settings: Settings, *, look_only: bool = False) -> tuple[Kept, list[str]]:
    """Bring back what is in ``file``; what it holds, and the names that were put in place now.

    Raises BadInput, with nothing touched, where it does not hold, or something else stands where it belongs.
    """
    journal = _journal(settings)
    if not file.is_file():
        raise _bad(str(file), "there is no such file")
    with _workshop() as work:
        kept = _opened(file, work, words, str(file))
        places = {name: journal if name == JOURNAL else keys.directory() / Path(name).name for name in kept.files}
        missing = _missing(kept, places, journal)
        # the journal comes last: where it is, everything is
        for name in [] if look_only else sorted(missing, key=lambda name: name == JOURNAL):
            paths.private(places[name].parent)
            _place(work / name, places[name], 0o644 if name.endswith(".pub") else 0o600)
    return kept, missing


def _missing(kept: Kept, places: Mapping[str, Path], journal: Path) -> list[str]:
    """Names that are not in place yet. Raises BadInput with all that stands in the way."""
    other = [name for name, place in places.items() if place.exists() and _sha256(place) != kept.files[name]]
    in_way = [str(places[name]) for name in other]
    if JOURNAL in kept.files and not journal.exists():
        # SQLite would play an old log into the journal that comes back
        in_way += [str(each) for tail in ("-wal", "-shm") if (each := Path(f"{journal}{tail}")).exists()]
    if in_way:
        says = [Finding("in-the-way", Place(each), "is there, and another", "move it away") for each in in_way]
        raise BadInput("Nothing is ever overwritten, and nothing was touched.", says)
    return [name for name, place in places.items() if not place.exists()]


def _journal(settings: Settings) -> Path:
    if settings.file is None:
        say = "is on PostgreSQL, whose own backups keep it: pg_dump, or a standby"
        raise _bad("the journal", say, "for the keys alone: CITYCLOUD_JOURNAL= citycloud backup FILE ...")
    return settings.file


def _key_files() -> list[Path]:
    there = sorted(keys.directory().iterdir()) if keys.directory().is_dir() else []
    there = [file for file in there if not file.name.endswith(HALF)]
    strange = [file for file in there if not (file.is_file() and KEY.fullmatch(f"keys/{file.name}"))]
    if strange:
        says = [Finding("no-key", Place(str(file)), "is no key, and would not be kept", "move it") for file in strange]
        raise BadInput("Nothing was kept: the keys' directory holds something else.", says)
    return there


@contextmanager
def _workshop() -> Iterator[Path]:
    """A directory that only we read, in this user's home of citycloud, and gone afterwards."""
    try:
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=paths.private(paths.home())) as name:
            yield Path(name)
    except OSError as fault:
        raise CitycloudError(f"{fault}; what is in place stays, and the same command goes on") from None


def _copy(journal: Path, to: Path) -> None:
    """The journal as it is at one moment, in one file."""
    try:
        with (
            closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True, timeout=30)) as source,
            closing(sqlite3.connect(to)) as target,
        ):
            source.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as fault:
        raise _bad(str(journal), str(fault)) from None


def _heads(file: Path) -> dict[str, str]:
    """The last hash of each Run's journal. Raises BadInput where the database or a chain is broken."""
    faults: list[str] = []
    heads: dict[str, str] = {}
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True)) as database:
            faults += [row[0] for row in database.execute("PRAGMA integrity_check") if row[0] != "ok"][:5]
            for (run,) in database.execute("SELECT id FROM citycloud_runs ORDER BY id").fetchall():
                sql = f"SELECT {COLUMNS} FROM citycloud_journal WHERE run = ? ORDER BY number"  # noqa: S608
                entries = [entry_of(row) for row in database.execute(sql, (run,))]
                faults += [f"{run}: {link}" for link in broken_links(entries)][:5]
                heads[run] = entries[-1].hash if entries else FIRST
    except (sqlite3.Error, ValueError) as fault:
        faults.append(str(fault))
    if faults:
        says = [Finding("broken-journal", Place(object=JOURNAL), fault) for fault in faults]
        raise BadInput("This journal is not whole.", says)
    return heads


def _pack(work: Path, names: list[str], kept: Kept) -> None:
    told = {"format": FORMAT, "made": kept.made, "files": dict(kept.files), "runs": dict(kept.runs)}
    manifest = json.dumps(told, indent=1).encode()
    with tarfile.open(work / "tar", "w") as tar:
        info = tarfile.TarInfo(MANIFEST)
        info.size = len(manifest)
        tar.addfile(info, io.BytesIO(manifest))
        for name in names:
            tar.add(work / name, arcname=name, recursive=False)


def _opened(file: Path, to: Path, words: str, name: str) -> Kept:
    """Open a sealed backup into ``to``, and look at everything in it."""
    with file.open("rb") as sealed, (to / "tar").open("w+b") as plain:
        unseal(sealed, plain, words, name)
        plain.seek(0)
        try:
            kept = _unpacked(plain, to)
        except (tarfile.TarError, ValueError, LookupError, TypeError, AttributeError) as fault:
            raise _bad(name, f"not a backup ({type(fault).__name__}: {fault})") from None
    wrong = [each for each, digest in kept.files.items() if _sha256(to / each) != digest]
    if wrong or (JOURNAL in kept.files and _heads(to / JOURNAL) != kept.runs):
        raise _bad(name, f"does not hold what it says: {', '.join(wrong) or JOURNAL}")
    return kept


def _unpacked(plain: Any, to: Path) -> Kept:  # noqa: ANN401 (a binary file, as tarfile takes it)
    with tarfile.open(fileobj=plain, mode="r:") as tar:
        members = tar.getmembers()
        told = json.loads(_bytes(tar, members[0]))
        if members[0].name != MANIFEST or told["format"] != FORMAT:
            raise ValueError("of another format")
        if [member.name for member in members[1:]] != list(told["files"]):
            raise ValueError("other files than it says")
        for member in members[1:]:
            if not member.isfile() or not (member.name == JOURNAL or KEY.fullmatch(member.name)):
                raise ValueError(f"{member.name} has no place")
            paths.private((to / member.name).parent)
            (to / member.name).write_bytes(_bytes(tar, member))
    return Kept(str(told["made"]), dict(told["files"]), dict(told["runs"]))


def _bytes(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    source = tar.extractfile(member)
    if source is None:
        raise ValueError(f"{member.name} is no file")
    return source.read()


def _sha256(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _place(made: Path, place: Path, mode: int) -> None:
    """Put it there whole, on the disk before this returns, and never over something else. Raises OSError."""
    half = place.with_name(f".{place.name}{HALF}")
    half.unlink(missing_ok=True)
    half.touch(mode)
    shutil.copyfile(made, half)
    with half.open("rb") as source:
        os.fsync(source.fileno())
    os.link(half, place)
    half.unlink()
    directory = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _bad(what: str, message: str, suggestion: str = "") -> BadInput:
    return BadInput("Nothing was touched.", [Finding("backup", Place(object=what), message, suggestion)])
