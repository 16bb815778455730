"""Observations as values: one JSON form, faults told, several taken together, who talks to whom."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from migrate_cases import WHEN, captured

from citycloud.errors import BadInput
from citycloud.migrate.seen import (
    Connection,
    Observation,
    Sample,
    SeenHost,
    Use,
    from_json,
    merged,
    talks,
    to_json,
)


def host(id_: str, addresses: tuple[str, ...] = (), connections: tuple[Connection, ...] = ()) -> SeenHost:
    return SeenHost(id=id_, system="hydro", began=WHEN, ended=WHEN, addresses=addresses, connections=connections)


def seen(*hosts: SeenHost, later: int = 0) -> Observation:
    when = WHEN + timedelta(hours=later)
    return Observation(department="water", began=when, ended=when, hosts=hosts)


def test_what_is_written_is_read_again_and_written_the_same(tmp_path: Path) -> None:
    file = tmp_path / "seen.json"
    file.write_text(to_json(captured()))
    assert from_json(file) == captured()
    assert to_json(from_json(file)) == file.read_text()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not JSON"),
        ("[]", "not an Observation"),
        ('{"kind": "ipv6"}', "not an Observation"),
        ('{"kind": "migrate", "schema_version": 2}', "observe again"),
        ('{"kind": "migrate", "schema_version": 1, "department": "water"}', "began"),
    ],
)
def test_what_is_no_observation_is_refused_in_words(text: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "seen.json"
    file.write_text(text)
    with pytest.raises(BadInput, match=says):
        from_json(file)


def test_every_fault_of_an_altered_observation_is_told(tmp_path: Path) -> None:
    told = json.loads(to_json(captured()))
    told["hosts"][0]["ports"][0]["port"] = 70000
    told["hosts"][0]["colour"] = "red"
    file = tmp_path / "seen.json"
    file.write_text(json.dumps(told))
    with pytest.raises(BadInput) as refused:
        from_json(file)
    assert len(refused.value.findings) == 2


def test_a_missing_file_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="can't be read"):
        from_json(tmp_path / "nowhere.json")


def test_use_of_several_observations_counts_together_and_the_latest_look_holds() -> None:
    def used(cores: float, later: int) -> Observation:
        use = Use(
            began=WHEN + timedelta(hours=later),
            seconds=3600,
            samples=(Sample(at_seconds=1, cpu_cores=cores, memory_mib=1),),
        )
        addresses = (f"10.0.0.{later}",)
        return seen(host("aa", addresses).model_copy(update={"use": use}), later=later)

    both = merged([used(3.0, 2), used(1.0, 1)])
    assert both == merged([used(1.0, 1), used(3.0, 2)])
    assert both.hosts[0].addresses == ("10.0.0.2",)
    assert both.hosts[0].use is not None and both.hosts[0].use.seconds == 7200
    assert sorted(sample.cpu_cores for sample in both.hosts[0].use.samples) == [1.0, 3.0]
    assert merged([used(1.0, 1), used(1.0, 1)]).hosts[0].use == used(1.0, 1).hosts[0].use, "the same one counts once"


def test_observations_of_two_departments_are_not_taken_together() -> None:
    with pytest.raises(BadInput):
        merged([seen(), seen().model_copy(update={"department": "emergency"})])


@given(st.lists(st.floats(0, 64), min_size=1, max_size=50), st.integers(1, 100))
def test_a_percentile_is_a_measured_value_that_as_many_do_not_exceed(values: list[float], percent: int) -> None:
    samples = tuple(Sample(at_seconds=1, cpu_cores=value, memory_mib=0) for value in values)
    found = Use(began=WHEN, seconds=1, samples=samples).percentile(lambda one: one.cpu_cores, percent)
    assert found in values
    assert sum(value <= found for value in values) * 100 >= percent * len(values)
    assert sum(value < found for value in values) * 100 < percent * len(values)


def test_who_talks_to_whom_is_told_by_hosts_names_once_for_both_ends() -> None:
    web = host(
        "web", ("10.0.0.1",), (Connection(inbound=False, port=5432, peer="10.0.0.2", process="python3", sightings=3),)
    )
    db = host(
        "db",
        ("10.0.0.2",),
        (
            Connection(inbound=True, port=5432, peer="10.0.0.1", process="postgres", sightings=3),
            Connection(inbound=True, port=5432, peer="127.0.0.1", process="postgres", sightings=9),
            Connection(inbound=False, port=443, peer="192.0.2.7", sightings=1),
        ),
    )
    found = [(talk.source, talk.target, talk.port, talk.process) for talk in talks(seen(web, db))]
    assert found == [("db", "outside 192.0.2.7", 443, ""), ("web", "db", 5432, "postgres")]


def test_a_host_cannot_be_there_twice() -> None:
    with pytest.raises(ValueError, match="twice"):
        seen(host("aa"), host("aa"))
