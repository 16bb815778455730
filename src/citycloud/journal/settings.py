"""Where the Journal is: a SQLite file of this user's, or PostgreSQL by one setting."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from citycloud import paths
from citycloud.errors import BadInput
from citycloud.findings import Finding, Place

LEASE = 10.0
"""Seconds after which a runner that can't reach its database stops acting by itself."""


@dataclass(frozen=True)
class Settings:
    """``url`` is ``sqlite:///FILE`` or ``postgresql://...``, never with a password in it."""

    url: str
    password: str = ""
    lease: float = LEASE

    @property
    def file(self) -> Path | None:
        """SQLite's file; None on PostgreSQL."""
        return Path(self.url.removeprefix("sqlite:///")) if self.url.startswith("sqlite:///") else None

    def __repr__(self) -> str:
        return f"Settings({self.url!r})"


def settings(environ: Mapping[str, str] | None = None) -> Settings:
    """``CITYCLOUD_JOURNAL``: the URL. A password comes from ``~/.pgpass`` or from the file that
    ``CITYCLOUD_JOURNAL_PASSWORD_FILE`` names (readable by its owner only).

    Raises BadInput for another kind of database, a password in the URL, and a password file that others may read.
    """
    environ = os.environ if environ is None else environ
    lease = _seconds(environ.get("CITYCLOUD_LEASE", ""))
    url = environ.get("CITYCLOUD_JOURNAL", "")
    if not url:
        return Settings(f"sqlite:///{paths.home().absolute() / 'journal' / 'journal.db'}", lease=lease)
    parts = urlsplit(url)
    if parts.scheme not in ("sqlite", "postgresql"):
        raise _bad(f"{parts.scheme or url}: neither sqlite nor postgresql", "sqlite:///FILE, postgresql://HOST/NAME")
    if parts.password is not None:
        raise _bad("there is a password in the URL", "put it into ~/.pgpass or CITYCLOUD_JOURNAL_PASSWORD_FILE")
    return Settings(url, _password(environ.get("CITYCLOUD_JOURNAL_PASSWORD_FILE", "")), lease)


def _seconds(text: str) -> float:
    try:
        seconds = float(text) if text else LEASE
    except ValueError:
        seconds = 0.0
    if not 2.0 <= seconds <= 600.0:
        raise _bad(f"CITYCLOUD_LEASE is {text!r}", "seconds, from 2 to 600")
    return seconds


def _password(file: str) -> str:
    if not file:
        return ""
    try:
        mode = Path(file).stat().st_mode
        if mode & 0o077:
            raise _bad(f"others may read {file}", f"chmod 600 {file}")
        return Path(file).read_text().strip()
    except OSError as fault:
        raise _bad(f"{file}: {fault.strerror}", "name a file that holds the password") from None


def _bad(message: str, suggestion: str) -> BadInput:
    found = Finding("journal-setting", Place(object="CITYCLOUD_JOURNAL"), message, suggestion)
    return BadInput("The journal's database can't be used.", [found])
