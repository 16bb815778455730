"""Where the stacks' state is, who may read it, and which clouds it speaks of."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime
from pathlib import Path

import yaml

from citycloud import paths
from citycloud.errors import BadInput
from citycloud.findings import Finding, Place


def ensure_passphrase() -> Path:
    """The file with the passphrase of all secrets, made if there is none; only its owner reads it.

    Raises BadInput where others can read it.
    """
    file = paths.passphrase_file()
    paths.private(file.parent)
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(32))
    if file.stat().st_mode & 0o077:
        say = Finding("open-secret", Place(str(file)), "others can read the passphrase", f"chmod 600 {file}")
        raise BadInput("The passphrase is not private.", [say])
    return file


def clouds_id(clouds_yaml: Path) -> str:
    """What tells these clouds from those of another lab: a digest of where they answer and of the CA they trust.

    A lab has a CA of its own, so a lab that was rebuilt has another id. Raises BadInput where there are no clouds.
    """
    try:
        clouds = yaml.safe_load(clouds_yaml.read_text())["clouds"]
        told = [
            (name, cloud["auth"]["auth_url"], Path(cloud["cacert"]).read_text() if "cacert" in cloud else "")
            for name, cloud in sorted(clouds.items())
        ]
    except (OSError, KeyError, TypeError, AttributeError, yaml.YAMLError) as fault:
        place = Place(str(clouds_yaml))
        say = Finding("no-clouds", place, f"names no clouds ({type(fault).__name__})", "citycloud lab up")
        raise BadInput("There are no clouds to build on.", [say]) from None
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def settle(clouds: str) -> Path | None:
    """See to it that the state is of these clouds: state of others is put aside. Where to, or None."""
    state = paths.private(paths.state())
    mark = state / "clouds"
    aside = None
    if mark.exists() and mark.read_text() != clouds:
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        aside = state.with_name(f"{state.name}-of-{mark.read_text()}-until-{stamp}")
        state.rename(aside)
        paths.private(state)
    mark.write_text(clouds)
    return aside
