"""``registry``: one service whose source is lost; a machine that nobody dares to touch.

Byte code of Python 3.9 that no later Python loads, started by a script of System V times; its state is a flat file of
fixed records in GB18030, a counter in a text file and a local SQLite index; its licence is bound to the host's name. So
it can only be moved whole. (Here its source is ``onhost/registryd.py``; the host has never more than the byte code.)
"""

from __future__ import annotations

import hashlib

from citycloud.lab.legacy.job import Part
from citycloud.lab.legacy.render import file, program, template
from citycloud.lab.legacy.software.given import Given

DEEDS_A_MEBIBYTE = 1500


def licence(hostname: str) -> str:
    """What the service wants to read before it starts: 16 hexadecimal digits made from its host's name."""
    return hashlib.sha256(f"registryd licence for {hostname}".encode()).hexdigest()[:16]


def whole(given: Given) -> Part:
    deeds = given.mebibytes * DEEDS_A_MEBIBYTE
    return Part(
        files=(
            program("/opt/registry/registryd.py", "registryd.py"),
            file("/opt/registry/licence", licence(given.host.id) + "\n"),
            file("/etc/init.d/registryd", template("registryd.init.j2"), 0o755),
        ),
        units=("registryd",),
        prepare=template("registry-prepare.sh.j2", seed=given.seed, deeds=deeds),
    )
