"""PostgreSQL: what logical replication does not carry (https://www.postgresql.org/docs/15/logical-replication-restrictions.html),
and what else differs at the target."""

from __future__ import annotations

from collections.abc import Iterator

from citycloud.migrate.assess.concern import Case, Concern, chosen, named
from citycloud.migrate.seen import Database, DatabaseServer, Table

FIRST_WITH_PUBLICATIONS = 10
SENDERS_NEEDED = 4
"""One for the subscription, two while tables are copied, one to spare."""


def concerns(case: Case) -> Iterator[Concern]:
    for host, server in case.servers("postgresql"):
        yield from _server(case, f"{host.id}:{server.port}", server)
    for place, server, database in case.databases("postgresql"):
        if database.name == "postgres" and not database.tables:
            continue
        if case.live:
            yield from _not_carried(case, place, database)
        yield from _different(case, place, server, database)


def _server(case: Case, place: str, server: DatabaseServer) -> Iterator[Concern]:
    major, target = int(server.major), int(case.move.target.postgresql.split(".")[0])
    if major > target:
        zh, en = f"源版本 {major} 高于目标 {target}", f"version {major} is newer than the target's {target}"
        yield Concern("newer-than-target", "blocks", place, zh, en, "a newer target")
    if case.live and major < FIRST_WITH_PUBLICATIONS:
        zh, en = f"版本 {major} 没有逻辑复制", f"version {major} has no logical replication"
        yield Concern("no-logical-replication", "blocks", place, zh, en, "move it with a stop, by dump")
    if case.live:
        yield from _restart(case, place, server)


def _restart(case: Case, place: str, server: DatabaseServer) -> Iterator[Concern]:
    """Settings that need the source's database started anew: a declared Step, which can be undone."""
    wanted = []
    if server.settings.get("wal_level") != "logical":
        wanted.append(f"wal_level = logical (now {server.settings.get('wal_level', 'unknown')})")
    for name in ("max_wal_senders", "max_replication_slots"):
        value = server.settings.get(name, "")
        if value.isdigit() and int(value) < SENDERS_NEEDED:
            wanted.append(f"{name} = {SENDERS_NEEDED} (now {value})")
    if not wanted:
        return
    said = "; ".join(wanted)
    if case.move.restart_source == "never":
        zh, en = f"需要重启数据库而选择为不许：{said}", f"it would have to be started anew, which was ruled out: {said}"
        yield Concern(
            "restart-ruled-out", "blocks", place, zh, en, "allow it (`restart_source: in-window`), or move with a stop"
        )
        return
    zh, en = f"须在窗口内重启源数据库：{said}", f"the source's database has to be started anew: {said}"
    settled = chosen(case.move.restart_source)
    yield Concern("restart-source", "choice", place, zh, en, "restart_source: in-window | never", settled)


def _not_carried(case: Case, place: str, database: Database) -> Iterator[Concern]:
    own = [table for table in database.tables if table.kind in ("table", "partition")]
    if keyless := [table for table in own if not _has_identity(table)]:
        busy = sum(table.writes.updated + table.writes.deleted for table in keyless)
        names = named(table.full_name for table in keyless)
        zh = f"{len(keyless)} 张表没有主键：{names}"
        en = f"{len(keyless)} tables have no primary key ({busy:.1f} changes a second seen): {names}"
        hint = "keyless_tables: full-identity (at the source, can be undone) | copy-at-cutover | leave"
        yield Concern("keyless-tables", "choice", place, zh, en, hint, chosen(case.move.keyless_tables))
    if unlogged := [table for table in own if not table.logged]:
        names = named(table.full_name for table in unlogged)
        zh, en = f"非日志表不会被复制：{names}", f"unlogged tables are not replicated: {names}"
        hint = "unlogged_tables: copy-at-cutover | leave"
        yield Concern("unlogged-tables", "choice", place, zh, en, hint, chosen(case.move.unlogged_tables))
    if database.large_objects:
        size = database.large_object_bytes / (1 << 20)
        zh = f"{database.large_objects} 个大对象（{size:.0f} MiB）不会被复制"
        en = f"{database.large_objects} large objects ({size:.0f} MiB) are not replicated"
        hint = "large_objects: copy-at-cutover | leave"
        yield Concern("large-objects", "choice", place, zh, en, hint, chosen(case.move.large_objects))
    if database.sequences:
        zh = f"{len(database.sequences)} 个序列在切换时设置"
        en = f"{len(database.sequences)} sequences are not replicated: they are set when cutting over"
        yield Concern("sequences", "note", place, zh, en)
    if views := [table for table in database.tables if table.kind == "materialized-view"]:
        zh, en = f"物化视图在目标端刷新：{len(views)}", f"{len(views)} materialized views are refreshed at the target"
        yield Concern("materialized-views", "note", place, zh, en)
    if foreign := [table.full_name for table in database.tables if table.kind == "foreign"]:
        zh, en = f"外部表指向别处：{named(foreign)}", f"foreign tables point elsewhere: {named(foreign)}"
        yield Concern("foreign-tables", "note", place, zh, en, "see that the target can reach what they point to")


def _has_identity(table: Table) -> bool:
    return table.replica_identity in ("full", "index") or (table.key and table.replica_identity != "nothing")


def _different(case: Case, place: str, server: DatabaseServer, database: Database) -> Iterator[Concern]:
    target = case.move.target
    if database.encoding.upper() not in ("UTF8", "UTF-8"):
        zh, en = (
            f"编码是 {database.encoding}，目标是 UTF-8",
            f"its encoding is {database.encoding}, the target's is UTF-8",
        )
        yield Concern("old-text", "choice", place, zh, en, "old_text: to-utf8 | as-is", chosen(case.move.old_text))
    if database.collation.lower().replace("-", "") != target.collation.lower().replace("-", ""):
        zh = f"排序规则 {database.collation}，目标为 {target.collation}：索引重建，排序结果可能不同"
        en = f"its collation is {database.collation}, the target's {target.collation}: text sorts otherwise there"
        yield Concern("other-collation", "note", place, zh, en, "indexes are built anew; compare what users see sorted")
    if database.extensions:
        names = named(f"{name} {version}" for name, version in sorted(database.extensions.items()))
        zh, en = f"目标须有扩展：{names}", f"the target needs these extensions: {names}"
        yield Concern("extensions", "note", place, zh, en, "install them before the schema is made")
    if database.languages:
        zh, en = (
            f"目标须有语言：{named(database.languages)}",
            f"the target needs these languages: {named(database.languages)}",
        )
        yield Concern("languages", "note", place, zh, en)
