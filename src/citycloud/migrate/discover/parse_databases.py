"""From what the database collectors printed, once or twice, to values. Pure. ValueError for what is no such output.

Rates need two looks: a counter that went back (the server was started anew in between) counts as nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from citycloud.migrate.seen import ColumnText, Database, DatabaseServer, Role, Sequence, Table, Writes

Told = Mapping[str, Any]
KINDS = {"r": "table", "p": "partitioned", "m": "materialized-view", "f": "foreign", "v": "view"}
IDENTITIES = {"d": "default", "n": "nothing", "f": "full", "i": "index"}
COUNTERS = ("inserted", "updated", "deleted")
CRASHING = frozenset({"myisam", "aria", "memory", "csv", "archive", "merge", "mrg_myisam"})
"""MariaDB's engines without transactions: neither snapshots nor rows are consistent over them."""


def _servers(text: str) -> list[Told]:
    lines = text.strip().splitlines()
    if not lines:
        raise ValueError("nothing was printed")
    found: list[Told] = json.loads(lines[-1])["servers"]
    return found


def faults(text: str) -> tuple[str, ...]:
    """What the collector could not ask."""
    told = json.loads(text.strip().splitlines()[-1])
    return (*told["faults"], *(fault for server in told["servers"] for fault in server.get("faults", ())))


def postgresql(first: str, second: str | None = None) -> tuple[DatabaseServer, ...]:
    before = {server["port"]: server for server in _servers(first)} if second else {}
    found = [_postgresql(server, before.get(server["port"])) for server in _servers(second or first)]
    return tuple(sorted(found, key=lambda one: one.port))


def _rate(after: object, before: object, seconds: float) -> float:
    if seconds <= 0 or after is None or before is None:
        return 0.0
    return round(max(float(str(after)) - float(str(before)), 0.0) / seconds, 3)


def _postgresql(told: Told, before: Told | None) -> DatabaseServer:
    seconds = told["at"] - before["at"] if before else 0.0
    old = {database["name"]: database for database in before["databases"]} if before else {}
    settings = told["settings"]
    roles = [
        Role(name=one["name"], superuser=one["superuser"], password=one["password"]) for one in told["roles"] or ()
    ]
    return DatabaseServer(
        engine="postgresql",
        version=told["version"].split()[0],
        port=told["port"],
        directory=settings.get("data_directory", ""),
        settings=dict(sorted(settings.items())),
        trusts=tuple(f"{told['hba']}:{line}" for line in told["trusts"] or ()),
        roles=tuple(roles),
        databases=tuple(_database(one, old.get(one["name"]), seconds) for one in told["databases"]),
        log_bytes_per_second=_rate(told["log"], before["log"] if before else None, seconds),
        commits_per_second=_rate(told["commits"], before["commits"] if before else None, seconds),
        seconds=round(max(seconds, 0.0), 2),
    )


def _database(told: Told, before: Told | None, seconds: float) -> Database:
    old = {(one["namespace"], one["name"]): one for one in before["tables"]} if before else {}
    plain = ("name", "owner", "encoding", "collation", "bytes", "large_objects", "large_object_bytes", "routines")
    return Database(
        **{key: told[key] for key in plain},
        triggers=told["triggers"],
        tables=tuple(_table(one, old.get((one["namespace"], one["name"])), seconds) for one in told["tables"]),
        sequences=tuple(Sequence(**{**one, "owned_by": one["owned_by"] or ""}) for one in told["sequences"]),
        enums=tuple(told["enums"] or ()),
        extensions=dict(sorted((told["extensions"] or {}).items())),
        languages=tuple(told["languages"] or ()),
    )


def _table(told: Told, before: Told | None, seconds: float) -> Table:
    kind: Any = "partition" if told["is_partition"] else KINDS[told["relkind"]]
    identity: Any = IDENTITIES.get(told["replica_identity"], "")
    rates = {name: _rate(told[name], before[name] if before else None, seconds) for name in COUNTERS}
    return Table(
        namespace=told["namespace"],
        name=told["name"],
        kind=kind,
        parent=told["parent"] or "",
        logged=told["logged"],
        rows=told["rows"],
        bytes=told["bytes"],
        key=told["key"],
        replica_identity=identity if kind in ("table", "partition", "partitioned") else "",
        identity=tuple(told["identity"] or ()),
        generated=tuple(told["generated"] or ()),
        writes=Writes(**rates),
    )


def mariadb(first: str, second: str | None = None) -> tuple[DatabaseServer, ...]:
    before = {server["port"]: server for server in _servers(first)} if second else {}
    found = [_mariadb(server, before.get(server["port"])) for server in _servers(second or first)]
    return tuple(sorted(found, key=lambda one: one.port))


def _mariadb(told: Told, before: Told | None) -> DatabaseServer:
    seconds = told["at"] - before["at"] if before else 0.0
    status, old = told["status"], before["status"] if before else {}
    logged = settings_on(told["settings"].get("log_bin", ""))
    log = "Binlog_bytes_written" if logged else "Innodb_os_log_written"
    texts = (before or told)["texts"]
    return DatabaseServer(
        engine="mariadb",
        version=told["version"].split("-")[0],
        port=told["port"],
        directory=told["settings"].get("datadir", "").rstrip("/"),
        settings=dict(sorted(told["settings"].items())),
        roles=tuple(_role(one) for one in told["roles"]),
        databases=tuple(_schema(one, told["tables"], texts) for one in told["databases"]),
        log_bytes_per_second=_rate(status.get(log), old.get(log), seconds),
        commits_per_second=_rate(status.get("Handler_commit"), old.get("Handler_commit"), seconds),
        seconds=round(max(seconds, 0.0), 2),
    )


def settings_on(value: str) -> bool:
    return value.upper() in ("ON", "1", "YES")


def _yes(told: object) -> bool:
    """MariaDB 10.5 writes a condition into JSON as a number or as text, by its context."""
    return str(told).lower() in ("1", "true")


def _role(told: Told) -> Role:
    return Role(name=told["name"], host=told["host"], superuser=_yes(told["superuser"]), password=told["password"])


def _schema(told: Told, tables: list[Told], texts: list[Told]) -> Database:
    own = [one for one in tables if one["database"] == told["name"]]
    return Database(
        name=told["name"],
        encoding=told["encoding"],
        collation=told["collation"],
        bytes=int(told["bytes"] or 0),
        tables=tuple(_own_table(one) for one in own),
        routines=told["routines"],
        triggers=told["triggers"],
        events=told["events"],
        texts=tuple(_text(one) for one in texts if one["database"] == told["name"]),
    )


def _own_table(told: Told) -> Table:
    engine = (told["storage"] or "").lower()
    kind: Any = "view" if told["type"] == "VIEW" else "partitioned" if _yes(told["partitioned"]) else "table"
    return Table(
        name=told["name"],
        kind=kind,
        storage=told["storage"] or "",
        logged=engine not in CRASHING,
        rows=int(told["rows"] or 0),
        bytes=int(told["bytes"] or 0),
        key=_yes(told["key"]) or kind == "view",
        identity=tuple((told["identity"] or "").split(",")) if told["identity"] else (),
        generated=tuple((told["generated"] or "").split(",")) if told["generated"] else (),
        encoding=told["encoding"] or "",
    )


def _text(told: Told) -> ColumnText:
    return ColumnText(**{key: value for key, value in told.items() if key != "database"})
