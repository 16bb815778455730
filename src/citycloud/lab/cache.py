"""Root file systems that take minutes to make, kept by content: the same inputs give the same directory.

``base-KEY`` is a minimal Debian with systemd and sshd; ``packages-KEY`` is that with OpenStack's packages;
``prepared-KEY`` is a layer over that with what the OpenStack deploys can do ahead; hosts' own roots are laid over both.
A directory has its name only when it is whole (made aside, then renamed), and nothing here ever removes a whole one:
a living lab, this one or another, may stand on it.
None holds a secret, an identity or a word of this machine's package configuration: ``strip`` sees to it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from citycloud import paths, proc
from citycloud.lab import mirror
from citycloud.lab.rootfs import enter, tethered
from citycloud.progress import Progress

FORMAT = 1
"""Raise it when what ``strip`` and the builders do has changed in a way their inputs don't show."""

BASE_PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "openssh-server", "python3", "kmod", "less", "procps", "ca-certificates"),
    *("iproute2", "iputils-ping", "ethtool", "netbase", "nftables", "iptables", "conntrack", "tcpdump"),
)

LEFT_OVER = (
    "etc/apt/sources.list",
    "etc/apt/auth.conf.d",
    "etc/resolv.conf",
    "etc/hostname",
    "etc/machine-id",
    "var/lib/dbus/machine-id",
    "var/lib/systemd/random-seed",
    "var/lib/rabbitmq/.erlang.cookie",
    "var/lib/openvswitch",
    "etc/mysql/debian.cnf",
    "etc/iscsi/initiatorname.iscsi",
    "etc/nvme",
    "root/.bash_history",
    "root/.wget-hsts",
    "usr/sbin/policy-rc.d",
)
EMPTIED = ("var/lib/apt/lists", "var/cache/apt", "var/log", "var/cache/debconf", "tmp", "run", "root/.cache")
"""Directories whose files go; the directories themselves stay, with their owners."""

Builder = Callable[[Path, Progress], None]
"""Fills an empty directory with a root file system."""


def home() -> Path:
    return paths.cache() / "lab"


def key_of(*parts: object) -> str:
    """16 hexadecimal digits that change when any of ``parts`` (JSON values) does."""
    text = json.dumps([FORMAT, mirror.RELEASE, *parts], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """One maker at a time in ``directory``; waits for the other to finish."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def base_path() -> Path:
    """Where the minimal Debian is, once it is made."""
    return home() / f"base-{key_of(sorted(BASE_PACKAGES))}"


def packages_path(names: Sequence[str]) -> Path:
    """Where the base with these packages is, once it is made."""
    return home() / f"packages-{key_of(base_path().name, sorted(names))}"


def prepared_path(below: Path, inputs: Sequence[object]) -> Path:
    """Where the layer prepared over the root ``below`` is, once it is made."""
    return home() / f"prepared-{key_of(below.name, *inputs)}"


def _at(path: Path, build: Builder, progress: Progress) -> Path:
    name, _, key = path.name.rpartition("-")
    return kept(name, key, build, progress)


def kept(name: str, key: str, build: Builder, progress: Progress, within: Path | None = None) -> Path:
    """The directory ``name-key``, made by ``build`` if it is not there. What a killed one half made goes first.

    ``within``: another directory than ``home()``, whose makers wait for each other only.
    """
    at = within or home()
    whole = at / f"{name}-{key}"
    if whole.is_dir():
        return whole
    with locked(at):
        if whole.is_dir():
            return whole
        for half in at.glob(f"making-{name}-*"):
            shutil.rmtree(half)
        making = at / f"making-{name}-{key}"
        making.mkdir()
        build(making, progress)
        making.rename(whole)
    return whole


def strip(root: Path) -> None:
    """Take out of ``root`` what must not be kept: identities, keys, logs, where the packages came from."""
    for name in LEFT_OVER:
        path = root / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    for name in EMPTIED:
        for path in sorted((root / name).rglob("*"), reverse=True):
            if path.is_symlink() or not path.is_dir():
                path.unlink()
    for secret in [*root.glob("etc/ssh/ssh_host_*"), *root.glob("etc/ssl/private/*")]:
        secret.unlink()
    (root / "etc" / "machine-id").touch()  # empty: systemd then takes it for a first boot, and does not fail


def debootstrap(root: Path, release: str = mirror.RELEASE) -> None:
    """A minimal Debian in ``root``, about a minute. debootstrap checks the archive's signatures by the keyring."""
    source = next(one for one in mirror.of_release(mirror.read_sources(), release) if one.suite == release)
    options = ("--variant=minbase", f"--include={','.join(BASE_PACKAGES)}", f"--keyring={mirror.KEYRING}")
    proc.run((*tethered(), "debootstrap", *options, release, str(root), source.uri), timeout=900)


def _bootstrap(root: Path, progress: Progress) -> None:
    with progress.step("Debian base (about a minute, once)"):
        debootstrap(root)
        strip(root)


def base(progress: Progress) -> Path:
    """The root of a minimal Debian with systemd, sshd and Python."""
    return _at(base_path(), _bootstrap, progress)


NO_DOCUMENTATION = """path-exclude /usr/share/doc/*
path-exclude /usr/share/man/*
path-exclude /usr/share/locale/*
path-include /usr/share/locale/locale.alias
"""

# Runs inside the root: apt's whole configuration is on a tmpfs that is gone with the command, or with its death.
_INSTALL = r"""
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
cat > /run/apt/apt.conf <<END
Dir::Etc "/run/apt";
Dir::State::lists "/run/apt/lists";
APT::Sandbox::User "root";
APT::Keep-Downloaded-Packages "true";
DPkg::Options:: "--force-unsafe-io";
END
export APT_CONFIG=/run/apt/apt.conf DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y --no-install-recommends "$@"
rm /usr/sbin/policy-rc.d
"""


def _install_script(files: Mapping[str, str]) -> str:
    """The shell script that lays out ``files`` in ``/run/apt`` and installs the packages it gets as arguments."""
    lines = [
        "set -e",
        "mkdir -p /run/apt/lists/partial /run/apt/apt.conf.d /run/apt/auth.conf.d /run/apt/preferences.d",
    ]
    lines += [f"printf %s {shlex.quote(text)} > /run/apt/{shlex.quote(name)}" for name, text in files.items()]
    return "\n".join(lines) + _INSTALL


def install(
    root: Path,
    packages: Sequence[str],
    timeout: float = 1200,
    release: str = mirror.RELEASE,
    within: Path | None = None,
) -> None:
    """Install Debian packages into ``root`` (not booted); no service is started. Raises CommandFailed.

    apt verifies each download; the files are kept in the cache (``within``, see ``kept``) for the next time.
    """
    archives = (within or home()) / "debs"
    (archives / "partial").mkdir(parents=True, exist_ok=True)
    (root / "etc/dpkg/dpkg.cfg.d/citycloud").write_text(NO_DOCUMENTATION)
    (root / "etc/resolv.conf").touch()
    binds = {archives: "/var/cache/apt/archives", Path("/etc/resolv.conf"): "/etc/resolv.conf"}
    script = _install_script(mirror.configuration(release=release))
    enter(root, ["sh", "-s", "--", *packages], timeout=timeout, binds=binds, network=True, stdin=script)


def packages(names: Sequence[str], progress: Progress) -> Path:
    """The base with the Debian packages ``names`` installed: 2 to 4 min where the debs have to be fetched."""
    below = base(progress)

    def build(root: Path, progress: Progress) -> None:
        with progress.step("OpenStack's packages (2 to 4 min, once)"):
            proc.run(("cp", "-a", f"{below}/.", str(root)), timeout=300)
            install(root, names)
            strip(root)

    return _at(packages_path(names), build, progress)


def prepared(below: Path, inputs: Sequence[object], progress: Progress) -> Path:
    """A layer over the root ``below`` (see prepare.py); ``inputs`` (JSON) is what else it hangs on."""

    def build(upper: Path, progress: Progress) -> None:
        aside = upper.with_name(f"{upper.name}.aside")
        work, merged = aside / "work", aside / "merged"
        for directory in (work, merged):
            directory.mkdir(parents=True)
        layers = (str(below), str(upper), str(work), str(merged))
        with progress.step("OpenStack: what can be prepared once (about a minute)"):
            proc.run((*tethered(), sys.executable, "-m", "citycloud.lab.prepare", *layers), timeout=900)
        shutil.rmtree(aside)

    return _at(prepared_path(below, inputs), build, progress)
