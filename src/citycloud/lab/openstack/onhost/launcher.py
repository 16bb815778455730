"""On a controller: several services of one OpenStack project, forked from one process that imported what they share.

Each would import for three seconds and keep 100 MiB of its own otherwise. The names on the command line are services of
/etc/citycloud/services.json: ``{"<name>": {"project": PROJECT, "main": "module:function", "arguments": [...], "after":
[QUEUE, ...]}}``. A service waits until its queues are consumed; agents that start earlier lose their first call and
wait a minute before they make the next. When one service ends, all end, and systemd starts them again.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import random
import signal
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

TABLE = Path("/etc/citycloud/services.json")

Service: TypeAlias = dict[str, Any]


def loaded(service: Service) -> Callable[[], object]:
    """The service's main function; its module patches the standard library for eventlet, as it does by itself."""
    module, _, function = service["main"].partition(":")
    main: Callable[[], object] = getattr(importlib.import_module(module), function)
    return main


def become(name: str, service: Service, main: Callable[[], object]) -> NoReturn:
    """Be the service, in a fresh child. Ends with 1 when its main function returns or raises."""
    from eventlet import hubs  # type: ignore[import-not-found]

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    hubs.use_hub()  # the parent's would share one epoll descriptor among all
    random.seed()
    sys.argv = [f"/usr/bin/{name}", *service["arguments"]]
    try:
        if service["after"]:
            from .queues import wait

            wait(service["after"])
        main()
    except SystemExit as end:
        print(f"{name} ended: {end.code}", file=sys.stderr, flush=True)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(1)


def end(children: Iterable[int]) -> None:
    for child in children:
        try:
            os.kill(child, signal.SIGTERM)
        except ProcessLookupError:
            continue


def main(names: list[str]) -> int:
    table: dict[str, Service] = json.loads(TABLE.read_text())
    mains = {name: loaded(table[name]) for name in names}
    gc.collect()
    gc.freeze()  # collections in the children would copy what they share
    children: dict[int, str] = {}
    for name, function in mains.items():
        if (child := os.fork()) == 0:
            become(name, table[name], function)
        children[child] = name
    signal.signal(signal.SIGTERM, lambda *_: end(children))
    wait = _original_wait()
    ended, _ = wait()
    print(f"{children.get(ended, ended)} ended, so all of {', '.join(names)} do", file=sys.stderr, flush=True)
    end(set(children) - {ended})
    return 1


def _original_wait() -> Callable[[], tuple[int, int]]:
    """``os.wait`` as it was: eventlet's polls a hundred times a second."""
    from eventlet import patcher

    wait: Callable[[], tuple[int, int]] = patcher.original("os").wait
    return wait


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
