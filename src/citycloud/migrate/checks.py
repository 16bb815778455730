"""What must hold of a move, as plain test functions over hosts: each looks for itself, whatever the actions believe."""

from __future__ import annotations

import shlex
from collections.abc import Callable

from testinfra.host import Host  # type: ignore[import-untyped]

Saw = Callable[[str], None]


def psql(host: Host, database: str, sql: str) -> str:
    """What PostgreSQL's superuser is answered on the host itself. Raises AssertionError with its own words."""
    words = f"-XqtAv ON_ERROR_STOP=1 -d {shlex.quote(database)} -c {shlex.quote(sql)}"
    command = f"cd / && runuser -u postgres -- psql {words}"
    done = host.run(command)
    assert done.rc == 0, f"{sql}: {done.stderr.strip()}"
    return str(done.stdout).strip()


def test_source_takes_no_writes(host: Host, database: str, saw: Saw) -> None:
    setting = (
        "SELECT array_to_string(setconfig, chr(44)) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = setdatabase"
    )
    found = psql(host, "postgres", f"{setting} WHERE setrole = 0 AND datname = '{database}'")
    saw(f"{database}: {found or 'no settings'}")
    assert "default_transaction_read_only=on" in found, "the source still takes writes"


def test_target_was_compared(host: Host, database: str, saw: Saw) -> None:
    said = psql(host, database, "SELECT said FROM citycloud_move.marker WHERE name = 'compared' AND n = 1")
    saw(said or "no comparison is on record")
    assert said.endswith("are equal"), "source and target were not found equal"


def test_answers(host: Host, url: str, saw: Saw, must_say: str = "") -> None:
    """The application answers on its own host, so that no way in between is proved by it."""
    done = host.run(f"python3 -c {shlex.quote(_ASK)} {shlex.quote(url)}")
    saw(f"{url}: {done.stdout.strip()[:300] or done.stderr.strip()[-300:]}")
    assert done.rc == 0, "it does not answer"
    assert must_say in done.stdout, f"it does not say {must_say}"


_ASK = """
import ssl, sys, urllib.request
context = ssl._create_unverified_context() if sys.argv[1].startswith("https") else None
with urllib.request.urlopen(sys.argv[1], timeout=10, context=context) as answer:
    print(answer.status, answer.read(2000).decode())
"""


def test_runs(host: Host, unit: str, saw: Saw) -> None:
    state = host.run(f"systemctl is-active {shlex.quote(unit)}").stdout.strip()
    saw(f"{unit}: {state}")
    assert state == "active", f"{unit} does not run"


def test_tree_is_there(host: Host, tree: str, saw: Saw) -> None:
    found = host.run(f"find {shlex.quote(tree)} -type f | wc -l").stdout.strip()
    saw(f"{tree}: {found} files")
    assert found != "0", f"{tree} holds nothing"
