"""What makes one host of the lab itself: names, keys, masked services. Written into its root before it boots."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path

from citycloud import paths, proc
from citycloud.lab.handle import Files
from citycloud.lab.spec import LabHost, LabSpec

KEY_EXCHANGE = "curve25519-sha256,curve25519-sha256@libssh.org"
"""Three times quicker than OpenSSH's default, and logins are what deploys wait for; the second name is paramiko's."""

MASKED = (
    *("systemd-udevd.service", "systemd-udevd-control.socket", "systemd-udevd-kernel.socket"),
    *("systemd-udev-trigger.service", "systemd-networkd.service", "systemd-resolved.service"),
    *("apt-daily.timer", "apt-daily-upgrade.timer", "e2scrub_all.timer", "fstrim.timer", "man-db.timer"),
)
"""udevd with a writable /sys would give eth0 a MAC made from its name and the machine-id, and networkd wait for it."""

SSHD = f"""PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
HostKey /etc/ssh/ssh_host_ed25519_key
KexAlgorithms {KEY_EXCHANGE}
UsePAM no
UseDNS no
PrintMotd no
MaxStartups 100
MaxSessions 100
"""


def _key(path: Path, comment: str) -> None:
    """An Ed25519 key pair at ``path``, if there is none."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        proc.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)], timeout=30)


def _hosts_file(hosts: Iterable[LabHost]) -> str:
    lines = ["127.0.0.1 localhost", "::1 localhost ip6-localhost ip6-loopback"]
    for host in hosts:
        lines += [f"{host.addresses.ipv4} {host.name}", f"{host.addresses.ipv6} {host.name}"]
    return "\n".join(lines) + "\n"


def _write(upper: Path, name: str, text: str, mode: int = 0o644) -> None:
    path = upper / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=mode)
    path.write_text(text)


def _prepare(upper: Path, host: LabHost, hosts: Iterable[LabHost], client_key: str) -> None:
    _write(upper, "etc/hostname", f"{host.name}\n")
    _write(upper, "etc/hosts", _hosts_file(hosts))
    _write(upper, "etc/resolv.conf", "")
    _write(upper, "etc/machine-id", f"{uuid.uuid4().hex}\n", 0o444)
    _write(upper, "etc/ssh/sshd_config.d/citycloud.conf", SSHD)
    _key(upper / "etc/ssh/ssh_host_ed25519_key", host.name)
    _write(upper, "root/.ssh/authorized_keys", client_key, 0o600)
    for directory in (upper / "root", upper / "root/.ssh"):
        directory.chmod(0o700)
    for unit in MASKED:
        link = upper / "etc/systemd/system" / unit
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to("/dev/null")


def prepare(spec: LabSpec, files: Files) -> None:
    """The client's key, and every host's directories and identity. For a lab that was not started yet."""
    paths.private(files.ssh)
    files.logs.mkdir(exist_ok=True)
    _key(files.ssh / "id_ed25519", "citycloud-lab")
    for host in spec.hosts:
        files.shared(host.site).mkdir(parents=True, exist_ok=True)
    make(spec.hosts, files)
    publish(spec.hosts, files)


def make(hosts: Sequence[LabHost], files: Files) -> None:
    """Directories and identities of ``hosts``, which know each other by name. They must not be running."""
    client_key = (files.ssh / "id_ed25519.pub").read_text()
    for host in hosts:
        home = files.upper(host.name).parent
        shutil.rmtree(home, ignore_errors=True)
        for directory in (files.upper(host.name), home / "work", files.root(host.name)):
            directory.mkdir(parents=True, exist_ok=True)
        _prepare(files.upper(host.name), host, hosts, client_key)


def publish(hosts: Sequence[LabHost], files: Files) -> None:
    """What ssh knows: the keys and addresses of ``hosts``, all that there are."""
    for name, text in (("known_hosts", _known_hosts(hosts, files)), ("config", _config(hosts, files))):
        fresh = files.ssh / f"{name}.new"
        fresh.write_text(text)
        fresh.rename(files.ssh / name)


def _known_hosts(hosts: Iterable[LabHost], files: Files) -> str:
    lines = []
    for host in hosts:
        key = (files.upper(host.name) / "etc/ssh/ssh_host_ed25519_key.pub").read_text().split()[:2]
        lines.append(f"{host.name},{host.addresses.ipv4},{host.addresses.ipv6} {' '.join(key)}\n")
    return "".join(lines)


def _config(hosts: Iterable[LabHost], files: Files) -> str:
    """OpenSSH client configuration: every host by its name; nothing of the user's own takes part."""
    stanzas = [f"Host {host.name}\n    HostName {host.addresses.ipv4}\n" for host in hosts]
    common = {
        "User": "root",
        "IdentityFile": str(files.ssh / "id_ed25519"),
        "IdentitiesOnly": "yes",
        "UserKnownHostsFile": str(files.ssh / "known_hosts"),
        "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "yes",
        "KexAlgorithms": KEY_EXCHANGE,
        "PreferredAuthentications": "publickey",
        "ConnectTimeout": "10",
        "LogLevel": "ERROR",
    }
    return "".join(stanzas) + "Host *\n" + "".join(f"    {key} {value}\n" for key, value in common.items())
