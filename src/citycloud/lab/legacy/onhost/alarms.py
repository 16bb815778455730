"""智慧消防: alarms and records. The database's text is GBK, some of it in columns that say latin1."""

# ruff: noqa: S608  what is put into statements are words of this program
from __future__ import annotations

import configparser
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pymysql  # type: ignore[import-untyped]
import web  # type: ignore[import-not-found]

SETTINGS = configparser.ConfigParser()
SETTINGS.read("/etc/alarms/alarms.ini", encoding="utf-8")
LOCAL = threading.local()


def connect() -> Any:  # noqa: ANN401
    where = SETTINGS["database"]
    return pymysql.connect(
        host=where["host"],
        port=int(where["port"]),
        db=where["name"],
        user=where["user"],
        password=where["password"],
        charset=where["charset"],
        connect_timeout=2,
        read_timeout=15,
        write_timeout=15,
    )


@contextmanager
def transaction() -> Iterator[Any]:
    """A cursor; what it does is committed before this ends, or not done. A broken connection is not used again."""
    line = getattr(LOCAL, "line", None)
    try:
        if line is None:
            line = LOCAL.line = connect()
        with line.cursor() as cursor:
            yield cursor
        line.commit()
    except (pymysql.Error, OSError) as fault:
        LOCAL.line = None
        if line is not None and line.open:
            line.close()
        raise web.Refused(503, type(fault).__name__) from fault


def octets() -> bool:
    return SETTINGS["database"]["remarks"] == "octets"


def health(environ: web.Environ, rest: str) -> web.Answer:
    with transaction() as cursor:
        cursor.execute("SELECT VERSION(), @@read_only")
        version, standby = cursor.fetchone()
    return 200, {"database": version, "standby": bool(standby)}


def buildings(environ: web.Environ, rest: str) -> web.Answer:
    with transaction() as cursor:
        contact = "HEX(contact)" if octets() else "contact"
        cursor.execute("SELECT code, name, " + contact + " FROM building ORDER BY code")
        rows = cursor.fetchall()
    return 200, [{"code": code, "name": name, "contact": text(contact)} for code, name, contact in rows]


def text(remark: str) -> str:
    """What a remark says, from what the database gave for it."""
    return bytes.fromhex(remark).decode("gbk") if octets() else remark


def write(environ: web.Environ, rest: str) -> web.Answer:
    """One record, its value twice: in a column of GBK, and as GBK octets in one of latin1."""
    record, value = web.given(environ)
    remark = value.encode("gbk").hex() if octets() else value
    place = "UNHEX(%s)" if octets() else "%s"
    with transaction() as cursor:
        cursor.execute(
            "INSERT IGNORE INTO record (id, value, remark) VALUES (%s, %s, " + place + ")", (record, value, remark)
        )
        if cursor.rowcount:
            cursor.execute(
                "INSERT INTO event (building, at, kind, told, remark) VALUES (1001, NOW(), '火警', %s, " + place + ")",
                (value[:200], value[:60].encode("gbk").hex() if octets() else value[:60]),
            )
    return 201, {"id": record, "value": value}


def seen(value: str, remark: str) -> str:
    """The value, or both if they differ: no such value was ever written."""
    other = text(remark)
    return value if value == other else f"{value} / {other}"


def read(environ: web.Environ, rest: str) -> web.Answer:
    remark = "HEX(remark)" if octets() else "remark"
    if rest:
        with transaction() as cursor:
            cursor.execute("SELECT value, " + remark + " FROM record WHERE id = %s", (rest,))
            row = cursor.fetchone()
        if row is None:
            raise web.Refused(404, "no such record")
        return 200, {"id": rest, "value": seen(*row)}
    run, after, limit = web.page(environ)
    with transaction() as cursor:
        cursor.execute(
            "SELECT id, value, " + remark + ", (SELECT COUNT(*) FROM journal WHERE journal.record = record.id)"
            " FROM record WHERE id > %s AND LEFT(id, %s) = %s ORDER BY id LIMIT %s",
            (max(after, run), len(run), run, limit),
        )
        rows = cursor.fetchall()
    return 200, {"records": [{"id": id_, "value": seen(value, rem), "copies": n} for id_, value, rem, n in rows]}


application = web.application(
    {
        ("GET", "health"): health,
        ("GET", "buildings"): buildings,
        ("POST", "records"): write,
        ("GET", "records"): read,
    }
)
