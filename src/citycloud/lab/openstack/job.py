"""What the deploy of both clouds is to do, as one JSON value: made by ``deploy``, run by ``play`` in its own process.

pyinfra stands on gevent, which patches the whole process it runs in; ours keeps its threads. The value holds secrets,
so it goes by standard input, never by arguments or files.
"""

from __future__ import annotations

from collections.abc import Mapping

from citycloud.city.model import Noun


class HostJob(Noun):
    """One lab host's part."""

    name: str
    address: str
    archive: str
    """Its files, as a tar archive in base64."""
    digest: str
    controller: bool
    base: tuple[str, ...]
    """Debian's own units that are started first."""
    stages: Mapping[str, tuple[str, ...]]
    """Our own units by stage."""
    kernel: str = ""
    """Kernel of a guest, to probe KVM with; empty where there is nothing to probe."""
    sql: str = ""
    identity: str = ""


class Job(Noun):
    """The whole deploy."""

    key_file: str
    known_hosts: str
    hosts: tuple[HostJob, ...]
