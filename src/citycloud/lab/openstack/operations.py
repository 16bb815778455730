"""pyinfra operations for lab hosts: each is run again without harm, and says nothing secret in a command."""

from __future__ import annotations

import base64
import io
from collections.abc import Generator, Iterable, Sequence

from pyinfra.api.command import FileUploadCommand, StringCommand
from pyinfra.api.facts import FactBase
from pyinfra.api.operation import operation
from pyinfra.context import host

STAMP = "/etc/citycloud/digest"
UPLOAD = "/run/citycloud.tar"
KERNEL = "/run/probe-kernel"
VIRT_TYPE = "/etc/nova/virt.conf"

Commands = Generator[StringCommand | FileUploadCommand, None, None]


class TreeDigest(FactBase[str]):
    """The digest of the files that the host was given last, or ''."""

    def command(self) -> str:
        return f"cat {STAMP} 2>/dev/null || true"

    def process(self, output: Iterable[str]) -> str:
        return "".join(output).strip()


@operation()
def tree(archive: str, digest: str, units: Sequence[str]) -> Commands:
    """Give the host its files (a tar archive in base64); ``units`` are stopped first where other files were there."""
    known = host.get_fact(TreeDigest)
    if known == digest:
        return
    if known:
        yield StringCommand("systemctl", "stop", *units)
    yield FileUploadCommand(io.BytesIO(base64.b64decode(archive)), UPLOAD)
    yield StringCommand(
        f"chmod 600 {UPLOAD} && tar -C / -xpf {UPLOAD} && rm {UPLOAD} && mkdir -p /srv/nfs/thin /srv/nfs/disk"
        " && chown cinder:cinder /srv/nfs/thin /srv/nfs/disk && systemctl daemon-reload"
        f" && echo {digest} > {STAMP}"
    )


@operation(is_idempotent=True)
def started(units: Sequence[str]) -> Commands:
    """Start units side by side, and wait until those that tell are ready."""
    if units:
        yield StringCommand("systemctl", "start", *units)


@operation(is_idempotent=True)
def accounts(sql: str) -> Commands:
    """Database accounts, by statements that hold passwords: on standard input, never as arguments."""
    if sql:
        yield StringCommand("mariadb", "--batch", _stdin=sql.splitlines())


@operation(is_idempotent=True)
def identity(wanted: str) -> Commands:
    """Users and catalogue in keystone (onhost/identity.py); the passwords go in on standard input."""
    if not wanted:
        return
    run = "runuser -u keystone -- env PYTHONPATH=/opt/citylab XDG_CACHE_HOME=/var/cache/citylab"
    yield StringCommand(f"{run} python3 -W ignore -m citylab.identity", _stdin=[wanted])


@operation(is_idempotent=True)
def probed(kernel: str) -> Commands:
    """Write down whether KVM boots a guest here, by booting ``kernel`` (a file of this machine) under it, once.

    /dev/kvm may open and the guest still hang; what counts is that the kernel comes to look for its root.
    """
    if kernel:
        yield FileUploadCommand(kernel, KERNEL)
        yield StringCommand("sh", "/etc/citycloud/probe-kvm", KERNEL, VIRT_TYPE)


@operation(is_idempotent=True)
def consumed(queues: Sequence[str]) -> Commands:
    """Wait until somebody consumes the message queues."""
    if queues:
        yield StringCommand("env PYTHONPATH=/opt/citylab python3 -m citylab.queues", *queues)
