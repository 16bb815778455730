"""The package root that every lab host's own root is laid over: what is installed in it, and how it is prepared once.

It is cached, so it holds no secret and no address: databases have their schemas and no accounts, and a cell's
addresses are templates that nova fills in from its configuration.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from citycloud.lab.rootfs import enter

PACKAGES: tuple[str, ...] = (
    "mariadb-server",
    "rabbitmq-server",
    "memcached",
    "python3-pymysql",
    "python3-memcache",
    "uwsgi-plugin-python3",
    "keystone",
    "glance-api",
    "placement-api",
    "nova-api",
    "nova-conductor",
    "nova-scheduler",
    "nova-compute",
    "nova-compute-qemu",
    "libvirt-daemon-driver-lxc",
    "neutron-server",
    "neutron-linuxbridge-agent",
    "neutron-dhcp-agent",
    "neutron-l3-agent",
    "neutron-metadata-agent",
    "cinder-api",
    "cinder-scheduler",
    "cinder-volume",
    "qemu-system-x86",
    "qemu-utils",
    "ipset",
    "conntrack",
    "ebtables",
    "iputils-arping",
    "dnsmasq-base",
    "radvd",
    "haproxy",
    "knot",
    "curl",
)

MASKED = (
    # Comes with the packages; with a writable /sys it would give every container's eth0 the same "persistent" MAC.
    "systemd-udevd.service",
    "systemd-udevd-control.socket",
    "systemd-udevd-kernel.socket",
    "systemd-udev-trigger.service",
    # Without it libvirt's LXC driver keeps machines by itself, as nobody registers them here.
    "systemd-machined.service",
    "apparmor.service",
    "iscsid.service",
    "iscsid.socket",
    "open-iscsi.service",
    "multipathd.service",
    "multipathd.socket",
    "rtslib-fb-targetctl.service",
    "keepalived.service",
    "radvd.service",
    "rsync.service",
    "libvirt-guests.service",
    "tgt.service",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "fstrim.timer",
    "uwsgi.service",
    "haveged.service",
)

MACHINED_ACTIVATION = "usr/share/dbus-1/system-services/org.freedesktop.machine1.service"

_HERE = Path(__file__).parent / "root"
"""Scripts and stand-ins that the package root is prepared with; nothing else here changes what is cached."""


def prepare_root(root: Path) -> None:
    """Make a freshly installed package root ready to be cached. Raises CommandFailed."""
    _units(root)
    _helpers(root)
    _directories(root)
    _schemas(root)
    _entry_points(root)


def _units(root: Path) -> None:
    """Nothing of the packages' starts by itself: the deploy says what runs on which host."""
    system = root / "etc/systemd/system"
    for wants in system.glob("*.wants"):
        for link in wants.iterdir():
            if not link.name.startswith(("ssh", "getty", "systemd-", "dbus", "remote-fs")):
                link.unlink()
    for unit in MASKED:
        link = system / unit
        link.unlink(missing_ok=True)
        link.symlink_to("/dev/null")
    (root / MACHINED_ACTIVATION).unlink(missing_ok=True)


def _write(root: Path, path: str, name: str) -> None:
    target = root / path
    target.unlink(missing_ok=True)
    target.write_text((_HERE / name).read_text())
    target.chmod(0o755)


def _helpers(root: Path) -> None:
    """Stand-ins for what this kernel lacks; each says in its own text why it is there."""
    for name in ("iptables", "ip6tables"):
        enter(root, ["update-alternatives", "--set", name, f"/usr/sbin/{name}-legacy"], timeout=30)
    for name in ("mount.nfs", "mount.nfs4"):
        _write(root, f"usr/sbin/{name}", "mount.nfs")
    _write(root, "usr/local/sbin/ebtables", "ebtables")
    alternative = root / "etc/alternatives/ebtables"
    alternative.unlink(missing_ok=True)
    alternative.symlink_to("/usr/local/sbin/ebtables")
    qemu = root / "usr/bin/qemu-system-x86_64"
    if not (real := qemu.with_name("qemu-system-x86_64.real")).exists():
        qemu.rename(real)
    _write(root, "usr/bin/qemu-system-x86_64", "qemu")


def _directories(root: Path) -> None:
    """Directories that services of ours expect, and Debian's example data out of the way."""
    enter(root, ["/bin/sh", "-e"], timeout=60, stdin=(_HERE / "directories.sh").read_text())
    for leftover in ("etc/nova/nova.conf", "etc/neutron/neutron.conf", "etc/cinder/cinder.conf"):
        (root / leftover).unlink(missing_ok=True)


def _schemas(root: Path) -> None:
    """A database directory in which every service's schema is synced, and no account is made."""
    shutil.rmtree(root / "var/lib/mysql", ignore_errors=True)
    enter(root, ["/bin/bash", "-e"], timeout=900, stdin=(_HERE / "schemas.sh").read_text())


def _entry_points(root: Path) -> None:
    """Fill the cache of Python entry points, which each service would otherwise scan 300 packages for."""
    places = {"PYTHONPATH": "/opt/citylab", "XDG_CACHE_HOME": "/var/cache/citylab"}
    enter(root, ["/usr/bin/python3", "-"], timeout=120, env=places, stdin=(_HERE / "entry_points.py").read_text())
