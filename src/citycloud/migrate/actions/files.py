"""A file share: copied by rsync from host to host while it is in use, pass after pass, and a last one in the cutover.

The new host fetches from the old one with a key of its own, made for this move, that can do nothing there but rsync in
this one directory. What both hold is compared by a manifest: every name (as octets), kind, mode, owner, size, and the
SHA-256 of every file.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from citycloud.action import Action, Evidence, Hosts, Tell, World
from citycloud.errors import CitycloudError

if TYPE_CHECKING:
    from citycloud.drivers.ssh import Ssh

KEY = "/root/.ssh/citycloud-move"
OPTIONS = "--archive --hard-links --sparse --delete --numeric-ids --partial --timeout=30"
LONGEST = 6 * 3600
MANIFEST = """
import hashlib, os, stat, sys
top = os.fsencode(sys.argv[1])
for where, folders, files in os.walk(top):
    for name in folders + files:
        path = os.path.join(where, name)
        seen = os.lstat(path)
        told, changed = "-", 0
        if stat.S_ISREG(seen.st_mode):
            digest, changed = hashlib.sha256(), int(seen.st_mtime)
            with open(path, "rb") as file:
                while piece := file.read(1 << 20):
                    digest.update(piece)
            told = digest.hexdigest()
        elif stat.S_ISLNK(seen.st_mode):
            told = os.fsencode(os.readlink(path)).hex()
        size = seen.st_size if changed else 0
        kind = "%o:%d:%d:%d" % (seen.st_mode, seen.st_uid, seen.st_gid, size)
        print(os.path.relpath(path, top).hex(), changed, kind, told)
"""


class Files(Action):
    """``tree`` of the old host is at the new one as it was at the last pass."""

    kind: ClassVar[str] = "migrate/files"
    source: str
    target: str
    source_address: str
    target_address: str
    tree: str
    mebibytes_a_second: float = 0.0
    """Of the line; 0: as much as goes."""

    def reached(self, world: World) -> bool:
        """Nothing is left that another pass would bring: sizes and times, as rsync itself sees them."""
        from citycloud.drivers.ssh import Ssh

        ssh = world[Ssh]
        made = ssh.run(self.target, f"test -e {KEY} && test -d {shlex.quote(self.tree)} && echo yes || true")
        if made != "yes\n":
            return False
        left = ssh.run(self.target, self._rsync("--dry-run --itemize-changes"), seconds=LONGEST)
        return left.strip() == ""

    def act(self, world: World, tell: Tell) -> None:
        from citycloud.drivers.ssh import Ssh

        ssh = world[Ssh]
        self._let_in(ssh)
        for number in (1, 2):
            said = ssh.run(self.target, self._rsync("--stats"), seconds=tell.left().total_seconds())
            sent = [line for line in said.splitlines() if line.startswith("Total transferred file size:")]
            tell(f"pass {number}: {sent[0].partition(': ')[2] if sent else 'done'}")
            tell.check()

    def last(self, ssh: Ssh, *, back: bool = False) -> None:
        """The pass after the last write; ``back``: from the new host to the old one."""
        ssh.run(self.target, self._rsync("", back=back), seconds=LONGEST)

    def compare(self, ssh: Ssh, since: int) -> str:
        """What was compared, in figures. Users may have changed files at the target from ``since`` (seconds since the
        epoch, by the target's clock) on: those are left out. Raises CitycloudError where the trees differ."""
        here, there = (manifest(ssh, host, self.tree) for host in (self.source, self.target))
        odd = [
            name
            for name in sorted({*here, *there})
            if here.get(name) != there.get(name) and there.get(name, (0, ""))[0] < since
        ]
        if odd:
            names = ", ".join(bytes.fromhex(name).decode(errors="backslashreplace") for name in odd[:5])
            raise CitycloudError(f"{self.tree}: {self.source} and {self.target} differ in {len(odd)} names: {names}")
        return f"{self.tree}: {len(here)} names, kinds, owners, sizes and SHA-256 are equal"

    def undo(self, world: World) -> None:
        """What was copied goes; the key goes at both ends."""
        from citycloud.drivers.ssh import Ssh

        ssh = world[Ssh]
        ssh.run(self.source, "sed -i '/citycloud-move$/d' /root/.ssh/authorized_keys")
        tree = shlex.quote(self.tree)
        ssh.run(
            self.target,
            f"rm -f {KEY} {KEY}.pub {KEY}.known; if test -d {tree}; then find {tree} -mindepth 1 -delete; fi",
        )

    def verify(self, hosts: Hosts) -> Iterator[Evidence]:
        from citycloud.migrate import checks
        from citycloud.run.evidence import prove

        yield prove(checks.test_tree_is_there, hosts[self.target], tree=self.tree)

    def _let_in(self, ssh: Ssh) -> None:
        """The new host's own key, which is good for rsync in this tree and from this address only."""
        tree = shlex.quote(self.tree)
        if ssh.run(self.target, f"test -e {KEY} || ls -A {tree} 2>/dev/null | head -1").strip():
            raise CitycloudError(
                f"{self.target}: {self.tree} holds something that is not this move's: look there first"
            )
        make = f"umask 077; test -e {KEY} || ssh-keygen -q -t ed25519 -N '' -C citycloud-move -f {KEY}; cat {KEY}.pub"
        public = ssh.run(self.target, make).strip()
        known = ssh.run(self.source, "cat /etc/ssh/ssh_host_ed25519_key.pub").split()
        line = f"{self.source_address} {known[0]} {known[1]}\n"
        ssh.run(self.target, f"cat > {KEY}.known; mkdir -p {shlex.quote(self.tree)}", stdin=line)
        limits = f'restrict,from="{self.target_address}",command="rrsync {self.tree}"'
        put = "cd /root/.ssh; { grep -v 'citycloud-move$' authorized_keys || true; cat; } > citycloud.new;"
        move = "chmod --reference=authorized_keys citycloud.new; mv citycloud.new authorized_keys"
        ssh.run(self.source, f"set -e; {put} {move}", stdin=f"{limits} {public}\n")

    def _rsync(self, more: str, *, back: bool = False) -> str:
        known = f"-o UserKnownHostsFile={KEY}.known -o GlobalKnownHostsFile=/dev/null -o StrictHostKeyChecking=yes"
        # a connection that is there already, and a key exchange that is three times quicker than OpenSSH's first
        # choice: the last pass is made while writes are refused
        kept = "-o ControlMaster=auto -o ControlPersist=120 -o ControlPath=/run/citycloud-%C"
        shell = f"ssh -i {KEY} -o KexAlgorithms=curve25519-sha256 -o IdentitiesOnly=yes -o BatchMode=yes {kept} {known}"
        rate = f" --bwlimit={self.mebibytes_a_second * 1024:.0f}" if self.mebibytes_a_second else ""
        far, near = f"root@{self.source_address}:/", f"{self.tree.rstrip('/')}/"
        ends = f"{shlex.quote(near)} {far}" if back else f"{far} {shlex.quote(near)}"
        return f"rsync {OPTIONS}{rate} {more} -e {shlex.quote(shell)} {ends}"


def manifest(ssh: Ssh, host: str, tree: str) -> dict[str, tuple[int, str]]:
    """Everything below ``tree``: names (hexadecimal octets) to time of change and the rest of what is compared."""
    told = ssh.run(host, f"python3 - {shlex.quote(tree)}", stdin=MANIFEST, seconds=LONGEST)
    found = {}
    for line in told.splitlines():
        name, changed, rest = line.split(" ", 2)
        found[name] = (int(changed), rest)
    return found
