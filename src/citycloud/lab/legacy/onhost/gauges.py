"""智慧水利: levels, bulletins and uploads. Everything that it needs stands in one file, addresses and password too."""

from __future__ import annotations

import configparser
import hashlib
import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg2  # type: ignore[import-untyped]
import web  # type: ignore[import-not-found]

SETTINGS = configparser.ConfigParser()
SETTINGS.read("/etc/gauges/gauges.ini", encoding="utf-8")
LOCAL = threading.local()


def connect() -> Any:  # noqa: ANN401
    where = SETTINGS["database"]
    return psycopg2.connect(
        host=where["host"],
        port=where["port"],
        dbname=where["name"],
        user=where["user"],
        password=where["password"],
        connect_timeout=2,
        application_name="gauges",
    )


@contextmanager
def transaction() -> Iterator[Any]:
    """A cursor; what it does is committed before this ends, or not done. A broken connection is not used again."""
    line = getattr(LOCAL, "line", None)
    if line is None or line.closed:
        line = LOCAL.line = connect()
    try:
        with line, line.cursor() as cursor:
            yield cursor
    except psycopg2.Error as fault:
        try:
            line.close()
        finally:
            LOCAL.line = None
        raise web.Refused(503, type(fault).__name__) from fault


def health(environ: web.Environ, rest: str) -> web.Answer:
    with transaction() as cursor:
        cursor.execute("SELECT current_setting('server_version'), pg_is_in_recovery()")
        version, standby = cursor.fetchone()
    return 200, {"database": version, "standby": standby}


def stations(environ: web.Environ, rest: str) -> web.Answer:
    with transaction() as cursor:
        cursor.execute("SELECT code, name, river FROM station ORDER BY code")
        return 200, [{"code": code, "name": name, "river": river} for code, name, river in cursor.fetchall()]


def write(environ: web.Environ, rest: str) -> web.Answer:
    """One record, one reading and one line of the audit, all or none; a record sent again is written once."""
    record, value = web.given(environ)
    with transaction() as cursor:
        cursor.execute("INSERT INTO record (id, value) VALUES (%s, %s) ON CONFLICT DO NOTHING", (record, value))
        if cursor.rowcount:
            cursor.execute(
                "INSERT INTO audit (who, what, detail)"
                " VALUES ('上报', 'record', jsonb_build_object('record', %s::text))",
                (record,),
            )
            cursor.execute(
                "INSERT INTO reading (station, at, level, raw) VALUES (101 + %s, now(), %s, %s)",
                (len(value) % 120, len(value), value),
            )
    return 201, {"id": record, "value": value}


def read(environ: web.Environ, rest: str) -> web.Answer:
    if rest:
        with transaction() as cursor:
            cursor.execute("SELECT value FROM record WHERE id = %s", (rest,))
            row = cursor.fetchone()
        if row is None:
            raise web.Refused(404, "no such record")
        return 200, {"id": rest, "value": row[0]}
    run, after, limit = web.page(environ)
    with transaction() as cursor:
        cursor.execute(
            "SELECT id, value, (SELECT count(*) FROM audit WHERE what = 'record' AND detail ->> 'record' = record.id)"
            ' FROM record WHERE id COLLATE "C" > %s AND left(id, %s) = %s ORDER BY id COLLATE "C" LIMIT %s',
            (max(after, run), len(run), run, limit),
        )
        return 200, {"records": [{"id": id_, "value": value, "copies": n} for id_, value, n in cursor.fetchall()]}


def share(method: str, name: str, content: bytes | None = None) -> tuple[int, bytes]:
    """Ask the file share. Gives status and octets."""
    place = urlsplit(SETTINGS["share"]["url"])
    line = http.client.HTTPConnection(str(place.hostname), place.port or 80, timeout=10)
    try:
        line.request(method, place.path + quote(name), body=content)
        answer = line.getresponse()
        return answer.status, answer.read()
    except OSError as fault:
        raise web.Refused(503, "file share: " + type(fault).__name__) from fault
    finally:
        line.close()


def upload(environ: web.Environ, rest: str) -> web.Answer:
    content = web.body(environ)
    status, _ = share("PUT", rest, content)
    if status not in (201, 204):
        raise web.Refused(503, f"file share: {status}")
    digest = hashlib.sha256(content).hexdigest()
    with transaction() as cursor:
        cursor.execute(
            "INSERT INTO audit (who, what, detail)"
            " VALUES ('上传', 'upload', jsonb_build_object('name', %s::text, 'sha256', %s::text))",
            (rest, digest),
        )
    return 201, {"name": rest, "sha256": digest}


def download(environ: web.Environ, rest: str) -> web.Answer:
    status, content = share("GET", rest)
    if status != 200:
        raise web.Refused(404, "no such file")
    return 200, content


application = web.application(
    {
        ("GET", "health"): health,
        ("GET", "stations"): stations,
        ("POST", "records"): write,
        ("GET", "records"): read,
        ("PUT", "uploads"): upload,
        ("GET", "uploads"): download,
    }
)
