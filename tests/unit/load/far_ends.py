"""Far ends that go wrong on purpose: an application over HTTP, and a name server."""

from __future__ import annotations

import json
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import dns.message
import dns.rrset

Fault = Callable[["Application", str, str], str]
"""Called for each write; gives what happens: '' (nothing), lose, alter, double, lie, 503, cut (stored, no answer)."""


def nothing(application: Application, id_: str, value: str) -> str:
    return ""


def every(nth: int, what: str) -> Fault:
    """``what`` befalls each ``nth`` write, by the number in its id."""
    return lambda application, id_, value: what if int(id_.rpartition("-")[2]) % nth == 0 else ""


@dataclass
class Application:
    """Records in memory. ``posts`` counts the writes that came in, by id."""

    fault: Fault = nothing
    records: dict[str, str] = field(default_factory=dict)
    copies: dict[str, int] = field(default_factory=dict)
    posts: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    began: float = field(default_factory=time.monotonic)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/records"

    def write(self, id_: str, value: str) -> str:
        with self.lock:
            self.posts[id_] = self.posts.get(id_, 0) + 1
            what = self.fault(self, id_, value)
            if what not in ("lose", "503"):
                self.records[id_] = value + "!" if what == "alter" else value
                self.copies[id_] = 2 if what == "double" else 1
            return what

    def page(self, run: str, after: str, limit: int) -> list[dict[str, Any]]:
        with self.lock:
            ids = sorted(id_ for id_ in self.records if id_.startswith(run) and id_ > after)[:limit]
            return [{"id": id_, "value": self.records[id_], "copies": self.copies[id_]} for id_ in ids]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    application: Application

    def answer(self, status: int, value: object) -> None:
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self) -> None:
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        what = self.application.write(given["id"], given["value"])
        if what == "cut":
            self.close_connection = True
            return
        told = given if what != "lie" else {**given, "value": "something else"}
        self.answer(503 if what == "503" else 201, told)

    def do_GET(self) -> None:
        place = urlsplit(self.path)
        id_ = place.path.removeprefix("/records").lstrip("/")
        if id_:
            value = self.application.records.get(id_)
            self.answer(200 if value is not None else 404, {"id": id_, "value": value})
            return
        query = {name: values[0] for name, values in parse_qs(place.query).items()}
        found = self.application.page(query["run"], query.get("after", ""), int(query["limit"]))
        self.answer(200, {"records": found})

    def log_message(self, *_: object) -> None: ...


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


@contextmanager
def serving(application: Application, address: str = "127.0.0.1", port: int = 0) -> Iterator[Application]:
    handler = type("Handler", (_Handler,), {"application": application})
    with _Server((address, port), handler) as server:
        application.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield application
        server.shutdown()


@contextmanager
def name_server(answers: dict[str, str]) -> Iterator[int]:
    """A name server on 127.0.0.1 that answers A questions from ``answers`` as they are then; gives its port."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            octets, wire = self.request
            question = dns.message.from_wire(octets)
            asked = question.question[0]
            reply = dns.message.make_response(question)
            name = asked.name.to_text().rstrip(".")
            if name in answers and asked.rdtype == 1:
                reply.answer.append(dns.rrset.from_text(asked.name, 60, "IN", "A", answers[name]))
            wire.sendto(reply.to_wire(), self.client_address)

    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
