"""The little that the rooms' web applications share: requests to functions, values to JSON. Python 3.9 and later."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote

STATUS = {
    200: "200 OK",
    201: "201 Created",
    400: "400 Bad Request",
    404: "404 Not Found",
    503: "503 Service Unavailable",
}
LARGEST = 64 << 20
"""Octets of a request's body."""
Environ = Mapping[str, Any]
Answer = tuple[int, Any]


class Refused(Exception):
    """What the client is told: a status, and why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


def body(environ: Environ) -> bytes:
    """The request's body, in octets."""
    size = int(environ.get("CONTENT_LENGTH") or 0)
    if size > LARGEST:
        raise Refused(400, "too large")
    content: bytes = environ["wsgi.input"].read(size)
    return content


def given(environ: Environ) -> tuple[str, str]:
    """The request's body, a JSON object with the texts ``id`` and ``value``."""
    try:
        value = json.loads(body(environ).decode("utf-8"))
        return str(value["id"]), str(value["value"])
    except (ValueError, KeyError, TypeError) as fault:
        raise Refused(400, "a JSON object with id and value is wanted") from fault


def page(environ: Environ) -> tuple[str, str, int]:
    """What part of a list is asked for: prefix of the ids, the id after which it begins, how many."""
    query = parse_qs(environ.get("QUERY_STRING", ""))
    try:
        limit = min(int(query.get("limit", ["1000"])[0]), 5000)
    except ValueError as fault:
        raise Refused(400, "limit is a number") from fault
    return query.get("run", [""])[0], query.get("after", [""])[0], limit


def application(
    routes: Mapping[tuple[str, str], Callable[[Environ, str], Answer]],
) -> Callable[[Environ, Callable[..., Any]], list[bytes]]:
    """A WSGI application. ``routes``: (method, first part of the path) to a function of environ and the path's rest."""

    def serve(environ: Environ, start_response: Callable[..., Any]) -> list[bytes]:
        path = unquote(environ.get("PATH_INFO", "/").encode("latin-1").decode("utf-8", "replace"))
        first, _, rest = path.lstrip("/").partition("/")
        function = routes.get((environ["REQUEST_METHOD"], first))
        try:
            if function is None:
                raise Refused(404, "nothing is here")
            status, answer = function(environ, rest)
        except Refused as refused:
            status, answer = refused.status, {"error": refused.why}
        except Exception:
            traceback.print_exc(file=sys.stderr)
            status, answer = 503, {"error": "out of order"}
        if isinstance(answer, bytes):
            kind, content = "application/octet-stream", answer
        else:
            kind, content = "application/json; charset=utf-8", json.dumps(answer, ensure_ascii=False).encode("utf-8")
        start_response(STATUS[status], [("Content-Type", kind), ("Content-Length", str(len(content)))])
        return [content]

    return serve
