"""Put the toolchain in place: what is there is used, else an official release, else our own build."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from citycloud import proc
from citycloud.progress import Progress
from citycloud.toolchain import build, launcher, places, releases, versions
from citycloud.toolchain.model import ENGINE_VERSION, PLUGIN_VERSION, Origin, Part, Toolchain

_ASK_TIMEOUT = 60.0

_MARK = "citycloud.key"
"""Beside a plugin that we installed: what it was built from. A plugin without it is not ours, and stays."""


def ensure(progress: Progress) -> Toolchain:
    """Find, fetch or build what is missing; a second call finds everything there and is quick.

    Raises CitycloudError (NoGo, BuildFailed, …) when a part can't be had.
    """
    with build.alone(progress):
        engine = _engine(progress)
        host = _language_host(engine)
        provider = _provider(progress)
    return Toolchain(engine, provider, host)


def version_of(engine: Path) -> str:
    """What ``pulumi version`` says, plainly; empty if it says nothing."""
    env = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    said = proc.run([str(engine), "version"], timeout=_ASK_TIMEOUT, env=env, check=False)
    return versions.plain(said.stdout) if said.returncode == 0 else ""


def on_path() -> Path | None:
    """A pulumi on PATH that is not ours."""
    ours = places.bin_dir().resolve()
    elsewhere = [entry for entry in os.environ.get("PATH", "").split(os.pathsep) if entry]
    kept = os.pathsep.join(entry for entry in elsewhere if Path(entry).resolve() != ours)
    found = shutil.which("pulumi", path=kept)
    return Path(found) if found else None


def found_engine() -> Part | None:
    """The engine on PATH, if it is new enough."""
    path = on_path()
    version = version_of(path) if path else ""
    if path and versions.at_least(version, ENGINE_VERSION):
        return Part("engine", version, Origin.FOUND, path)
    return None


def released_home() -> Path:
    """Where the official release is unpacked."""
    return places.root() / f"pulumi-v{ENGINE_VERSION}"


def _engine(progress: Progress) -> Part:
    part = found_engine() or _released(progress) or _built(progress)
    assert part.path
    _link(part.path)
    return part


def _released(progress: Progress) -> Part | None:
    """The official release; None, with the reason told, where it can't be had, or ours was built already."""
    home = released_home()
    if not (home / "pulumi").is_file():
        if build.kept(build.ENGINE) is not None:
            return None
        release = releases.engine(releases.table(), releases.platform_name())
        if release is None or not release.sha256:
            progress.say("toolchain: releases.toml knows no hash of a release for this platform: building instead")
            return None
        try:
            with progress.step(f"toolchain: fetch {release.file}"):
                archive = releases.fetch(release, places.root() / "downloads", progress.say)
                releases.unpack(archive, home)
                archive.unlink()
        except releases.NoRelease as fault:
            progress.say(f"toolchain: no official release: {fault}; building instead", style="yellow")
            return None
    return Part("engine", ENGINE_VERSION, Origin.RELEASE, home / "pulumi")


def _built(progress: Progress) -> Part:
    return Part("engine", ENGINE_VERSION, Origin.BUILT, build.build(build.ENGINE, progress))


def _link(engine: Path) -> None:
    """Make ``bin/pulumi`` a link to ``engine``, in one move."""
    places.bin_dir().mkdir(parents=True, exist_ok=True)
    link, fresh = places.bin_dir() / "pulumi", places.bin_dir() / f".pulumi.{os.getpid()}"
    if not link.is_symlink() or link.readlink() != engine:
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(engine)
        fresh.replace(link)


def _language_host(engine: Part) -> Part:
    """The official host beside the engine or on PATH; else ours, beside the engine's real file if that is ours too."""
    official = official_host(engine)
    if official:
        return Part("language host", engine.version, Origin.FOUND, official)
    assert engine.path
    beside = places.bin_dir() if engine.origin is Origin.FOUND else engine.path.parent
    return Part("language host", ENGINE_VERSION, Origin.OURS, launcher.write(beside))


def official_host(engine: Part) -> Path | None:
    """An official ``pulumi-language-python`` that the engine would find."""
    beside = engine.path.resolve().parent / places.LANGUAGE_HOST if engine.path else None
    if beside and beside.is_file() and not launcher.is_ours(beside):
        return beside
    found = shutil.which(places.LANGUAGE_HOST)
    return Path(found) if found and not launcher.is_ours(Path(found)) else None


def _provider(progress: Progress) -> Part:
    found = found_provider()
    if found and found.origin is Origin.FOUND:
        return found
    made = build.build(build.PROVIDER, progress)
    _install_plugin(made)
    return Part("provider", PLUGIN_VERSION, Origin.BUILT, places.plugin_dir() / places.PROVIDER)


def found_provider() -> Part | None:
    """The plugin where Pulumi looks for it: somebody else's (found), or ours (built); None if there is none."""
    path = places.plugin_dir() / places.PROVIDER
    if not path.is_file():
        return None
    ours = (places.plugin_dir() / _MARK).is_file()
    return Part("provider", PLUGIN_VERSION, Origin.BUILT if ours else Origin.FOUND, path)


def _install_plugin(made: Path) -> None:
    """Put the provider where Pulumi looks for plugins; the mark comes first, so that a half-done one is ours."""
    home = places.plugin_dir()
    home.mkdir(parents=True, exist_ok=True)
    mark, target = home / _MARK, home / places.PROVIDER
    if target.is_file() and mark.is_file() and mark.read_text() == made.parent.name:
        return
    mark.write_text("installing")
    fresh = home / f".{places.PROVIDER}.{os.getpid()}"
    shutil.copy2(made, fresh)
    fresh.replace(target)
    mark.write_text(made.parent.name)
