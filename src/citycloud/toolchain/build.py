"""Engine and provider from Go modules: built once, kept by their content, whole or not at all."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from citycloud import proc
from citycloud.errors import CitycloudError
from citycloud.progress import Progress
from citycloud.toolchain import golang, places
from citycloud.toolchain.model import ENGINE_VERSION

BUILD_TIMEOUT = 3600.0
"""Seconds for one program; 4 min on two idle cores, several times that on busy ones."""

TELL_EVERY = 15.0
"""Seconds between two lines of progress."""

KEPT = 3
"""Builds of one program that are kept, about 115 MB each for the engine and 45 MB for the provider."""


class BuildFailed(CitycloudError):
    """Go could not build a program."""


@dataclass(frozen=True)
class Recipe:
    """A program to build: the module in ``toolchain/``, the package in it, the program's name, what is linked in."""

    module: str
    package: str
    program: str
    stamp: str = ""

    @property
    def directory(self) -> Path:
        return places.sources() / self.module


ENGINE = Recipe(
    module="engine",
    package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    program="pulumi",
    stamp=f"-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={ENGINE_VERSION}",
)
PROVIDER = Recipe(module="provider", package=".", program=places.PROVIDER)


def key(recipe: Recipe) -> str:
    """What the program is made of, as a hash: sources, go.mod, go.sum, flags."""
    digest = hashlib.sha256(repr((recipe.package, recipe.stamp)).encode())
    for source in sorted(recipe.directory.iterdir()):
        if source.suffix in {".go", ".mod", ".sum", ".json"} and not source.name.endswith("_test.go"):
            digest.update(f"{source.name}\0{source.stat().st_size}\0".encode())
            digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def kept(recipe: Recipe) -> Path | None:
    """The program, if it was built from the same sources before, by whichever Go."""
    found = sorted(places.root().glob(f"{recipe.program}-{key(recipe)}-*/{recipe.program}"))
    return found[-1] if found else None


@contextmanager
def alone(progress: Progress) -> Iterator[None]:
    """Two builders never work at once: the second waits, and then finds what the first has made."""
    places.root().mkdir(parents=True, exist_ok=True)
    with (places.root() / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.say("toolchain: another one is at work on it, waiting")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build(recipe: Recipe, progress: Progress) -> Path:
    """The program of ``recipe``: the kept one, else built now. Call it ``alone``. Raises NoGo or BuildFailed."""
    found = kept(recipe)
    if found:
        return found
    go = golang.find(recipe.directory, lambda text: progress.say(f"toolchain: {text}"))
    home = places.root() / f"{recipe.program}-{key(recipe)}-{golang.version(go)}"
    with progress.step(f"toolchain: build {recipe.program} from Go modules (minutes, once)"):
        _clear_leftovers()
        with tempfile.TemporaryDirectory(prefix=".building-", dir=places.root()) as scratch:
            made = Path(scratch) / "made"
            made.mkdir(mode=0o755)
            _go_build(go, recipe, made / recipe.program, progress)
            made.rename(home)
        _forget_older(recipe)
    return home / recipe.program


def _clear_leftovers() -> None:
    """What builders left that were killed: we are alone, so nobody uses them."""
    for left in places.root().glob(".building-*"):
        shutil.rmtree(left, ignore_errors=True)


def _forget_older(recipe: Recipe) -> None:
    """Keep the last ``KEPT`` builds of a program: another checkout may use one, and one may be running."""
    ours = f"{recipe.program}-{'[0-9a-f]' * 16}-go*"
    builds = sorted(places.root().glob(ours), key=lambda home: home.stat().st_mtime)
    for home in builds[:-KEPT]:
        shutil.rmtree(home, ignore_errors=True)


def _environment() -> dict[str, str]:
    # Without C the same program comes out whether or not a C compiler is here.
    flags = f"{os.environ.get('GOFLAGS', '')} -mod=readonly".strip()
    # A GOROOT that is set belongs to the Go on PATH, which may not be the one that builds.
    inherited = {name: value for name, value in os.environ.items() if name != "GOROOT"}
    return {**inherited, "CGO_ENABLED": "0", "GOFLAGS": flags, "GOWORK": "off"}


def _go_build(go: Path, recipe: Recipe, output: Path, progress: Progress) -> None:
    cwd, env = recipe.directory, _environment()
    deadline = time.monotonic() + BUILD_TIMEOUT
    progress.say(f"toolchain: {recipe.program}: fetching modules")
    listed = proc.run([str(go), "list", "-deps", recipe.package], timeout=BUILD_TIMEOUT, env=env, cwd=cwd, check=False)
    if listed.returncode != 0:
        raise BuildFailed(f"the modules of {recipe.program} could not be had:\n{_last(listed.stderr)}")
    flags = ["-v", "-trimpath", "-buildvcs=false", "-ldflags", f"-s -w {recipe.stamp}".strip()]
    argv = [str(go), "build", *flags, "-o", str(output), recipe.package]
    with subprocess.Popen(argv, cwd=cwd, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as made:
        watch = threading.Timer(deadline - time.monotonic(), made.kill)
        watch.start()
        try:
            said = _follow(made, recipe, len(listed.stdout.splitlines()), progress)
        except BaseException:
            made.kill()
            raise
        finally:
            watch.cancel()
    if made.returncode != 0:
        raise BuildFailed(f"{recipe.program} could not be built (go ended with {made.returncode}):\n{_last(said)}")


_PACKAGE = re.compile(r"[\w./~+-]+")


def _follow(made: subprocess.Popen[str], recipe: Recipe, total: int, progress: Progress) -> str:
    """Tell how many packages are compiled; give back what was no package's name."""
    compiled, said, told = 0, [], time.monotonic()
    for line in made.stderr or ():
        if _PACKAGE.fullmatch(line.strip()):
            compiled += 1
        else:
            said.append(line)
        if time.monotonic() - told > TELL_EVERY:
            progress.say(f"toolchain: {recipe.program}: {compiled} of at most {total} packages compiled")
            told = time.monotonic()
    made.wait()
    return "".join(said)


def _last(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-15:])
