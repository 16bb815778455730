"""Deeds: a flat file of fixed records, a counter, an index. One writer, one process; what it answered is on disk."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import sqlite3
import sys
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

STATE = Path("/var/registry")
SIZE = 512
"""Octets of one record: number (10), id (90), value (400, GB18030), all padded with spaces; CR LF at the end."""
PORT = 9090
LOCK = threading.Lock()


class Deeds:
    def __init__(self) -> None:
        STATE.mkdir(parents=True, exist_ok=True)
        self.file = (STATE / "deeds.dat").open("a+b", buffering=0)
        self.index = sqlite3.connect(str(STATE / "index.db"), check_same_thread=False)
        self.index.execute("PRAGMA synchronous = FULL")
        self.index.execute("CREATE TABLE IF NOT EXISTS deed (id TEXT PRIMARY KEY, position INTEGER NOT NULL)")
        self.recover()

    def recover(self) -> None:
        size = self.file.seek(0, 2)
        if size % SIZE:
            self.file.truncate(size - size % SIZE)
        (known,) = self.index.execute("SELECT COALESCE(MAX(position) + 1, 0) FROM deed").fetchone()
        for position in range(known, size // SIZE):
            self.index.execute("INSERT OR IGNORE INTO deed VALUES (?, ?)", (self.at(position)[0], position))
        self.index.commit()

    def at(self, position: int) -> tuple[str, str]:
        self.file.seek(position * SIZE)
        line = self.file.read(SIZE)
        return line[10:100].decode("ascii").rstrip(), line[100:500].decode("gb18030").rstrip()

    def append(self, deeds: Sequence[tuple[str, str]]) -> None:
        position = self.file.seek(0, 2) // SIZE
        lines = []
        for number, (id_, value) in enumerate(deeds, position):
            content = value.encode("gb18030")
            if len(id_) > 90 or len(content) > 400:
                raise ValueError("too long")
            lines.append(b"%010d" % number + id_.encode("ascii").ljust(90) + content.ljust(400) + b" " * 10 + b"\r\n")
        self.file.write(b"".join(lines))
        os.fsync(self.file.fileno())
        self.index.executemany("INSERT INTO deed VALUES (?, ?)", [(d[0], position + n) for n, d in enumerate(deeds)])
        self.index.commit()
        (STATE / "COUNTER.NEW").write_bytes(b"%d\r\n" % (position + len(deeds)))
        (STATE / "COUNTER.NEW").rename(STATE / "COUNTER")

    def write(self, id_: str, value: str) -> None:
        with LOCK:
            if self.find(id_) is None:
                self.append([(id_, value)])

    def find(self, id_: str) -> str | None:
        row = self.index.execute("SELECT position FROM deed WHERE id = ?", (id_,)).fetchone()
        return None if row is None else self.at(row[0])[1]

    def page(self, run: str, after: str, limit: int) -> list[dict[str, Any]]:
        rows = self.index.execute(
            "SELECT id, position FROM deed WHERE id > ? AND substr(id, 1, ?) = ? ORDER BY id LIMIT ?",
            (max(after, run), len(run), run, limit),
        ).fetchall()
        return [{"id": id_, "value": self.at(position)[1], "copies": 1} for id_, position in rows]


def licensed() -> bool:
    said = Path("/opt/registry/licence").read_text().strip()
    name = "registryd licence for " + socket.gethostname()
    return said == hashlib.sha256(name.encode()).hexdigest()[:16]


class Server(ThreadingHTTPServer):
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("0.0.0.0", PORT), Handler)  # noqa: S104  as such services do
        self.deeds = Deeds()


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def answer(self, status: int, value: Any) -> None:  # noqa: ANN401
        content = json.dumps(value, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        place = urlsplit(self.path)
        first, _, rest = unquote(place.path).lstrip("/").partition("/")
        deeds = self.server.deeds
        if first == "health":
            return self.answer(200, {"host": socket.gethostname()})
        if first != "records":
            return self.answer(404, {"error": "nothing is here"})
        with LOCK:
            if rest:
                value = deeds.find(rest)
                return self.answer(200 if value is not None else 404, {"id": rest, "value": value})
            query = {name: values[0] for name, values in parse_qs(place.query).items()}
            found = deeds.page(query.get("run", ""), query.get("after", ""), min(int(query.get("limit", 1000)), 5000))
        self.answer(200, {"records": found})

    def do_POST(self) -> None:
        try:
            given = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
            self.server.deeds.write(str(given["id"]), str(given["value"]))
        except (ValueError, KeyError, TypeError) as fault:
            return self.answer(400, {"error": str(fault)})
        except (OSError, sqlite3.Error) as fault:
            return self.answer(503, {"error": str(fault)})
        self.answer(201, {"id": given["id"], "value": given["value"]})

    def log_message(self, *_: object) -> None:
        pass


def fill(seed: str, count: int) -> None:
    deeds = Deeds()
    if deeds.find(f"deed-{count - 1:07d}") is None:
        made = [hashlib.sha256(f"{seed}/{n}".encode()).hexdigest() for n in range(count)]
        todo = [n for n in range(count) if deeds.find(f"deed-{n:07d}") is None]
        for begin in range(0, len(todo), 5000):
            some = todo[begin : begin + 5000]
            deeds.append([(f"deed-{n:07d}", f"不动产权第{n:07d}号，权利人见档案𠮷{made[n][:40]}") for n in some])


def serve() -> None:
    if not licensed():
        sys.exit("licence: not for this host")
    Server().serve_forever()


if __name__ == "__main__":
    if sys.argv[1:2] == ["fill"]:
        fill(sys.argv[2], int(sys.argv[3]))
    else:
        serve()
