"""The ledger: acknowledged writes, one JSON line each, on disk before they count.

Lines of several clients go down with one fsync (group commit); each client waits for its own.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from citycloud.errors import CitycloudError
from citycloud.load.model import Ack


class LedgerBroken(CitycloudError):
    """The ledger can't be written any more: nothing counts from here on."""


class Ledger:
    """Appends to a new file; used by many threads. ``close`` it."""

    def __init__(self, path: Path) -> None:
        """Raises FileExistsError: a ledger is one load's."""
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        _sync_directory(path.parent)
        self._pending: list[bytes] = []
        self._changed = threading.Condition()
        self._taken = self.durable = 0
        """Lines taken in, and lines on disk."""
        self._fault: OSError | None = None
        self._closing = False
        self._writer = threading.Thread(target=self._write, name="ledger", daemon=True)
        self._writer.start()

    def put(self, ack: Ack) -> None:
        """Returns once the line is on disk. Raises LedgerBroken."""
        line = ack.model_dump_json().encode() + b"\n"
        with self._changed:
            if self._closing:
                raise LedgerBroken("the ledger is closed")
            self._pending.append(line)
            self._taken += 1
            mine = self._taken
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.durable >= mine or self._fault is not None)
            if self.durable < mine:
                raise LedgerBroken(f"the ledger can't be written: {self._fault}")

    def _write(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._pending or self._closing)
                if not self._pending:
                    return
                lines, self._pending = self._pending, []
            try:
                self._down(b"".join(lines))
            except OSError as fault:
                with self._changed:
                    self._fault = fault
                    self._changed.notify_all()
                return
            with self._changed:
                self.durable += len(lines)
                self._changed.notify_all()

    def _down(self, octets: bytes) -> None:
        while octets:
            octets = octets[os.write(self._handle, octets) :]
        os.fsync(self._handle)

    def close(self) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._writer.join(timeout=30)
        os.close(self._handle)


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_ledger(path: Path) -> Iterator[Ack]:
    """What a ledger holds. A last line that was cut off was never counted, and is left out.

    Raises CitycloudError for a line within that can't be read.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            try:
                yield Ack.model_validate_json(line)
            except ValidationError as fault:
                raise CitycloudError(f"{path}:{number}: not a line of a ledger") from fault
