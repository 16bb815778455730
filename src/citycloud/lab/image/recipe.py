"""What the guest image is made of: the inputs that its key in the cache is a digest of."""

from __future__ import annotations

import hashlib
from pathlib import Path

HERE = Path(__file__).parent
GUEST = HERE / "guest"
"""Files that are laid over the root, at their paths."""
INIT = HERE / "init"
"""The program of the initial RAM disk."""

PACKAGES = ("udev", "acpid", "curl", "netcat-openbsd", "rsync", "busybox-static")
"""On top of the lab's base (cache.BASE_PACKAGES). Acpid answers the power button, at a tenth of logind's start."""

SERVERS = ("postgresql-15", "python3-psycopg2", "nginx-core", "gunicorn")
"""What departments' systems run on: a move brings configuration and data, never packages. None of it starts by itself
(``IDLE``)."""

IDLE = ("postgresql.service", "nginx.service")
"""Not enabled, but may be: by what moves in."""

SIZE_MIB = 768
"""Of the file system; it grows to the flavor's disk: nova sees to a container's, guest-grow.service to the others'."""

BOOT_MODULES = ("virtio_pci", "virtio_blk", "virtio_net", "virtio_rng", "button")
"""Loaded by the initial RAM disk, so that nothing has to wait for udev to find them."""

KEPT_MODULES = (
    *(f"kernel/net/{part}/" for part in ("bridge", "ipv4", "ipv6", "netfilter", "packet", "sched")),
    *(
        "kernel/drivers/virtio/",
        "kernel/drivers/input/evdev",
        "kernel/fs/autofs/",
        "kernel/fs/fuse/",
        "kernel/fs/overlayfs/",
    ),
)
"""Prefixes of the other kernel modules that stay; with what they depend on, 10 of the package's 91 MiB."""

MASKED = (
    # Nobody logs in at a console, and under LXC a getty would take the host keys' place there.
    *("getty.target", "console-getty.service", "systemd-ask-password-console.path", "systemd-ask-password-wall.path"),
    # Root's systemctl needs no bus, and sshd no session; each costs an emulated machine a second or more.
    *("dbus.service", "dbus.socket", "systemd-logind.service", "systemd-user-sessions.service"),
    *("systemd-networkd-wait-online.service", "systemd-network-generator.service", "systemd-rfkill.socket"),
    *("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "fstrim.timer"),
    *("e2scrub_reap.service", "systemd-pstore.service", "systemd-random-seed.service", "systemd-firstboot.service"),
    *("systemd-binfmt.service", "proc-sys-fs-binfmt_misc.automount", "kmod-static-nodes.service"),
    *("systemd-modules-load.service", "systemd-tmpfiles-setup-dev.service"),
    *("systemd-update-utmp.service", "systemd-update-utmp-runlevel.service", "systemd-machine-id-commit.service"),
    *("systemd-remount-fs.service", "systemd-fsck-root.service", "systemd-repart.service", "systemd-sysusers.service"),
    # Kernel file systems that a container may not mount, and that no part of the city asks for.
    *("dev-hugepages.mount", "dev-mqueue.mount", "sys-fs-fuse-connections.mount", "sys-kernel-config.mount"),
    *("sys-kernel-debug.mount", "sys-kernel-tracing.mount", "systemd-journald-audit.socket"),
)

UDEV_RULES = ("50-udev-default.rules", "60-block.rules", "60-persistent-storage.rules", "99-systemd.rules")
"""The rules that stay; without the naming rules an interface is eth0, as under LXC."""

REMOVED = (
    # Made anew on the machine that wants one: no two machines have the same key, or the same cluster.
    *("etc/ssl/private/ssl-cert-snakeoil.key", "etc/ssl/certs/ssl-cert-snakeoil.pem"),
    *("etc/postgresql/15", "var/lib/postgresql/15"),
    # PostgreSQL's just-in-time compiler: a third of the image, for long analyses only. It does without.
    *("usr/lib/postgresql/15/lib/llvmjit.so", "usr/lib/postgresql/15/lib/bitcode", "usr/lib/llvm-14"),
    *("usr/lib/x86_64-linux-gnu/libLLVM-14.so.1", "usr/lib/x86_64-linux-gnu/libz3.so.4"),
    *("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "usr/share/lintian", "usr/share/i18n"),
    *("usr/lib/udev/hwdb.d", "usr/lib/udev/hwdb.bin"),
)

STARTED = (
    *("systemd-networkd.service", "ssh.service"),
    *("guest-hostkey.service", "guest-metadata.service", "guest-grow.service"),
)
"""Enabled; everything else that starts is Debian's default."""


def inputs() -> list[object]:
    """JSON values that change when the image would: lists of this module, and the digests of the guest's files."""
    files = [INIT, *sorted(path for path in GUEST.rglob("*") if path.is_file())]
    digests = [[str(file.relative_to(HERE)), hashlib.sha256(file.read_bytes()).hexdigest()] for file in files]
    lists = [PACKAGES, SERVERS, IDLE, SIZE_MIB, BOOT_MODULES, KEPT_MODULES, MASKED, UDEV_RULES, REMOVED, STARTED]
    return [*lists, digests]
