"""The Go that builds: the one on PATH if it is new enough, else a newer one that it fetches as a module."""

from __future__ import annotations

import json
import os
import platform
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

from citycloud import proc
from citycloud.errors import CitycloudError
from citycloud.toolchain import versions

FETCHED = "1.26.0"
"""The Go that is fetched where the one on PATH is older than what go.mod asks."""

_FETCH_TIMEOUT = 900.0
_INSTALL_TIMEOUT = 900.0


class NoGo(CitycloudError):
    """There is no Go here, and none can be had."""


def asked(module: Path) -> str:
    """The Go version that ``module``'s go.mod asks for."""
    for line in (module / "go.mod").read_text().splitlines():
        if line.startswith("go "):
            return line.split()[1]
    return "1.21"


def version(go: Path) -> str:
    """Such as ``go1.26.8``; of this very Go, not of one it would fetch."""
    said = proc.run([str(go), "env", "GOVERSION"], timeout=60, env={**os.environ, "GOTOOLCHAIN": "local"}, check=False)
    # Before 1.16 there was no such variable; those are too old in any case.
    return said.stdout.strip() or "go1.0"


def on_path() -> Path | None:
    """The Go on PATH, or where Go's own installer puts it."""
    found = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin:/usr/lib/go/bin")
    return Path(found) if found else None


def find(module: Path, say: Callable[[str], None]) -> Path:
    """A Go that can build ``module``. Raises NoGo with what to do."""
    go = on_path() or _from_debian(say)
    if versions.at_least(version(go), asked(module)):
        return go
    say(f"{version(go)} is older than the go{asked(module)} that is needed: fetching go{FETCHED} as a module")
    return _fetched(go)


def _from_debian(say: Callable[[str], None]) -> Path:
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say("no Go here: installing Debian's")
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        apt = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "golang-go"]
        proc.run(apt, timeout=_INSTALL_TIMEOUT, env=env)
        found = on_path()
        if found:
            return found
    raise NoGo(
        "Pulumi has to be built here, and there is no Go to build it with.\n"
        f"  Install Go {FETCHED} or newer (on Debian 12, as root: apt-get install golang-go), or put an official "
        "pulumi on PATH, and run again. Nothing was changed."
    )


def _fetched(go: Path) -> Path:
    """Go's own toolchain module; modules lose the mode bits of programs, so those are set again."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    module = f"golang.org/toolchain@v0.0.1-go{FETCHED}.linux-{machine}"
    env = {**os.environ, "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
    said = proc.run([str(go), "mod", "download", "-json", module], timeout=_FETCH_TIMEOUT, env=env, check=False)
    if said.returncode != 0:
        raise NoGo(f"Go {FETCHED} is needed and could not be fetched.\n{said.stderr.strip() or said.stdout.strip()}")
    home = Path(json.loads(said.stdout)["Dir"])
    for program in [*home.glob("bin/*"), *home.glob("pkg/tool/*/*")]:
        program.chmod(program.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return home / "bin" / "go"
