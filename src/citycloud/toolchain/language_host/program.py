"""Run a Pulumi program. Started by the host as ``python program.py FD`` in the program's own Python.

FD is the reading end of a pipe with one JSON object (see ``Request``): configuration, secrets included, is neither in
the arguments nor in the environment. This file uses nothing but the standard library and the program's Pulumi SDK.

Ends with 0 when all went well, with ``TOLD`` when the program failed and the user was told why.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import runpy
import signal
import sys
import traceback
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, NoReturn, TypedDict

TOLD = 32


class Request(TypedDict):
    """What the host says to the program: who it is, what to run, where the engine listens."""

    project: str
    stack: str
    organization: str
    root: str
    parallel: int
    engine: str
    monitor: str
    preview: bool
    config: dict[str, str]
    secret_keys: list[str]
    program: str
    arguments: list[str]


def _read(descriptor: int) -> Request:
    with os.fdopen(descriptor, encoding="utf-8") as pipe:
        request: Request = json.load(pipe)
    return request


def _leave_quietly(signum: int, frame: FrameType | None) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(128 + signum)


_MACHINERY = ("<frozen ", runpy.__file__, os.path.dirname(asyncio.__file__) + os.sep, __file__)  # noqa: PTH120


def _own_frames(fault: BaseException) -> TracebackType | None:
    """The traceback from the program's first frame on: how we and the SDK came to it helps nobody.

    Without a frame of the program's the whole traceback is told, but for a program that can't even be read: where its
    fault is stands in the fault itself.
    """
    seen = fault.__traceback__
    while seen is not None:
        file = seen.tb_frame.f_code.co_filename
        if not file.startswith(_MACHINERY) and f"{os.sep}site-packages{os.sep}pulumi{os.sep}" not in file:
            return seen
        seen = seen.tb_next
    return None if isinstance(fault, SyntaxError) else fault.__traceback__


def _told(fault: BaseException) -> str:
    return "".join(traceback.format_exception(type(fault), fault, _own_frames(fault)))


def _configure(request: Request) -> None:
    import pulumi.runtime

    pulumi.runtime.settings.reset_options(
        project=request["project"],
        stack=request["stack"],
        root_directory=request["root"],
        parallel=request["parallel"],
        engine_address=request["engine"],
        monitor_address=request["monitor"],
        preview=request["preview"],
        organization=request["organization"],
    )
    pulumi.runtime.set_all_config(request["config"], request["secret_keys"])


def _main_of(request: Request) -> Callable[[], Any]:
    path = request["program"]
    sys.argv = [path, *request["arguments"]]
    sys.path[0] = path if os.path.isdir(path) else os.path.dirname(path)  # noqa: PTH112, PTH120
    return lambda: runpy.run_path(path, run_name="__main__") and None


def _run(request: Request) -> int:
    import pulumi

    _configure(request)
    # A program that fails leaves futures nobody waits for any more; that is no news to its author.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(_main_of(request)))
    except pulumi.RunError as fault:
        pulumi.log.error(str(fault))
        return TOLD
    except Exception as fault:
        pulumi.log.error(_told(fault))
        return TOLD
    return 0


def main() -> NoReturn:
    """Run the program that the pipe names, and end with its code."""
    signal.signal(signal.SIGINT, _leave_quietly)
    signal.signal(signal.SIGTERM, _leave_quietly)
    request = _read(int(sys.argv[1]))
    try:
        import pulumi  # noqa: F401
    except ImportError:
        sys.stderr.write(f"Pulumi's SDK is not installed in {sys.prefix}: install the program's requirements there\n")
        sys.exit(1)
    code = _run(request)
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads of gRPC may still be waiting for an engine that is done with us: don't wait for them.
    os._exit(code)


if __name__ == "__main__":
    main()
