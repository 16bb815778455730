"""A PostgreSQL cluster of a test's own: in a temporary directory, on a unix socket, run as Debian's user postgres.

`make bootstrap` installs PostgreSQL. Where it is missing, or we are not root, its tests fail: they are never skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

BIN = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), Path("/usr/lib/postgresql/15/bin"))
LIMIT = 120


class Cluster:
    """Started when made."""

    def __init__(self) -> None:
        assert (BIN / "initdb").exists(), "PostgreSQL is not installed: make bootstrap"
        assert os.geteuid() == 0, "a cluster is run as Debian's user postgres: only root may do so"
        self.directory = Path(tempfile.mkdtemp(prefix="spine-pg-"))
        shutil.chown(self.directory, "postgres", "postgres")
        self.directory.chmod(0o755)
        self.data = self.directory / "data"
        self._run("initdb", "-D", str(self.data), "-A", "trust", "-U", "postgres", "--no-sync")
        with (self.data / "postgresql.conf").open("a") as out:
            out.write(f"listen_addresses=''\nunix_socket_directories='{self.directory}'\nmax_connections=200\n")
        self.start()

    def _run(self, program: str, *arguments: str) -> None:
        argv = [str(BIN / program), *arguments]
        done = subprocess.run(
            argv, user="postgres", group="postgres", cwd="/", timeout=LIMIT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self) -> None:
        self._run("pg_ctl", "-D", str(self.data), "-w", "-l", str(self.directory / "log"), "start")

    def stop(self, mode: str = "fast") -> None:
        self._run("pg_ctl", "-D", str(self.data), "-w", "-m", mode, "stop")

    def create(self, name: str) -> str:
        """A new database; its URL."""
        self._run("createdb", "-h", str(self.directory), "-U", "postgres", name)
        return f"postgresql:///{name}?host={self.directory}&user=postgres"

    def remove(self) -> None:
        if (self.data / "postmaster.pid").exists():
            self.stop("immediate")
        shutil.rmtree(self.directory)
