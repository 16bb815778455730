"""The Steps of a System with a PostgreSQL database, its web application and its file shares. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from citycloud.action import Action
from citycloud.migrate.actions.accept import Accept, Decommission, Probe
from citycloud.migrate.actions.carry import Carry
from citycloud.migrate.actions.cutover import Cutover
from citycloud.migrate.actions.files import Files
from citycloud.migrate.actions.forward import Forward
from citycloud.migrate.actions.openings import Opening, Openings
from citycloud.migrate.actions.postgres_back import PostgresReverse
from citycloud.migrate.actions.postgres_beside import PostgresLargeObjects
from citycloud.migrate.actions.postgres_pair import PairAction
from citycloud.migrate.actions.postgres_prepare import PostgresIdentity, PostgresPublish, PostgresSettings
from citycloud.migrate.actions.postgres_rehearse import PostgresForecast, PostgresRehearse
from citycloud.migrate.actions.postgres_replicate import PostgresReplicate
from citycloud.migrate.actions.postgres_target import PostgresTarget
from citycloud.migrate.actions.provision import Provision
from citycloud.migrate.department_system import From, Held, Moving
from citycloud.plan import Gate, Step
from citycloud.report.model import NOTHING, Text

SENDERS = {"wal_level": "logical", "max_wal_senders": "10", "max_replication_slots": "10"}
SAFE_FACTOR = 10
"""The source serves again by itself when writes are refused for this many times what was promised."""
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def postgres_steps(system: Moving) -> Iterator[Step]:
    """From the machines to the source's end, in order."""
    held = system.databases[0]
    pair = _pair(held)
    yield _step(
        system,
        "provision",
        Text(f"{system.stack} 的机器已就位", f"the machines of {system.stack} stand"),
        Provision(stack=system.stack, machines=tuple(one.machine for one in system.sources)),
        HOUR,
        Text("其余步骤都在这些机器上进行", "everything else happens on them"),
    )
    yield _step(
        system,
        "openings",
        Text("搬迁所需的连接已放行", "what the two places have to say to each other may pass"),
        Openings(site=system.system.site, name=system.move.system, openings=tuple(_openings(system, held))),
        10 * MINUTE,
        Text("按声明其余一概不通", "what no flow declares is closed"),
        "provision",
    )
    yield from _prepare(system, held, pair)
    yield from _copy(system, pair)
    yield from _across(system, held, pair)
    yield from _after(system, pair)


def _openings(system: Moving, held: Held) -> Iterator[Opening]:
    """Replication both ways, files, and what the application was seen to use among its own hosts."""
    database, port = held.source, held.server.port
    yield Opening(machine=database.new_address, direction="egress", port=port, remote=database.address)
    yield Opening(machine=database.new_address, direction="ingress", port=port, remote=database.address)
    for one in (one for one in system.sources if one.chosen.trees):
        yield Opening(machine=one.new_address, direction="egress", port=one.chosen.port, remote=one.address)
    yield from _among(system)


def _among(system: Moving) -> Iterator[Opening]:
    """Connections between the system's own hosts, as its files have them written down: both ends are opened."""
    by_address = {one.address: one for one in system.sources if one.address}
    found = {
        (caller.new_address, mention.port, by_address[mention.address].new_address)
        for caller in system.sources
        for mention in (caller.seen.mentions if caller.seen else ())
        if mention.port and mention.address in by_address and by_address[mention.address] is not caller
    }
    for caller_at, port, called_at in sorted(found):
        yield Opening(machine=caller_at, direction="egress", port=port, remote=called_at)
        yield Opening(machine=called_at, direction="ingress", port=port, remote=caller_at)


def _step(
    system: Moving, name: str, goal: Text, action: Action, limit: timedelta, why: Text = NOTHING, *needs: str,
    gates: tuple[Gate, ...] = (),
) -> Step:  # fmt: skip
    return Step(
        id=system.id(name),
        goal=goal,
        action=action.value(),
        why=why,
        needs=tuple(system.id(need) for need in needs),
        gates=gates,
        time_limit=limit,
    )


def _pair(held: Held) -> dict[str, object]:
    """What every action over the two servers is given."""
    return {
        "source": held.source.chosen.id,
        "target": held.source.machine,
        "database": held.database.name,
        "source_address": held.source.address,
        "target_address": held.source.new_address,
        "port": held.server.port,
    }


def _of(kind: type[PairAction], pair: dict[str, object], **more: object) -> PairAction:
    return kind.model_validate({**pair, **more})


def _prepare(system: Moving, held: Held, pair: dict[str, object]) -> Iterator[Step]:
    """Declared changes at the source, each with its undo; then the target."""
    source, now = held.source.chosen.id, held.server.settings
    if now.get("wal_level") != "logical":
        yield _step(
            system, "source-settings",
            Text(f"{source} 可作逻辑复制的源（重启数据库一次）", f"{source} can be replicated from (one restart)"),
            PostgresSettings(host=source, settings=SENDERS, what=system.name, port=held.server.port), 10 * MINUTE,
            Text("日志级别要重启才生效，故只在窗口内做", "the log's level takes a restart"), "provision",
            gates=system.window,
        )  # fmt: skip
    tables = [table for table in held.database.tables if table.kind in ("table", "partition") and table.logged]
    keyless = tuple((table.namespace, table.name) for table in tables if not table.key)
    if keyless and system.move.keyless_tables == "full-identity":
        yield _step(
            system, "source-identity", Text("无主键的表可被复制", "changes to tables without a key can be sent"),
            PostgresIdentity(host=source, database=held.database.name, tables=keyless), 10 * MINUTE,
            Text("发布之前做，否则源端的更新会被拒绝", "once published, updates would be refused without it"),
        )  # fmt: skip
    yield _step(
        system, "publish", Text(f"{source} 发布全部表", f"{source} publishes every table"),
        _of(PostgresPublish, pair), 10 * MINUTE, Text("目标才有可订阅的", "there must be something to subscribe to"),
        "provision",
    )  # fmt: skip
    clients = [one.new_address for one in system.sources if one.chosen.carries and one is not held.source]
    yield _step(
        system, "target", Text("目标库已建，应用尚不能登录", "the target has the schema; nobody may log in yet"),
        _of(PostgresTarget, pair, collation=system.move.target.collation, clients=clients), 30 * MINUTE,
        Text("结构先于数据", "the schema comes before the data"), "publish",
    )  # fmt: skip


def _files(system: Moving) -> list[Files]:
    return [
        Files(
            source=one.chosen.id,
            target=one.machine,
            source_address=one.address,
            target_address=one.new_address,
            tree=tree,
            mebibytes_a_second=system.mebibytes_a_second,
        )
        for one in system.sources
        for tree in one.chosen.trees
    ]


def _carry(system: Moving, one: From) -> Carry:
    return Carry(
        source=one.chosen.id,
        target=one.machine,
        name=one.chosen.id,
        paths=one.chosen.carries,
        replace=system.replacements if system.move.addresses_in_files == "names" else {},
        remove=one.chosen.clears,
        units=one.chosen.units,
    )


def _copy(system: Moving, pair: dict[str, object]) -> Iterator[Step]:
    """Everything comes over while the source serves."""
    for number, tree in enumerate(_files(system), start=1):
        yield _step(
            system, f"seed-files-{number}", Text(f"{tree.tree} 已同步", f"{tree.tree} is copied"), tree, 12 * HOUR,
            Text("文件最久，先开始", "files take longest"), "provision",
        )  # fmt: skip
    yield _step(
        system, "replicate", Text("表已复制并跟随源端", "tables are copied and follow"),
        _of(PostgresReplicate, pair), 24 * HOUR, Text("从此目标只差几秒", "from here on seconds behind"), "target",
    )  # fmt: skip
    yield _step(
        system, "large-objects", Text("大对象已搬运", "large objects are carried"),
        _of(PostgresLargeObjects, pair), 12 * HOUR, Text("复制不带大对象", "replication leaves them out"), "replicate",
    )  # fmt: skip
    for one in (one for one in system.sources if one.chosen.carries):
        yield _step(
            system, f"carry-{one.chosen.id}",
            Text(f"应用已装在 {one.machine}", f"the application is on {one.machine}"), _carry(system, one), HOUR,
            Text("切换时应用须已在运行", "it has to run already when clients come"), "provision",
        )  # fmt: skip


def _across(system: Moving, held: Held, pair: dict[str, object]) -> Iterator[Step]:
    move = system.move
    yield _step(
        system, "forecast",
        Text(f"预计停写 {move.refused_seconds} 秒以内", f"writes will stop for {move.refused_seconds} s at most"),
        _of(PostgresForecast, pair, most_seconds=move.refused_seconds), 10 * MINUTE,
        Text("做不到就不该开始", "a cutover that can't keep to it must not begin"), "large-objects",
    )  # fmt: skip
    if move.rehearsal.times:
        yield _step(
            system, "rehearse", Text("克隆库上已演练", "rehearsed on a clone"), _of(PostgresRehearse, pair), 4 * HOUR,
            Text("演练不影响任何人", "it disturbs nobody"), "replicate",
        )  # fmt: skip
    forwards = [
        Forward(host=one.chosen.id, address=one.new_address, ports=_ports(one), units=tuple(reversed(one.chosen.units)))
        for one in system.sources
        if one.chosen.carries and one is not held.source and not one.chosen.trees and _ports(one)
    ]
    yield _step(
        system, "cutover", Text("用户在新系统上写入", "users write at the new place"),
        _of(Cutover, pair, what=system.name, forwards=forwards, files=_files(system),
            most_seconds=float(move.refused_seconds * SAFE_FACTOR)),
        timedelta(minutes=move.cutover_minutes),
        Text("数据已在，演练过，有人批准", "the data is there, it was rehearsed, and people said yes"),
        "forecast", *(["rehearse"] if move.rehearsal.times else []),
        *(f"carry-{one.chosen.id}" for one in system.sources if one.chosen.carries),
        gates=(system.approval(move.approvals.cutover), *system.window),
    )  # fmt: skip


def _ports(one: From) -> tuple[int, ...]:
    """Where clients come in: what its application's own processes listen on for others."""
    found = one.seen.ports if one.seen else ()
    return tuple(sorted({port.port for port in found if port.reachable and port.process not in ("sshd", "postgres")}))


def _after(system: Moving, pair: dict[str, object]) -> Iterator[Step]:
    move = system.move
    for one in (one for one in system.sources if one.chosen.carries and not one.chosen.trees):
        scheme = "https" if 443 in _ports(one) else "http"
        yield _step(
            system, f"probe-{one.machine}", Text(f"{one.machine} 应答", f"{one.machine} answers"),
            _of(Probe, pair, host=one.machine, url=f"{scheme}://127.0.0.1/health", must_say=move.target.postgresql),
            10 * MINUTE,
            Text("先看再说好", "looked at before it counts as done"), "cutover",
        )  # fmt: skip
    yield _step(
        system, "reverse", Text("新写入同时回到源端", "what is written goes to the source too"),
        _of(PostgresReverse, pair), HOUR, Text("退路不丢数据", "so that the way back loses nothing"), "cutover",
    )  # fmt: skip
    yield _step(
        system, "accept", Text("业务单位验收", "its owner accepts it"), _of(Accept, pair), 10 * MINUTE,
        Text(f"切换后 {move.accept_days} 天内", f"within {move.accept_days} days"), "reverse",
        gates=(system.approval(move.approvals.accept),),
    )  # fmt: skip
    yield _step(
        system, "decommission", Text("源库归档并擦除", "the source's database is archived and wiped"),
        _of(Decommission, pair), 12 * HOUR,
        Text(f"切换 {move.way_back_days} 天后，不可撤销", f"{move.way_back_days} days after; there is no way back"),
        "accept", gates=(system.approval(move.approvals.decommission),),
    )  # fmt: skip
