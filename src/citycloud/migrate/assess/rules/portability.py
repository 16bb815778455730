"""Portability: whether what runs there can run on the hardware of the zone that the System is declared for."""

from __future__ import annotations

from collections.abc import Iterator

from citycloud.migrate.assess.concern import Case, Concern, named
from citycloud.migrate.waves.demand import zone_arches

SAME = {"amd64": "x86_64", "arm64": "aarch64", "loong64": "loongarch64"}
"""Debian's names of architectures."""


def concerns(case: Case) -> Iterator[Concern]:
    there = zone_arches(case.city, case.system.site, case.system.zone)
    where = f"{case.system.site}/{case.system.zone} ({', '.join(sorted(there))})"
    for host in case.hosts:
        if case.move.method == "lift" and host.os is not None and host.os.arch not in there:
            zh = f"整机是 {host.os.arch} 的，不能迁到 {where}"
            en = f"the whole machine is {host.os.arch}'s, and cannot be lifted to {where}"
            yield Concern(
                "lift-across-architectures", "blocks", host.id, zh, en, "another zone in systems.yaml, or build it anew"
            )
        machine_code = [one for one in host.programs if one.kind == "elf" and one.arch and one.arch not in there]
        bound = [one for one in machine_code if one.runs]
        if bound and case.move.method != "lift":
            names = named(one.path for one in bound)
            zh, en = (
                f"只有二进制的程序不能在 {where} 运行：{names}",
                f"programs without source cannot run at {where}: {names}",
            )
            yield Concern("binary-only", "blocks", host.id, zh, en, "ask its maker for a build, or choose another zone")
        bytecode = [one for one in host.programs if one.kind == "bytecode" and one.runs]
        if bytecode:
            names = named(one.path for one in bytecode)
            zh, en = f"正在运行的字节码没有源代码：{names}", f"bytecode without its source runs: {names}"
            yield Concern("source-lost", "note", host.id, zh, en, "it runs under its own interpreter's version only")
        strange = sorted({SAME.get(one.arch, one.arch) for one in host.packages} - {"all", "noarch", *there})
        if strange and host.os is not None and host.os.arch not in there and case.move.method != "lift":
            zh = f"软件包是 {', '.join(strange)} 的，目标须装同名软件包"
            en = f"its packages are {', '.join(strange)}'s: the target needs the same ones for its own architecture"
            yield Concern("other-architecture", "note", host.id, zh, en, "see that each is to be had there")
