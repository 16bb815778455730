"""Right-sized flavors: what a machine needs by what was measured of the hosts that become it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from citycloud.city.model import Machine
from citycloud.migrate.assess.concern import Bears, Case, Concern
from citycloud.migrate.choices import Sizing
from citycloud.migrate.seen import SeenHost

LEAST_MEMORY_MIB = 256
"""What a Debian without any service takes, and the kernel's own room."""
MUCH_LARGER = 3
"""Times what is needed, from where on a machine is called large."""


@dataclass(frozen=True)
class Sized:
    """What one machine should be, and what it is declared as."""

    machine: str
    """Of the City; the host's id where no machine is named to take over."""
    hosts: tuple[str, ...]
    vcpu: int
    memory_gib: int
    storage_gib: int
    hours: float
    """For how long was measured, at the least."""
    cores_seen: float
    """Busy cores and used memory at the percentile, headroom not counted."""
    memory_mib_seen: float
    stored_mib: int
    declared: Machine | None = None


def sized(case: Case) -> tuple[Sized, ...]:
    """By machine, then for the hosts that no machine takes over from."""
    machines = {machine.id: machine for machine in case.city.machines if machine.system == case.system.id}
    heirs: dict[str, list[SeenHost]] = {}
    by_id = {host.id: host for host in case.hosts}
    for source in case.move.sources:
        if source.id in by_id:
            for heir in source.becomes or (source.id,):
                heirs.setdefault(heir, []).append(by_id[source.id])
    return tuple(
        _sized(name, hosts, machines.get(name), case.move.sizing)
        for name, hosts in sorted(heirs.items())
        if any(host.use and host.use.samples for host in hosts)
    )


def _sized(name: str, hosts: list[SeenHost], declared: Machine | None, sizing: Sizing) -> Sized:
    uses = [host.use for host in hosts if host.use and host.use.samples]
    cores = sum(use.percentile(lambda one: one.cpu_cores, sizing.percentile) for use in uses)
    memory = sum(use.percentile(lambda one: one.memory_mib, sizing.percentile) for use in uses)
    stored = sum(stored_mib(host) for host in hosts)
    room = 1 + sizing.headroom_percent / 100
    return Sized(
        machine=name,
        hosts=tuple(host.id for host in hosts),
        vcpu=max(ceil(cores * room), 1),
        memory_gib=max(ceil((memory * room + LEAST_MEMORY_MIB) / 1024), 1),
        storage_gib=max(ceil(stored * (1 + sizing.growth_percent / 100) / 1024), 1),
        hours=round(min(use.seconds for use in uses) / 3600, 2),
        cores_seen=round(cores, 3),
        memory_mib_seen=round(memory, 1),
        stored_mib=stored,
        declared=declared,
    )


def stored_mib(host: SeenHost) -> int:
    """What is stored on a host: its filesystems' use; where they were not seen (a container), its data and 1 GiB."""
    # an overlay tells the use of the whole disk below it, which others fill as well
    used = sum(one.used_mib for one in host.filesystems if one.kind != "overlay")
    return max(used, data_mib(host) + 1024)


def data_mib(host: SeenHost) -> int:
    """Databases and trees."""
    held = sum(database.bytes for server in host.databases for database in server.databases)
    return ceil((held + sum(tree.bytes for tree in host.trees)) / (1 << 20))


def concerns(case: Case) -> Iterator[Concern]:
    """A target that is too small, or much too large; and figures that were not measured for long enough."""
    for one in sized(case):
        where = f"{one.machine} (from {', '.join(one.hosts)})"
        least = case.move.sizing.least_hours
        if one.hours < least:
            yield Concern(
                "short-measurement",
                "note",
                where,
                f"只测量了 {one.hours:g} 小时，不足 {least:g} 小时，看不出峰值",
                f"use was measured for {one.hours:g} h, less than {least:g} h: it tells no peak",
                "observe again over a working day; several Observations count together",
            )
        yield from _against_declared(one, where)
        if one.declared is None:
            yield _no_machine(case, one, where)


def _no_machine(case: Case, one: Sized, where: str) -> Concern:
    size = f"{one.vcpu} vCPU, {one.memory_gib} GiB, {one.storage_gib} GiB"
    zh = f"城市声明中没有接替它的机器；建议（处理器、内存、磁盘）{size}"
    en = f"no declared machine takes over; this would do (processors, memory, disk): {size}"
    bears: Bears = "choice" if case.move.method == "lift" else "note"
    return Concern("no-machine", bears, where, zh, en, "declare one in machines.csv, and name it under `becomes:`")


def _against_declared(one: Sized, where: str) -> Iterator[Concern]:
    if one.declared is None:
        return
    disk = one.declared.system_disk_gib + one.declared.data_disk_gib
    sizes = (
        ("vCPU", one.vcpu, one.declared.vcpu),
        ("GiB memory", one.memory_gib, one.declared.memory_gib),
        ("GiB disk", one.storage_gib, disk),
    )
    for unit, need, have in sizes:
        if need > have:
            zh, en = f"目标过小：需要 {need} {unit}，声明为 {have}", f"too small: {need} {unit} needed, {have} declared"
            yield Concern("target-too-small", "blocks", where, zh, en, f"declare {need} {unit} in machines.csv")
        elif have > MUCH_LARGER * need and unit != "GiB disk":
            zh, en = f"目标偏大：需要 {need} {unit}，声明为 {have}", f"large: {need} {unit} needed, {have} declared"
            yield Concern("target-large", "note", where, zh, en, "it may be smaller")
