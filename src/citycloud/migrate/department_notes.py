"""What a person should know before saying yes: what each kind of data needs, and what differs at the target. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from citycloud.migrate.department_system import Held, Moving
from citycloud.report.model import Text


def notes(system: Moving) -> Iterator[Text]:
    """In the order in which a reader wants to know."""
    if system.any_time:
        yield Text(
            f"{system.move.system}：不受维护窗口限制：{system.any_time}",
            f"{system.move.system}: maintenance windows are not kept to: {system.any_time}",
        )
    for held in system.databases:
        yield from _carried(held, system)
        yield from _different(held, system)
    for source in system.sources:
        for tree in source.chosen.trees:
            yield Text(
                f"{source.chosen.id}:{tree}：rsync 多轮同步，切换时停写期间做最后一轮，按清单逐文件比对 SHA-256",
                f"{source.chosen.id}:{tree}: rsync in passes, the last one while nobody writes; compared by SHA-256",
            )
    yield Text(
        "应用各机之间的连接若不在声明的 flows 中，搬迁期间临时放行；请在关闭前补充声明",
        "what the application's hosts say to each other and no flow declares is opened for the move only: declare it",
    )
    yield Text(
        f"停写不超过 {system.move.refused_seconds} 秒，超出十倍则源端恢复服务；之后的写入反向复制，退回不丢数据",
        f"writes are refused for at most {system.move.refused_seconds} s when cutting over; past ten times that the"
        " source serves again by itself. Later writes are kept for the source, so that going back loses none",
    )
    yield Text(
        "复制期间不得更改表结构（DDL 不被复制）；切换前会核对两端的列",
        "no changes to the schema while it is replicated: they do not come over, and the cutover refuses then",
    )


def _carried(held: Held, system: Moving) -> Iterator[Text]:
    """https://www.postgresql.org/docs/15/logical-replication-restrictions.html"""
    database = held.database
    tables = [table for table in database.tables if table.kind in ("table", "partition")]
    if keyless := [table.full_name for table in tables if not table.key and table.logged]:
        names = ", ".join(keyless)
        yield Text(
            f"无主键的表：{names}；源端设置 REPLICA IDENTITY FULL（可撤销）",
            f"no primary key: {names}; the source sets their replica identity to full (can be undone)",
        )
    if database.sequences:
        count = len(database.sequences)
        yield Text(f"序列 {count} 个：停写后设置", f"{count} sequences do not replicate: set once writes have stopped")
    if database.large_objects:
        yield Text(
            f"大对象 {database.large_objects} 个不被复制：先整体搬运，切换时补齐改动并比对",
            f"{database.large_objects} large objects do not replicate: carried ahead, changes at the cutover; compared",
        )
    if unlogged := [table.full_name for table in tables if not table.logged]:
        names = ", ".join(unlogged)
        yield Text(f"非日志表：{names}；切换时整体复制", f"unlogged tables: {names}; copied whole at the cutover")
    if partitions := sum(table.kind == "partition" for table in tables):
        yield Text(f"分区 {partitions} 个：按分区复制", f"{partitions} partitions replicate one by one")


def _different(held: Held, system: Moving) -> Iterator[Text]:
    database, target = held.database, system.move.target
    version = f"PostgreSQL {held.server.version} -> {target.postgresql}"
    yield Text(f"{version}；编码 {database.encoding} -> UTF8", f"{version}; encoding {database.encoding} -> UTF8")
    if database.collation != target.collation:
        yield Text(
            f"排序规则 {database.collation} -> {target.collation}：排序结果不同，索引在目标端新建",
            f"collation {database.collation} -> {target.collation}: text sorts otherwise; indexes are built anew there",
        )
    if database.extensions:
        names = ", ".join(sorted(database.extensions))
        yield Text(f"目标端须有扩展：{names}", f"the target needs these extensions: {names}")
    if weak := [role.name for role in held.server.roles if role.password == "old-hash"]:  # noqa: S105 (a kind)
        names = ", ".join(weak)
        yield Text(
            f"旧散列口令原样迁移：{names}，切换后请更换", f"old password hashes go along: {names}; renew them after"
        )
