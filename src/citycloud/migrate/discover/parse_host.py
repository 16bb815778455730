"""From what the shell collectors printed to values: the host itself. Pure. ValueError for what is no such output."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

from citycloud.migrate.discover.hide import hide
from citycloud.migrate.seen import CronJob, Filesystem, Os, Package, Port, Service, User

UNITS_LEFT_OUT = re.compile(r"^(systemd-|user@|user-runtime-dir@|getty@|serial-getty@|console-getty|modprobe@|initrd-)")


def parts(text: str) -> dict[str, str]:
    """What follows each line ``@@ name``, by name."""
    found: dict[str, str] = {}
    for block in re.split(r"^@@ ", text, flags=re.MULTILINE)[1:]:
        name, _, body = block.partition("\n")
        found[name.strip()] = body.strip("\n")
    if not found:
        raise ValueError("nothing that begins with @@")
    return found


def _settings(text: str) -> dict[str, str]:
    """``KEY=value`` and ``KEY="value"`` lines."""
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {key.strip(): value.strip().strip("\"'") for key, _, value in pairs}


def clock(text: str) -> float:
    """The host's own time, seconds since 1970."""
    return float(parts(text)["clock"])


def os_of(text: str, ahead: float, within: float) -> Os:
    """The operating system; ``ahead`` and ``within`` are what the observer made of the clock."""
    told = parts(text)
    release = _settings(told.get("release", ""))
    kernel, arch = told["kernel"].split("\n")[:2]
    memory = dict(re.findall(r"^(\w+):\s+(\d+) kB", told["memory"], re.MULTILINE))
    kept = told.get("kept", "")
    return Os(
        id=release.get("ID", "unknown"),
        version=release.get("VERSION_ID", ""),
        codename=release.get("VERSION_CODENAME", ""),
        name=release.get("PRETTY_NAME", ""),
        kernel=kernel,
        arch=arch,
        hostname=told["name"],
        timezone=told.get("zone", "").split("zoneinfo/")[-1],
        locale=_settings(told.get("locale", "")).get("LANG", ""),
        virtual=told.get("virtual", ""),
        cores=int(told["cores"]),
        memory_mib=int(memory["MemTotal"]) // 1024,
        swap_mib=int(memory.get("SwapTotal", 0)) // 1024,
        up_seconds=round(float(told.get("up") or 0), 1),
        clock_ahead_seconds=round(ahead, 3),
        clock_within_seconds=round(within, 3),
        clock_kept={"yes": True, "no": False}.get(kept),
        login=dict(sorted(line.split(" ", 1) for line in told.get("login", "").splitlines() if " " in line)),
    )


def addresses_of(text: str) -> tuple[str, ...]:
    found = re.findall(r"\sinet6?\s+([0-9a-fA-F.:]+)/", parts(text).get("addresses", ""))
    return tuple(sorted(set(found), key=lambda one: (ip_address(one).version, ip_address(one))))


def filesystems(text: str) -> tuple[Filesystem, ...]:
    """Each once, where it is mounted highest; what a container runtime mounts below /run is left out."""
    found: dict[str, Filesystem] = {}
    for line in parts(text).get("disks", "").splitlines():
        words = line.split(None, 6)
        if len(words) == 7 and words[2].isdigit() and not words[6].startswith("/run/"):
            device, kind, size, used, _, _, mount = words
            one = Filesystem(
                mount=mount, device=device, kind=kind, size_mib=int(size) // 1024, used_mib=int(used) // 1024
            )
            if device not in found or len(mount) < len(found[device].mount):
                found[device] = one
    return tuple(sorted(found.values(), key=lambda one: one.mount))


def packages(text: str) -> tuple[Package, ...]:
    """Those that are installed, whatever else is known of."""
    rows = (line.split("\t") for line in text.splitlines())
    found = {Package(name=row[1], version=row[2], arch=row[3]) for row in rows if len(row) == 4 and row[0][1:2] == "i"}
    if not found:
        raise ValueError("no package is installed")
    return tuple(sorted(found, key=lambda one: (one.name, one.arch, one.version)))


def services(text: str) -> tuple[Service, ...]:
    """Units that do something or would at the next start; the init system's own are left out."""
    blocks = (_settings(block) for block in re.split(r"\n\s*\n", text) if "Id=" in block)
    found = [_service(block) for block in blocks if _counts(block)]
    return tuple(sorted(found, key=lambda one: one.name))


def _counts(block: dict[str, str]) -> bool:
    state = block.get("SubState", "")
    if UNITS_LEFT_OUT.match(block["Id"]):
        return False
    busy = state in ("running", "failed", "unknown")
    return busy or (block.get("ActiveState") in ("active", "failed") and block.get("UnitFileState") == "enabled")


def _service(block: dict[str, str]) -> Service:
    argv = re.search(r"argv\[\]=(.*?) ; ", block.get("ExecStart", ""))
    memory = block.get("MemoryCurrent", "")
    held = int(memory) if memory.isdigit() else 0
    return Service(
        name=block["Id"].removesuffix(".service"),
        state=block.get("SubState", ""),
        enabled=block.get("UnitFileState", ""),
        user=block.get("User", ""),
        command=hide(argv.group(1)) if argv else "",
        memory_mib=held >> 20 if held < 1 << 62 else 0,  # systemd says 2^64-1 for what it does not know
    )


def end(word: str) -> tuple[str, int]:
    """``address:port`` as ss writes it: ``[::1]:22``, ``127.0.0.1%lo:53``, ``*:80``. A port of ``*`` is 0."""
    address, _, port = word.rpartition(":")
    address = address.strip("[]").split("%")[0]
    address = address.removeprefix("::ffff:") if "." in address else address
    return "*" if address in ("0.0.0.0", "::", "*") else address, int(port) if port.isdigit() else 0  # noqa: S104


def process(words: str) -> str:
    named = re.search(r'users:\(\("([^"]+)"', words)
    return named.group(1) if named else ""


def ports(text: str) -> tuple[Port, ...]:
    found = set()
    for line in text.splitlines():
        words = line.split(None, 6)
        if len(words) >= 6 and words[0] in ("tcp", "udp"):
            address, port = end(words[4])
            kind: Any = words[0]
            found.add(Port(protocol=kind, address=address, port=port, process=process(line)))
    return tuple(sorted(found, key=lambda one: (one.protocol, one.port, one.address, one.process)))


def users(text: str) -> tuple[User, ...]:
    rows = (line.split("\t") for line in text.splitlines())
    found = [_user(row) for row in rows if len(row) == 7]
    if not found:
        raise ValueError("no account is there")
    return tuple(sorted(found, key=lambda one: (one.uid, one.name)))


def _user(row: list[str]) -> User:
    name, uid, home, shell, kind, keys, groups = row
    password: Any = kind
    return User(
        name=name,
        uid=int(uid),
        home=home,
        shell=shell,
        password=password,
        keys=int(keys),
        groups=tuple(sorted(groups.split())),
    )


def cron(text: str) -> tuple[CronJob, ...]:
    found = [job for line in text.splitlines() if (job := _job(line.split("\t", 4)))]
    return tuple(sorted(found, key=lambda one: (one.place, one.schedule, one.command)))


def _job(row: list[str]) -> CronJob | None:
    """A crontab's line, or None for comments, settings and empty ones."""
    if len(row) < 5:
        return None
    kind, file, number, owner, line = row
    place = f"{file}:{number}"
    if kind == "timer":
        return CronJob(owner=owner, schedule=line.split("\t")[0], command=hide(line.partition("\t")[2]), place=place)
    line = line.strip()
    if not line or line.startswith("#") or re.match(r"^\w+\s*=", line):
        return None
    fields = 1 if line.startswith("@") else 5
    words = line.split(None, fields + (1 if kind == "system" else 0))
    if len(words) <= fields:
        return None
    if kind == "system":
        owner, words = words[fields], words[:fields] + words[fields + 1 :]
    command = words[fields] if len(words) > fields else ""
    return CronJob(owner=owner, schedule=" ".join(words[:fields]), command=hide(command), place=place)


def known_ports(listening: Iterable[Port]) -> frozenset[int]:
    """Ports that the host itself serves over TCP."""
    return frozenset(one.port for one in listening if one.protocol == "tcp")
