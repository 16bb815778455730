"""One client's connection to an application: kept open, opened anew where the name leads elsewhere or it broke."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

from citycloud.errors import CitycloudError
from citycloud.load.names import Names, NoAddress

CONNECT_LIMIT = 2.0
LARGEST = 64 << 20
"""Octets of an answer; more is cut off."""


class Refused(CitycloudError):
    """An attempt that came to nothing; whether it had an effect nobody knows."""


class Missing(CitycloudError):
    """The application answers that there is no such record."""


def context(authority: str | None, url: str) -> ssl.SSLContext | None:
    """For ``https``: certificates are checked, against the file ``authority`` where one is given."""
    return ssl.create_default_context(cafile=authority) if urlsplit(url).scheme == "https" else None


class Line:
    """Not for several threads at once. Times are seconds."""

    def __init__(self, url: str, names: Names, tls: ssl.SSLContext | None, timeout: float) -> None:
        self._place: SplitResult = urlsplit(url)
        self._names, self._tls, self._timeout = names, tls, timeout
        self._open: http.client.HTTPConnection | None = None
        self._address = ""
        self._failed = False

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def write(self, id_: str, value: str) -> None:
        """Returns if the application says that exactly this is written. Raises Refused."""
        status, answer = self._ask("POST", "", json.dumps({"id": id_, "value": value}).encode())
        if status not in (200, 201):
            raise Refused(f"HTTP {status}")
        if not isinstance(answer, dict) or (answer.get("id"), answer.get("value")) != (id_, value):
            raise Refused("the answer is not what was sent")

    def read(self, id_: str) -> str:
        """The value of a record. Raises Missing, or Refused."""
        status, answer = self._ask("GET", f"/{id_}")
        if status == 404:
            raise Missing(id_)
        if status != 200 or not isinstance(answer, dict) or not isinstance(answer.get("value"), str):
            raise Refused(f"HTTP {status}")
        return str(answer["value"])

    def page(self, run: str, after: str, limit: int) -> list[dict[str, Any]]:
        """Records of ``run`` with ids after ``after``, in order of id. Raises Refused."""
        status, answer = self._ask("GET", "?" + urlencode({"run": f"{run}-", "after": after, "limit": limit}))
        if status != 200 or not isinstance(answer, dict) or not isinstance(answer.get("records"), list):
            raise Refused(f"HTTP {status}")
        return [dict(record) for record in answer["records"]]

    def _ask(self, method: str, rest: str, body: bytes | None = None) -> tuple[int, object]:
        try:
            connection = self._connected()
            headers = {"Content-Type": "application/json"} if body else {}
            connection.request(method, self._place.path + rest, body=body, headers=headers)
            answer = connection.getresponse()
            content = answer.read(LARGEST)
            if answer.will_close or not answer.isclosed():
                self.close()
            self._failed = answer.status >= 500
            return answer.status, json.loads(content) if content else None
        except (OSError, http.client.HTTPException, NoAddress) as fault:
            self.close()
            self._failed = True
            raise Refused(f"{type(fault).__name__}: {fault}") from fault
        except ValueError as fault:
            raise Refused("the answer is not JSON") from fault

    def _connected(self) -> http.client.HTTPConnection:
        addresses = self._names.addresses(failed=self._failed)
        if self._open is not None and self._address in addresses:
            return self._open
        self.close()
        self._address = addresses[0]
        self._open = self._connect(self._address)
        return self._open

    def _connect(self, address: str) -> http.client.HTTPConnection:
        name = self._place.hostname or ""
        port = self._place.port or (443 if self._tls else 80)
        wire = socket.create_connection((address, port), timeout=min(CONNECT_LIMIT, self._timeout))
        wire.settimeout(self._timeout)
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = http.client.HTTPConnection(name, port, timeout=self._timeout)
        try:
            connection.sock = self._tls.wrap_socket(wire, server_hostname=name) if self._tls else wire
        except BaseException:
            wire.close()
            raise
        return connection
