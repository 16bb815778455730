"""Outside commands: each with a time limit, none with a shell, failures in a person's words."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from citycloud.errors import CitycloudError


class CommandFailed(CitycloudError):
    """An outside command ended badly, could not start, or ran out of time (``code`` is None then)."""

    def __init__(self, argv: Sequence[str], code: int | None, output: str, why: str) -> None:
        self.argv, self.code, self.output = tuple(argv), code, output
        tail = "\n".join(output.strip().splitlines()[-15:])
        super().__init__(f"{argv[0]}: {why}" + (f"\n{tail}" if tail else ""))


def run(
    argv: Sequence[str],
    *,
    timeout: float,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    check: bool = True,
) -> subprocess.CompletedProcess[str]:
    """Run ``argv`` and give back what it printed; ``timeout`` in seconds. Secrets go in by ``stdin`` or ``env``.

    Raises CommandFailed when it cannot start, runs out of time, or (with ``check``) ends with another code than 0.
    """
    try:
        done = subprocess.run(
            list(argv), input=stdin, env=env, cwd=cwd, timeout=timeout, capture_output=True, text=True, check=False
        )
    except subprocess.TimeoutExpired as gone:
        seen = gone.output.decode(errors="replace") if isinstance(gone.output, bytes) else (gone.output or "")
        raise CommandFailed(argv, None, seen, f"no end after {timeout:g} s") from gone
    except OSError as fault:
        raise CommandFailed(argv, None, "", f"could not start: {fault.strerror}") from fault
    if check and done.returncode != 0:
        raise CommandFailed(argv, done.returncode, done.stdout + done.stderr, f"exit code {done.returncode}")
    return done
