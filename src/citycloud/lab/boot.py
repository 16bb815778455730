"""The boot plan: all that the lab's first process has to know, as plain JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from citycloud.lab import network
from citycloud.lab.handle import Files
from citycloud.lab.rootfs import PATH
from citycloud.lab.spec import LabHost, LabSpec, Role

DEVICES = ("/dev/net/tun", "/dev/kvm")
SYSTEM_CALLS = "@keyring @memlock @mount @privileged @raw-io @resources bpf perf_event_open"


def environment(role: Role, *, old_cgroups: bool) -> dict[str, str]:
    """For systemd-nspawn: a writable /proc/sys, and the cgroup layout that the role needs.

    libvirt's LXC driver needs controllers; where the machine has them in the old hierarchies, they are only there.
    """
    return {
        "PATH": PATH,
        "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "1",
        "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "0" if role is Role.LXC and old_cgroups else "1",
        "SYSTEMD_NSPAWN_TMPFS_TMP": "0",
    }


def container(host: LabHost, files: Files, devices: Sequence[str], extra: Sequence[str]) -> list[str]:
    """The command that boots the host in its network namespace.

    nspawn itself must not touch the network: it enters the namespace from outside, or /sys inside would be the
    machine's, and agents would look for their taps there in vain.
    """
    shared = () if host.role is Role.ROOM else (f"--bind={files.shared(host.site)}:/srv/nfs",)
    return [
        *("nsenter", f"--net=/run/netns/{host.name}", "systemd-nspawn", "--quiet", "--boot"),
        *(f"--directory={files.root(host.name)}", f"--machine={host.name}", f"--hostname={host.name}"),
        *("--register=no", "--keep-unit", "--link-journal=no", "--console=pipe"),
        *("--resolv-conf=off", "--timezone=off", "--capability=all", f"--system-call-filter={SYSTEM_CALLS}"),
        *(f"--bind={device}" for device in devices),
        *shared,
        *extra,
    ]


def host_plan(
    host: LabHost, files: Files, lower: Sequence[Path], hierarchies: Sequence[Path], argv: list[str]
) -> dict[str, Any]:
    """One host's part of a boot plan: the layers of its root, its cgroups, and the command that boots it."""
    upper = files.upper(host.name)
    return {
        "name": host.name,
        "lower": ":".join(map(str, lower)),
        "upper": str(upper),
        "work": str(upper.with_name("work")),
        "root": str(files.root(host.name)),
        "cgroups": [str(hierarchy / files.cgroup / host.name) for hierarchy in hierarchies],
        "argv": argv,
        "env": environment(host.role, old_cgroups=len(hierarchies) > 1),
        "log": str(files.logs / f"{host.name}.log"),
    }


def boot_plan(
    spec: LabSpec,
    files: Files,
    lower: Sequence[Path],
    *,
    hierarchies: Sequence[Path],
    devices: Sequence[str] = DEVICES,
    extra: Mapping[Role, Sequence[str]],
) -> dict[str, Any]:
    """What init.py runs: network first, then every host on its overlay over ``lower`` (uppermost first).

    ``hierarchies`` are the machine's cgroup mounts; ``extra`` are a role's own arguments for systemd-nspawn.
    """
    routers = {name: dict(network.ROUTER_SYSCTLS) for name in ["", *(carrier.name for carrier in spec.carriers)]}
    return {
        "pid_file": str(files.pid),
        "failure_file": str(files.failure),
        "devices_file": str(files.devices),
        "network_file": str(files.home / "network"),
        "rooms_file": str(files.rooms),
        "namespaces": network.namespaces(spec),
        "sysctls": {**routers, **{host.name: dict(network.HOST_SYSCTLS) for host in spec.hosts}},
        "host_side": network.host_side(spec, files.device),
        "batches": [[batch.namespace, list(batch.lines)] for batch in network.batches(spec)],
        "limits": [list(pair) for pair in network.limits(spec)],
        "hosts": [
            host_plan(host, files, lower, hierarchies, container(host, files, devices, extra.get(host.role, ())))
            for host in spec.hosts
        ],
    }
