"""Discovery as a whole: what is not to be had is told, nothing is taken for granted, collectors count rightly."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from migrate_cases import CAPTURED, WHEN, captured, chosen, move_of, quiet

from citycloud.errors import CitycloudError
from citycloud.migrate.choices import Source
from citycloud.migrate.discover import OpenSsh, Recorded, observe
from citycloud.migrate.discover.collectors import certificates, mariadb, mentions, programs, trees
from citycloud.migrate.discover.facts import FACTS, by_program
from citycloud.migrate.discover.reach import Unreachable
from citycloud.migrate.seen import Observation


def seen_of(folder: Path, *hosts: str, seconds: int = 12) -> Observation:
    water = chosen().of("water")
    assert water is not None
    move = move_of(sources=[{"id": host} for host in hosts])
    asked = water.model_copy(update={"moves": (move,)})
    reach = Recorded(folder, by_program())
    return observe(asked, reach, seconds=seconds, every=3, clock=lambda: WHEN, progress=quiet())


def test_a_host_that_lets_nobody_in_is_told_and_the_others_are_seen() -> None:
    seen = seen_of(CAPTURED, "new-web", "nowhere")
    assert [host.id for host in seen.hosts] == ["new-web"]
    assert [(one.host, one.fact) for one in seen.unseen] == [("nowhere", "host")]


def test_a_fact_that_cannot_be_had_is_told_and_the_rest_is_seen(tmp_path: Path) -> None:
    folder = tmp_path / "half"
    folder.mkdir()
    for file in (CAPTURED / "new-web").iterdir():
        if not file.name.startswith("services"):
            (folder / file.name).write_bytes(file.read_bytes())
    (folder / "packages.txt").write_text("no such thing\n")
    (folder / "trees.txt").write_text("Traceback ...\n")
    seen = seen_of(tmp_path, "half")
    assert {one.fact for one in seen.unseen} == {"services", "packages", "trees"}
    assert seen.hosts[0].ports and seen.hosts[0].os is not None


def test_without_measuring_each_fact_is_asked_once_and_no_rate_is_made_up() -> None:
    reach = Recorded(CAPTURED, by_program())
    water = chosen().of("water")
    assert water is not None
    asked = water.model_copy(update={"moves": (move_of(sources=[{"id": "old-db"}]),)})
    seen = observe(asked, reach, seconds=0, every=1, clock=lambda: WHEN, progress=quiet())
    assert len(reach.asked) == len(set(reach.asked)) == len(FACTS)
    assert seen.hosts[0].use is None
    assert all(one.seconds == 0 and one.commits_per_second == 0 for one in seen.hosts[0].databases)


def test_the_same_recordings_make_the_same_observation() -> None:
    assert seen_of(CAPTURED, "old-db") == seen_of(CAPTURED, "old-db")
    assert len(captured().hosts) == 1


def test_a_host_with_an_unknown_key_is_not_asked_anything(tmp_path: Path) -> None:
    """The client itself, to a port of ours that nobody listens on, and with an empty list of known keys."""
    known = tmp_path / "known_hosts"
    known.write_text("")
    reach = OpenSsh(known_hosts=known, identity=tmp_path / "no-key")
    source = Source(id="nobody", address="127.0.0.1", port=9)
    with pytest.raises(Unreachable):
        reach.run(source, "sh", "echo x", (), 5)
    reach.close((source,))


def test_a_client_that_is_not_there_is_told_in_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CitycloudError, match="could not start"):
        OpenSsh().run(Source(id="nobody"), "sh", "echo x", (), 5)


def test_every_collector_is_sent_whole_and_imports_nothing_of_ours() -> None:
    for fact in FACTS:
        assert len(fact.program) > 20
        assert "citycloud" not in fact.program.replace("the citycloud", ""), fact.name


def test_a_tree_is_counted_with_links_once_and_names_that_are_no_utf8(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 100)
    os.link(tmp_path / "a", tmp_path / "hard")
    (tmp_path / "soft").symlink_to("a")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xcb\xae\xbf\xe2")).write_bytes(b"y" * 7)
    old = tmp_path / "old"
    old.write_bytes(b"z" * 50)
    os.utime(old, (1, 1))
    began = time.time() + 1
    told = trees.Walk(str(tmp_path), began, since=began - 3600).go(seconds=10)
    assert (told["files"], told["links"], told["bytes"], told["largest_bytes"]) == (4, 1, 157, 100)
    assert (told["names_beyond_utf8"], told["hour_bytes"], told["since_bytes"]) == (1, 107, 107)


def test_a_walk_that_runs_out_of_time_says_so(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    assert trees.Walk(str(tmp_path), time.time() - 100, None).go(seconds=10)["unread"] == 1


def test_of_a_private_key_only_its_place_and_public_half_are_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from cryptography.hazmat.primitives.asymmetric import ed25519
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "web.key").write_bytes(key)
    certificates.main({"seconds": 10}, (str(tmp_path),))
    told = capsys.readouterr().out
    secret = "".join(key.decode().splitlines()[1:-1])
    assert secret not in told and "PRIVATE" not in told
    assert [one["path"] for one in json.loads(told)["keys"]] == [str(tmp_path / "web.key")]


LINES = (
    ("host = 10.1.2.3", [("10.1.2.3", 0, "host")], []),
    ('DB_URL="postgresql://gauges:pw@10.1.2.3:5432/x"', [("10.1.2.3", 5432, "")], [("postgresql", False)]),
    ("proxy_pass http://[2001:db8::5]:8080/;", [("2001:db8::5", 8080, "")], []),
    ("version = 1.2.3.4", [], []),
    ("listen 0.0.0.0:80", [], []),
    ("at 12:30:45 we met", [], []),
    ("password = 123456", [], [("password", True)]),
    ("password = ${DB_PASSWORD}", [], []),
    ("passwd:         files", [], []),
    ("api_key: 'abcdef'", [], [("api_key", False)]),
)


@pytest.mark.parametrize(("line", "addresses", "secrets"), LINES, ids=[line for line, _, _ in LINES])
def test_addresses_and_secrets_in_a_line(
    line: str, addresses: list[tuple[str, int, str]], secrets: list[tuple[str, bool]]
) -> None:
    found, hidden = mentions.in_line(line)
    assert [(a, p) for a, p, _ in found] == [(a, p) for a, p, _ in addresses]
    assert [name for *_, name in found] == [name for *_, name in addresses] or not addresses[0][2]
    assert hidden == secrets


def test_text_is_told_by_its_octets_and_not_by_what_it_says_of_itself() -> None:
    # UTF-8 is often valid GBK by chance, GBK hardly ever valid UTF-8
    values = ["水库".encode("gbk"), "水库".encode(), b"plain", b"\xff\xff"]
    assert mariadb.looks(values) == {"sampled": 4, "beyond_ascii": 3, "as_utf8": 1, "as_gbk": 2}


def test_a_program_is_told_by_its_head(tmp_path: Path) -> None:
    arm = tmp_path / "arm"
    arm.write_bytes(b"\x7fELF\x02\x01\x01" + b"\0" * 9 + b"\x02\x00\xb7\x00" + b"\0" * 60)
    assert programs.look(str(arm)) == {"path": str(arm), "kind": "elf", "arch": "aarch64", "bytes": 80}
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\n")
    assert programs.look(str(script)) is None
    assert programs.addresses(b"\0\x01peer=10.1.2.3:9100\0 999.1.1.1 127.0.0.1") == [("10.1.2.3", 9100)]
