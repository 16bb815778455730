"""An application's own files (programs, units, configuration, certificate and key) from the old host to the new one.

They go sealed in ssh, are put down with their owners and modes, and addresses that are written into them are replaced
on the copy. What they overwrite at the target is kept for the way back. The source is only read.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import ClassVar

from citycloud.action import Action, Evidence, Hosts, Tell, World

KEPT = "/var/lib/citycloud-move"
"""At the target: what was carried (as digests), and what stood there before."""


class Carry(Action):
    kind: ClassVar[str] = "migrate/carry"
    source: str
    target: str
    name: str
    """Of the application; what is kept about it bears this name."""
    paths: tuple[str, ...]
    """Absolute: files and directories."""
    replace: Mapping[str, str] = {}
    """Words in text files, as a whole (``192.168.110.12`` -> ``10.211.4.10``)."""
    remove: tuple[str, ...] = ()
    """Files at the target that are in the way."""
    units: tuple[str, ...] = ()
    """Started at the target, in this order."""
    url: str = ""
    """What answers there in the end, for the proof."""

    def reached(self, world: World) -> bool:
        return self._kept(world) == self._digest(world) and self._active(world)

    def act(self, world: World, tell: Tell) -> None:
        from citycloud.drivers.ssh import Ssh

        ssh, digest = world[Ssh], self._digest(world)
        packed = ssh.run(self.source, f"tar -C / -czf - {self._words()} | base64", seconds=300)
        tell(f"{len(packed) * 3 // 4} bytes of {self.name} are carried")
        ssh.run(self.target, self._unpack(digest), stdin=packed, seconds=300)

    def undo(self, world: World) -> None:
        from citycloud.drivers.ssh import Ssh

        stops = "".join(f"systemctl disable --quiet --now {unit} || true; " for unit in self.units)
        gone = f"tar -tzf {self._file('new')} | grep -v '/$' | while read -r f; do rm -f \"/$f\"; done; "
        back = f"tar -C / -xzf {self._file('old')}; systemctl daemon-reload; rm -f {self._file('*')}"
        script = f"if test -e {self._file('new')}; then {stops}{gone}{back}; fi"
        world[Ssh].run(self.target, script, seconds=120)

    def verify(self, hosts: Hosts) -> Iterator[Evidence]:
        from citycloud.migrate import checks
        from citycloud.run.evidence import prove

        for unit in self.units:
            yield prove(checks.test_runs, hosts[self.target], unit=unit)

    def _words(self) -> str:
        return " ".join(shlex.quote(path.lstrip("/")) for path in self.paths)

    def _file(self, what: str) -> str:
        return f"{KEPT}/{self.name}.{what}"

    def _digest(self, world: World) -> str:
        """Of the source's files and of what is replaced in them."""
        from citycloud.drivers.ssh import Ssh
        from citycloud.plan import digest_of

        each = f"cd / && find {self._words()} -type f -exec sha256sum {{}} + | sort"
        return digest_of(world[Ssh].run(self.source, each, seconds=120), dict(self.replace), list(self.units))

    def _kept(self, world: World) -> str:
        from citycloud.drivers.ssh import Ssh

        return world[Ssh].run(self.target, f"cat {self._file('digest')} 2>/dev/null || true").strip()

    def _active(self, world: World) -> bool:
        from citycloud.drivers.ssh import Ssh

        asked = " && ".join(["true", *(f"systemctl is-active --quiet {unit}" for unit in self.units)])
        return world[Ssh].run(self.target, f"{asked} && echo yes || true") == "yes\n"

    def _unpack(self, digest: str) -> str:
        """The digest is written last: it says that everything before is done."""
        new, old = self._file("new"), self._file("old")
        expressions = "".join(
            f" -e 's/{_escaped(word)}\\b/{_escaped(other)}/g'" for word, other in sorted(self.replace.items())
        )
        change = (
            f'tar -tzf {new} | grep -v \'/$\' | while read -r f; do if test -f "/$f" && grep -qI . "/$f";'
            f' then sed -i{expressions} "/$f"; fi; done'
        )
        lines = [
            "set -e",
            f"umask 077; mkdir -p {KEPT}; base64 -d > {new}",
            f"test -e {old} || tar -C / -czf {old} --ignore-failed-read {self._words()} 2>/dev/null || true",
            f"tar -C / -xzf {new}",
            *([change] if expressions else []),
            *(f"rm -f {shlex.quote(path)}" for path in self.remove),
            "systemctl daemon-reload",
            *(f"systemctl enable --quiet {unit}; systemctl restart {unit}" for unit in self.units),
            f"echo {digest} > {self._file('digest')}",
        ]
        return "\n".join(lines)


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("/", "\\/").replace(".", "\\.").replace("&", "\\&").replace("'", "'\\''")
