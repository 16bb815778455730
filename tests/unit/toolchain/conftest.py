"""A machine of its own for each test: caches, Pulumi's home, sources and PATH in a directory that goes away."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from rich.console import Console

from citycloud.progress import Progress
from citycloud.toolchain import releases


def script(path: Path, text: str) -> Path:
    """Write an executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def archive(version: str = "3.259.0") -> bytes:
    """An archive as the official ones are: ``pulumi/pulumi`` and the language host beside it."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as tar:
        for name, text in (
            ("pulumi/pulumi", f"#!/bin/sh\necho v{version}\n"),
            ("pulumi/pulumi-language-python", "#!/bin/sh\n"),
            ("pulumi/filler", os.urandom(200_000).hex()),
        ):
            row = tarfile.TarInfo(name)
            row.size, row.mode = len(text.encode()), 0o755
            tar.addfile(row, io.BytesIO(text.encode()))
    return raw.getvalue()


@dataclass
class Shelf:
    """What the server gives out, and how: ``cuts`` answers end after half of what they promised."""

    content: bytes = b""
    cuts: int = 0
    ranges: bool = True
    asked: list[str] = field(default_factory=list)
    address: str = ""


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    """A release server on the loopback."""
    one = Shelf()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range", "") if one.ranges else ""
            one.asked.append(f"{self.path} {wanted}".strip())
            start = int(wanted.removeprefix("bytes=").rstrip("-") or 0) if wanted else 0
            body = one.content[start:]
            if wanted and not body:
                self.send_error(416)
                return
            self.send_response(206 if wanted else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            one.cuts, cut = max(one.cuts - 1, 0), one.cuts > 0
            self.wfile.write(body[: len(body) // 2] if cut else body)
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        one.address = f"http://127.0.0.1:{server.server_port}/sdk"
        yield one
        server.shutdown()
        thread.join()


@dataclass
class Machine:
    """Where things are on the machine of a test."""

    cache: Path
    sources: Path
    path: Path
    pulumi_home: Path
    said: io.StringIO = field(default_factory=io.StringIO)

    @property
    def progress(self) -> Progress:
        return Progress(console=Console(file=self.said, width=300))

    def releases(self, content: bytes, sha256: str | None = None) -> None:
        """Write the table: one archive for this machine, with its true hash if no other is given."""
        (self.sources / "releases.toml").write_text(
            '[engine]\nversion = "3.259.0"\naddress = "http://127.0.0.1:1/nothing-listens-here"\n'
            f"[engine.archives.{releases.platform_name()}]\n"
            'file = "pulumi-v3.259.0.tar.gz"\n'
            f'sha256 = "{hashlib.sha256(content).hexdigest() if sha256 is None else sha256}"\n'
        )


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    one = Machine(tmp_path / "cache", tmp_path / "sources", tmp_path / "path", tmp_path / "pulumi")
    for directory in (one.cache, one.sources / "engine", one.sources / "provider", one.path):
        directory.mkdir(parents=True)
    for module in ("engine", "provider"):
        (one.sources / module / "go.mod").write_text(f"module {module}\n\ngo 1.26\n")
    one.releases(b"", sha256="")
    monkeypatch.setenv("CITYCLOUD_CACHE", str(one.cache))
    monkeypatch.setenv("CITYCLOUD_TOOLCHAIN_SOURCES", str(one.sources))
    monkeypatch.setenv("PULUMI_HOME", str(one.pulumi_home))
    monkeypatch.setenv("PATH", os.pathsep.join([str(one.path), "/usr/bin", "/bin"]))
    monkeypatch.delenv("CITYCLOUD_PULUMI_RELEASES", raising=False)
    return one
