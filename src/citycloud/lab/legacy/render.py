"""Templates and the programs that run on the rooms' hosts, as files: pure."""

from __future__ import annotations

import hashlib
import hmac
from functools import cache
from pathlib import Path

import jinja2

from citycloud.lab.openstack.render import File

_HERE = Path(__file__).parent


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701  configuration and SQL, not HTML
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def template(name: str, **values: object) -> str:
    """The text of a template. Raises jinja2.UndefinedError where a value is missing."""
    return _environment().get_template(name).render(**values)


def file(path: str, text: str, mode: int = 0o644, group: str = "root") -> File:
    return File(path=path, content=text.encode(), mode=mode, group=group)


def program(path: str, name: str) -> File:
    """A module of ``onhost``, laid out at ``path``."""
    return file(path, (_HERE / "onhost" / name).read_text())


def password(secret: str, room: str, purpose: str) -> str:
    """A password of 24 hexadecimal digits, derived (HMAC-SHA-256, RFC 2104) from the lab's one secret."""
    return hmac.new(secret.encode(), f"rooms/{room}/{purpose}".encode(), hashlib.sha256).hexdigest()[:24]
