"""Addresses that were written into configuration and programs: what points to hosts whose address will change."""

from __future__ import annotations

from collections.abc import Iterator

from citycloud.migrate.assess.concern import Case, Concern, chosen, named
from citycloud.migrate.seen import Mention, SeenHost

OWN_FILES = ("/etc/hosts", "/etc/network/", "/etc/systemd/network/", "/etc/resolv.conf")
"""Where a host's own addressing stands, which a new machine gets anew."""
IN_PROGRAM = "(in the program)"


def concerns(case: Case) -> Iterator[Concern]:
    owners = {address: host.id for host in case.seen.hosts for address in host.addresses}
    for host in case.hosts:
        mentions = [one for one in host.mentions if not one.file.startswith(OWN_FILES)]
        moving = [one for one in mentions if one.address in owners]
        yield from _moving(case, host, moving, owners)
        away = sorted({one.address for one in mentions if one.address not in owners})
        if away:
            zh, en = (
                f"配置中还写有外部地址：{named(away)}",
                f"addresses elsewhere are written into files: {named(away)}",
            )
            yield Concern(
                "addresses-elsewhere", "note", host.id, zh, en, "see that each can be reached from the target"
            )


def _moving(case: Case, host: SeenHost, moving: list[Mention], owners: dict[str, str]) -> Iterator[Concern]:
    settled = chosen(case.move.addresses_in_files)
    files = [one for one in moving if one.setting != IN_PROGRAM]
    if files:
        places = named(f"{one.file}:{one.line} ({one.address} = {owners[one.address]})" for one in files)
        zh, en = f"写死的地址，迁移后会变：{places}", f"addresses that will change are written into files: {places}"
        hint = "addresses_in_files: names (replaced on the copy) | as-is"
        yield Concern("hard-coded-addresses", "choice", host.id, zh, en, hint, settled)
    programs = [one for one in moving if one.setting == IN_PROGRAM]
    if programs:
        places = named(dict.fromkeys(f"{one.file} ({one.address} = {owners[one.address]})" for one in programs))
        zh, en = (
            f"程序里写死的地址无法替换：{places}",
            f"addresses that will change are in programs, and can't be replaced: {places}",
        )
        hint = "a translation rule for this one machine at the target: addresses_in_files: as-is"
        yield Concern("addresses-in-programs", "choice", host.id, zh, en, hint, "as-is" if settled == "as-is" else "")
