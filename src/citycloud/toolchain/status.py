"""What the toolchain is made of at this moment, without changing anything."""

from __future__ import annotations

from citycloud.toolchain import build, install, launcher, places
from citycloud.toolchain.model import ENGINE_VERSION, PLUGIN_VERSION, Origin, Part, Toolchain


def status() -> Toolchain:
    """What ``ensure`` would use now; what it would have to fetch or build is missing."""
    engine = install.found_engine() or _kept_engine()
    provider = install.found_provider() or Part("provider", PLUGIN_VERSION, Origin.MISSING, None)
    return Toolchain(engine, provider, _language_host(engine))


def _kept_engine() -> Part:
    released = install.released_home() / "pulumi"
    if released.is_file():
        return Part("engine", ENGINE_VERSION, Origin.RELEASE, released)
    built = build.kept(build.ENGINE)
    return Part("engine", ENGINE_VERSION, Origin.BUILT if built else Origin.MISSING, built)


def _language_host(engine: Part) -> Part:
    official = install.official_host(engine)
    if official:
        return Part("language host", engine.version, Origin.FOUND, official)
    for directory in (places.bin_dir(), *([engine.path.parent] if engine.path else [])):
        if launcher.is_ours(directory / places.LANGUAGE_HOST):
            return Part("language host", ENGINE_VERSION, Origin.OURS, directory / places.LANGUAGE_HOST)
    return Part("language host", ENGINE_VERSION, Origin.MISSING, None)
