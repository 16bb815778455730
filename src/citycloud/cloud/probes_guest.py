"""The program that probes run where packets start and end: Python 3.11's standard library, one file, no import of ours.

It is sent to an instance over SSH, and run here for the operators' host. ``listen`` opens ports for the time of the
probes, ``stop`` closes them, ``connect`` tries connections, all at once.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import sys
import threading
import time
from typing import Any

TOKEN = b"citycloud probe\n"
"""What a listener of ours says first, so that no other service is taken for it."""


def connect(address: str, port: int, seconds: float) -> tuple[str, float]:
    """How it went, and after how many seconds.

    ``answered`` (by our listener), ``accepted`` (by another service), ``refused``, ``timeout``, ``unreachable: why``.
    """
    began = time.monotonic()
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM) as line:
        line.settimeout(seconds)
        try:
            line.connect((address, port))
        except TimeoutError:
            return "timeout", time.monotonic() - began
        except ConnectionRefusedError:
            return "refused", time.monotonic() - began
        except OSError as fault:
            return f"unreachable: {fault.strerror}", time.monotonic() - began
        spent = time.monotonic() - began
        said = b""
        with contextlib.suppress(OSError):
            said = line.recv(len(TOKEN))
        return ("answered" if said == TOKEN else "accepted"), spent


def connect_all(tries: list[tuple[str, int]], seconds: float) -> list[tuple[str, float] | None]:
    """Outcomes of (address, port) tries, in their order, all tried at once; None for one that never ended."""
    found: list[tuple[str, float] | None] = [None] * len(tries)

    def one(index: int) -> None:
        found[index] = connect(*tries[index], seconds)

    threads = [threading.Thread(target=one, args=(index,), daemon=True) for index in range(len(tries))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * seconds + 5)
    return found


def listen(ports: list[int], seconds: int) -> dict[str, Any]:
    """Listen on both families, in a process of its own that ends after ``seconds`` whatever happens.

    Gives back its id, and the ports that another service holds already.
    """
    taken, sockets = [], []
    for port in ports:
        line = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        line.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        try:
            line.bind(("::", port))
        except OSError:
            line.close()
            taken.append(port)
            continue
        line.listen(64)
        sockets.append(line)
    child = os.fork()
    if child:
        return {"pid": child, "taken": taken}
    os.setsid()
    signal.alarm(seconds)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    _serve(sockets)
    os._exit(0)


def _serve(sockets: list[socket.socket]) -> None:
    while sockets:
        for line in select.select(sockets, [], [])[0]:
            caller, _ = line.accept()
            with contextlib.suppress(OSError):
                caller.sendall(TOKEN)
            caller.close()


def stop(process: int) -> str:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return "gone"
    with contextlib.suppress(ChildProcessError):
        os.waitpid(process, 0)
    return "stopped"


def main(verb: str, given: dict[str, Any]) -> object:
    if verb == "connect":
        return connect_all(given["tries"], given["seconds"])
    if verb == "listen":
        return listen(given["ports"], given["seconds"])
    return stop(given["pid"])


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], json.loads(sys.argv[2]))))
