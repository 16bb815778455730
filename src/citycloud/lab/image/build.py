"""Making the guest image: packages, our own files, kernel and RAM disk beside it. No loop device, no mount.

One ext4 file system without a partition table serves both kinds of machine: libvirt's containers mount it as their
root, and QEMU starts the kernel with ``root=/dev/vda``.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from citycloud import proc
from citycloud.errors import CitycloudError
from citycloud.lab import cache
from citycloud.lab.image import initrd, recipe
from citycloud.lab.rootfs import enter

KERNEL = "linux-image-cloud-amd64"


def _download_kernel(root: Path) -> Path:
    """The kernel's package, checked by apt, in the cache of packages. Raises CommandFailed, CitycloudError.

    It is not installed: that would bring tools which make another RAM disk, and leave a kernel in the root.
    """
    archives = cache.home() / "debs"
    for old in archives.glob("linux-image-*.deb"):
        old.unlink()
    cache.install(root, ["--download-only", KERNEL])
    found = [path for path in archives.glob("linux-image-*.deb") if not path.name.startswith(KERNEL)]
    if len(found) != 1:
        raise CitycloudError(f"Expected one kernel package, got {sorted(path.name for path in found)}.")
    return found[0]


def _prune(modules: Path, kept: set[str]) -> None:
    for path in modules.rglob("*.ko"):
        if str(path.relative_to(modules)) not in kept:
            path.unlink()
    for path in sorted(modules.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def _kernel(root: Path, into: Path) -> None:
    """Put ``vmlinuz`` and ``initrd.img`` in ``into``, and the modules that stay in ``root``."""
    package, scratch = _download_kernel(root), into / "kernel"
    # Not straight into the root: dpkg-deb would replace the link /lib by a directory.
    proc.run(("dpkg-deb", "-x", str(package), str(scratch)), timeout=120)
    release = next((scratch / "lib/modules").iterdir()).name
    modules = root / "usr/lib/modules" / release
    shutil.move(scratch / "lib/modules" / release, modules)
    shutil.move(scratch / "boot" / f"vmlinuz-{release}", into / "vmlinuz")
    shutil.rmtree(scratch)
    enter(root, ["depmod", release], timeout=60)
    needs = initrd.parse_dependencies((modules / "modules.dep").read_text())
    _prune(modules, initrd.kept(needs, recipe.KEPT_MODULES, recipe.BOOT_MODULES))
    enter(root, ["depmod", release], timeout=60)
    order = initrd.load_order(needs, recipe.BOOT_MODULES)
    (into / "initrd.img").write_bytes(initrd.initrd(root / "bin/busybox", recipe.INIT, modules, order))


def _link(root: Path, path: str, target: str) -> None:
    link = root / path
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(target)


def _shape(root: Path) -> None:
    """Our files, the units that start and those that must not, and what no machine needs."""
    shutil.copytree(recipe.GUEST, root, dirs_exist_ok=True, copy_function=shutil.copy)
    for path in [root, *(root / one.relative_to(recipe.GUEST) for one in recipe.GUEST.rglob("*") if one.is_dir())]:
        path.chmod(0o755)  # whatever umask the checkout was made under
    for unit in recipe.MASKED:
        _link(root, f"etc/systemd/system/{unit}", "/dev/null")
    for unit in recipe.IDLE:
        (root / "etc/systemd/system/multi-user.target.wants" / unit).unlink()
    for unit in recipe.STARTED:
        folder = "etc" if (root / "etc/systemd/system" / unit).is_file() else "usr/lib"
        _link(root, f"etc/systemd/system/multi-user.target.wants/{unit}", f"/{folder}/systemd/system/{unit}")
    _link(root, "etc/systemd/system/default.target", "/usr/lib/systemd/system/multi-user.target")
    for rule in (root / "usr/lib/udev/rules.d").glob("*.rules"):
        if rule.name not in recipe.UDEV_RULES:
            _link(root, f"etc/udev/rules.d/{rule.name}", "/dev/null")
    for name in recipe.REMOVED:
        shutil.rmtree(root / name) if (root / name).is_dir() else (root / name).unlink(missing_ok=True)


def _identity(root: Path) -> None:
    """What a machine fills in when it starts; ``cache.strip`` took away what the making left there."""
    (root / "etc/fstab").write_text("")
    (root / "etc/hostname").write_text("localhost\n")
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost ip6-localhost\n")
    (root / "etc/resolv.conf").write_text("")


def _file_system(root: Path, image: Path) -> None:
    """A sparse file with ext4 that holds ``root``; features are those that Debian 12's tools and kernel share."""
    with image.open("wb") as file:
        file.truncate(recipe.SIZE_MIB << 20)
    options = ("-q", "-F", "-m", "0", "-L", "root", "-O", "^metadata_csum_seed,^orphan_file", "-d", str(root))
    proc.run(("mkfs.ext4", *options, str(image)), timeout=300)


def digest(files: list[Path]) -> str:
    """SHA-256 of the files' contents, one after the other."""
    total = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()


def build(below: Path, into: Path) -> None:
    """Make ``root.raw``, ``vmlinuz``, ``initrd.img`` and ``digest`` in ``into``, from the lab's base ``below``."""
    root = into / "root"
    proc.run(("cp", "-a", str(below), str(root)), timeout=300)
    cache.install(root, (*recipe.PACKAGES, *recipe.SERVERS))
    _kernel(root, into)
    cache.strip(root)
    _shape(root)
    _identity(root)
    _file_system(root, into / "root.raw")
    shutil.rmtree(root)
    (into / "digest").write_text(digest([into / name for name in ("root.raw", "vmlinuz", "initrd.img")]))
