"""Hosts: that they were seen at all, their clocks, their age, their free space."""

from __future__ import annotations

from collections.abc import Iterator

from citycloud.migrate.assess import support
from citycloud.migrate.assess.concern import Case, Concern
from citycloud.migrate.seen import DatabaseServer, Os, SeenHost

SKEW_SECONDS, FAR_SKEW_SECONDS = 2.0, 60.0
FULL_PERCENT = 95
LEAST_HOURS, FEW_HOURS = 6.0, 72.0
"""For how long a source can keep its log for a target that is away, before its disk is full."""


def concerns(case: Case) -> Iterator[Concern]:
    seen = {host.id for host in case.hosts}
    for source in case.move.sources:
        if source.id not in seen:
            yield Concern(
                "host-unseen", "blocks", source.id, "没有看到这台主机", "the host was not seen", "observe again"
            )
    for missed in case.seen.unseen:
        if missed.host in seen:
            zh, en = f"未能查看 {missed.fact}：{missed.why}", f"{missed.fact} could not be looked at: {missed.why}"
            yield Concern("fact-unseen", "note", missed.host, zh, en, "see why, then observe again")
    for host in case.hosts:
        if host.os is not None:
            yield from _clock(host, host.os)
            yield from _age(case, host, host.os)
        yield from _space(case, host)
        for server in host.databases:
            yield from _server_age(case, host, server)


def _clock(host: SeenHost, os: Os) -> Iterator[Concern]:
    off = abs(os.clock_ahead_seconds)
    if off > SKEW_SECONDS + os.clock_within_seconds:
        word = ("快", "ahead") if os.clock_ahead_seconds > 0 else ("慢", "behind")
        bears = "blocks" if off > FAR_SKEW_SECONDS else "note"
        zh, en = f"时钟{word[0]} {off:.0f} 秒", f"its clock is {off:.0f} s {word[1]}"
        yield Concern(
            "clock-skew", "blocks" if bears == "blocks" else "note", host.id, zh, en, "set it right, and keep it by NTP"
        )


def _age(case: Case, host: SeenHost, os: Os) -> Iterator[Concern]:
    version = os.version if os.id == "ubuntu" else os.version.split(".")[0]
    days = support.ends(os.id, version)
    if days is None:
        zh, en = (
            f"不知道 {os.id} {os.version} 支持到何时",
            f"nobody knows here until when {os.id} {os.version} is supported",
        )
        yield Concern("support-unknown", "note", host.id, zh, en, "see its maker's pages")
    elif days[-1] < case.day:
        zh, en = (
            f"{os.id} {version} 的支持已于 {days[-1]} 结束",
            f"{os.id} {version} is out of support since {days[-1]}",
        )
        yield Concern(
            "os-out-of-support", "note", host.id, zh, en, f"it moves to {case.move.target.os}", clause="8.1.4.4"
        )


def _server_age(case: Case, host: SeenHost, server: DatabaseServer) -> Iterator[Concern]:
    days = support.ends(server.engine, server.major)
    if days is not None and days[-1] < case.day:
        zh = f"{server.engine} {server.major} 的支持已于 {days[-1]} 结束"
        en = f"{server.engine} {server.major} is out of support since {days[-1]}"
        yield Concern(
            "database-out-of-support", "note", host.id, zh, en, "the target's version replaces it", clause="8.1.4.4"
        )


def _space(case: Case, host: SeenHost) -> Iterator[Concern]:
    for disk in host.filesystems:
        if disk.size_mib and 100 * disk.used_mib >= FULL_PERCENT * disk.size_mib:
            full = 100 * disk.used_mib // disk.size_mib
            zh, en = f"{disk.mount} 已用 {full}%", f"{disk.mount} is {full} % full"
            bears = "blocks" if case.live and host.databases else "note"
            hint = "make room before replication begins: the source keeps its log until the target has it"
            yield Concern(
                "no-space", "blocks" if bears == "blocks" else "note", f"{host.id}:{disk.mount}", zh, en, hint
            )
    for server in host.databases:
        yield from _log(case, host, server)


def _log(case: Case, host: SeenHost, server: DatabaseServer) -> Iterator[Concern]:
    """How long the disk with the database lasts while the target cannot take its log."""
    holding = [disk for disk in host.filesystems if _holds(disk.mount, server.directory)]
    if not case.live or not holding or server.log_bytes_per_second <= 0:
        return
    disk = max(holding, key=lambda one: len(one.mount))
    hours = (disk.size_mib - disk.used_mib) * (1 << 20) / server.log_bytes_per_second / 3600
    if hours < FEW_HOURS:
        zh = f"目标不可达时，日志将在 {hours:.1f} 小时内写满 {disk.mount}"
        en = f"with the target away, its log would fill {disk.mount} in {hours:.1f} h"
        bears = "blocks" if hours < LEAST_HOURS else "note"
        hint = "make room, or limit what a slot may keep (max_slot_wal_keep_size)"
        yield Concern(
            "log-fills-disk", "blocks" if bears == "blocks" else "note", f"{host.id}:{disk.mount}", zh, en, hint
        )


def _holds(mount: str, path: str) -> bool:
    return path == mount or path.startswith(mount.rstrip("/") + "/")
