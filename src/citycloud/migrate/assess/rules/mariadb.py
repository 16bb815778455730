"""MariaDB: what binary-log replication needs, tables that it cannot keep consistent, and text in old encodings."""

from __future__ import annotations

from collections.abc import Iterator

from citycloud.migrate.assess.concern import Case, Concern, chosen, named
from citycloud.migrate.seen import ColumnText, Database, DatabaseServer

OLD = ("gbk", "gb2312", "gb18030", "big5")
MOST = 0.9
"""Share of the values beyond ASCII that have to be valid GBK before a column is called so."""


def concerns(case: Case) -> Iterator[Concern]:
    for host, server in case.servers("mariadb"):
        yield from _server(case, f"{host.id}:{server.port}", server)
    for place, _, database in case.databases("mariadb"):
        if case.live:
            yield from _not_carried(case, place, database)
        yield from _text(case, place, database)
        if database.events:
            zh, en = (
                f"{database.events} 个定时事件不能在两端同时运行",
                f"{database.events} scheduled events must not run at both ends",
            )
            yield Concern("scheduled-events", "note", place, zh, en, "they are off at the target until the cutover")


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2] if part.isdigit())


def _server(case: Case, place: str, server: DatabaseServer) -> Iterator[Concern]:
    if _version(server.version) > _version(case.move.target.mariadb):
        zh = f"源版本 {server.major} 高于目标 {case.move.target.mariadb}"
        en = f"version {server.major} is newer than the target's {case.move.target.mariadb}"
        yield Concern("newer-than-target", "blocks", place, zh, en, "a newer target")
    if not case.live:
        return
    if server.settings.get("log_bin", "").upper() not in ("ON", "1"):
        never = case.move.restart_source == "never"
        zh, en = (
            "二进制日志未开启，须重启源数据库",
            "its binary log is off: the source's database has to be started anew",
        )
        settled = "" if never else chosen(case.move.restart_source)
        hint = "restart_source: in-window | never"
        yield Concern("restart-source", "blocks" if never else "choice", place, zh, en, hint, settled)
    if server.settings.get("binlog_format", "").upper() in ("STATEMENT", "MIXED"):
        written = server.settings["binlog_format"]
        zh = f"二进制日志为 {written}，按行复制前须改为 ROW（可撤销的步骤）"
        en = f"its binary log is {written}: it becomes ROW first, a Step that can be undone"
        yield Concern("statement-log", "note", place, zh, en, "clients that stay connected keep the old format")


def _not_carried(case: Case, place: str, database: Database) -> Iterator[Concern]:
    if crashing := [table for table in database.tables if not table.logged and table.kind != "view"]:
        names = named(f"{table.name} ({table.storage})" for table in crashing)
        zh, en = f"没有事务的表须在停写时复制：{names}", f"tables without transactions are in no snapshot: {names}"
        hint = "unlogged_tables: copy-at-cutover | leave"
        yield Concern("unlogged-tables", "choice", place, zh, en, hint, chosen(case.move.unlogged_tables))
    if keyless := [table.name for table in database.tables if not table.key and table.kind != "view"]:
        zh = f"{len(keyless)} 张表没有主键：{named(keyless)}"
        en = f"{len(keyless)} tables have no primary key: each change is searched for at the target: {named(keyless)}"
        hint = "keyless_tables: full-identity (rows are compared whole) | copy-at-cutover | leave"
        yield Concern("keyless-tables", "choice", place, zh, en, hint, chosen(case.move.keyless_tables))


def _text(case: Case, place: str, database: Database) -> Iterator[Concern]:
    settled = chosen(case.move.old_text)
    hint = "old_text: to-utf8 | as-is"
    old = sorted({f"{one.table}.{one.column}" for one in database.texts if one.encoding.lower() in OLD})
    if old or database.encoding.lower() in OLD:
        zh = f"文本为 {database.encoding}，{len(old)} 列须转为 UTF-8"
        en = f"its text is in {database.encoding}: {len(old)} columns become UTF-8"
        yield Concern("old-text", "choice", place, zh, en, hint, settled)
    kinds = {"hidden-gbk": hidden_gbk, "hidden-utf8": hidden_utf8, "unclear-text": unclear}
    words = {
        "hidden-gbk": ("GBK 存在 latin1 列里", "GBK stands in columns that say latin1"),
        "hidden-utf8": ("UTF-8 存在 latin1 列里", "UTF-8 stands in columns that say latin1"),
        "unclear-text": ("编码混杂，须人工判断", "no one encoding fits what stands in these columns"),
    }
    for kind, fits in kinds.items():
        columns = [f"{one.table}.{one.column}" for one in database.texts if fits(one)]
        if columns:
            zh, en = (f"{said}: {named(columns)}" for said in words[kind])
            yield Concern(kind, "choice", place, zh, en, hint, settled)


def _not_declared(one: ColumnText) -> bool:
    """Whether bytes beyond ASCII stand in a column whose encoding is not about Chinese at all."""
    return one.encoding.lower() in ("latin1", "ascii", "binary", "swe7") and one.beyond_ascii > 0


def hidden_gbk(one: ColumnText) -> bool:
    """UTF-8 is often valid GBK too, and GBK almost never valid UTF-8: so UTF-8 is asked first."""
    return _not_declared(one) and not hidden_utf8(one) and one.as_gbk >= MOST * one.beyond_ascii


def hidden_utf8(one: ColumnText) -> bool:
    return _not_declared(one) and one.as_utf8 == one.beyond_ascii


def unclear(one: ColumnText) -> bool:
    return _not_declared(one) and not hidden_utf8(one) and not hidden_gbk(one)
