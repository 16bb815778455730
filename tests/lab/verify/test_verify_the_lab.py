"""Verification of the running lab: all holds; each planted fault is caught by its check; afterwards all holds again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from plants import CITYCLOUD, PLANTS, Plant, World

from citycloud import paths, proc
from citycloud.city.load import load_city
from citycloud.cloud.requirements import Kind
from citycloud.cloud.requirements_cloud import clouds
from citycloud.cloud.verify_evidence import Sites
from citycloud.cloud.verify_instances import Instances
from citycloud.cloud.verify_names import Names

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]
ELSEWHERE = {Kind.API, Kind.APART, Kind.INSIDE_SIZE, Kind.INSIDE_VCPU}
"""Kinds whose faults are planted in what is declared or trusted, below, not in the lab."""


@dataclass(frozen=True)
class Told:
    """What ``citycloud verify --json`` said."""

    code: int
    results: dict[str, dict[str, Any]]
    page: Path

    def failed(self) -> dict[str, str]:
        return {id_: one["evidence"] for id_, one in self.results.items() if one["outcome"] in ("failed", "not-run")}


def verified(page: Path, *words: str) -> Told:
    done = proc.run([*CITYCLOUD, "verify", "--json", "--report", str(page), *words], timeout=600, check=False)
    assert done.returncode in (0, 1), done.stderr
    told = json.loads(done.stdout)
    results = {one["id"]: one for group in told["groups"] for one in group["results"]}
    return Told(done.returncode, results, page)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("verify")


@pytest.fixture(scope="module")
def standing(city_up: None, folder: Path) -> Told:
    """The city, verified before anything is planted."""
    return verified(folder / "before.html")


@pytest.fixture(scope="module")
def world(standing: Told) -> Iterator[World]:
    city = load_city(paths.city())
    instances = Instances(city, Sites(tuple(site.id for site in clouds(city))), Names(city))
    yield World(instances)
    instances.close()


@pytest.fixture(scope="module")
def planted(world: World, folder: Path) -> Told:
    """All faults at once, verified, and taken back."""
    with ExitStack() as stack:
        for plant in PLANTS:
            stack.enter_context(plant.make(world))
        return verified(folder / "planted.html")


@pytest.fixture(scope="module")
def restored(planted: Told, folder: Path) -> Told:
    return verified(folder / "after.html")


def test_the_city_stands_as_declared(standing: Told) -> None:
    assert standing.failed() == {}
    assert standing.code == 0


def test_what_cannot_be_proved_here_is_told_with_its_reason_and_not_counted_as_passed(standing: Told) -> None:
    unprovable = [one for one in standing.results.values() if one["outcome"] == "unprovable"]
    assert unprovable
    reasons = {"xinchuang": "capacity without guests", "inside-vcpu": "containers share all processors"}
    for one in unprovable:
        assert any(place in one["id"] and reason in one["evidence"]["en"] for place, reason in reasons.items()), one


def test_the_report_holds_no_secret_of_the_lab(standing: Told) -> None:
    secrets = [value for value in _strings(json.loads((paths.lab() / "secrets.json").read_text())) if len(value) > 5]
    assert secrets
    for path in (standing.page, standing.page.with_suffix(".json")):
        text = path.read_text(encoding="utf-8")
        assert [secret for secret in secrets if secret in text] == []


@pytest.mark.parametrize("plant", PLANTS, ids=[plant.name for plant in PLANTS])
def test_a_planted_fault_is_caught(plant: Plant, planted: Told) -> None:
    failed = planted.failed()
    for requirement, words in plant.caught.items():
        assert requirement in failed, f"{requirement} was not caught"
        assert words in failed[requirement]


def test_a_planted_fault_fails_nothing_that_it_does_not_touch(planted: Told) -> None:
    assert planted.code == 1
    caught = {id_ for plant in PLANTS for id_ in plant.caught}
    touched = ("bright-eyes", "hydro", "oa", "spatial-base", "east/east-", "police")
    assert {id_ for id_ in planted.failed() if id_ not in caught and not any(word in id_ for word in touched)} == set()


def test_once_taken_back_all_holds_again(restored: Told) -> None:
    assert restored.failed() == {}


def test_every_kind_of_check_has_a_planted_fault() -> None:
    planted_kinds = {id_.partition("/")[0] for plant in PLANTS for id_ in plant.caught}
    assert planted_kinds | {str(kind) for kind in ELSEWHERE} == {str(kind) for kind in Kind}


def test_an_api_whose_certificate_is_not_the_labs_is_caught(
    standing: Told, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = folder / "lab"
    other.mkdir()
    made = [
        "-newkey",
        "ed25519",
        "-nodes",
        "-keyout",
        "/dev/null",
        "-subj",
        "/CN=planted",
        "-out",
        str(other / "ca.pem"),
    ]
    proc.run(["openssl", "req", "-x509", *made], timeout=30)
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(paths.clouds_yaml()))
    monkeypatch.setenv("CITYCLOUD_LAB", str(other))
    failed = verified(folder / "tls.html", "--only", "api").failed()
    assert len(failed) == 24
    assert all("certificate verify failed" in evidence for evidence in failed.values())


def test_a_machine_of_another_size_than_declared_is_caught(standing: Told, folder: Path) -> None:
    """Planted in the declaration: one that asks for more than what stands."""
    city = Path(copytree(paths.city(), folder / "larger"))
    _rewrite(
        city / "machines.csv",
        (
            "hydro-files,hydro,files,10,government-public,qemu,1,1,",
            "hydro-files,hydro,files,10,government-public,qemu,2,2,",
        ),
        ("oa-db,oa,db,11,department-only,none,8,16,", "oa-db,oa,db,11,department-only,none,7,15,"),
    )
    failed = _verified_city(folder, city, "inside-size", "inside-vcpu", "server")
    assert "memory is" in failed["inside-size/east/hydro-files"]
    assert "vCPU: is 1, should be 2" in failed["inside-vcpu/east/hydro-files"]
    assert "vcpus is 1, should be 2" in failed["server/west/hydro-files"]


def test_two_machines_on_one_host_that_should_stand_apart_are_caught(standing: Told, folder: Path) -> None:
    """Planted in the declaration: a system's machines stand in for each other, and their zone has a second host."""
    city = Path(copytree(paths.city(), folder / "apart"))
    after, one = "\n  - id: west\n", "{vcpu: 2322, memory_gib: 2432, storage_gib: 49792}"
    two = """{vcpu: 2321, memory_gib: 2431, storage_gib: 49791}
          - {id: east-x2, guests: none, arch: aarch64, capacity: {vcpu: 1, memory_gib: 1, storage_gib: 1}}"""
    _rewrite(city / "sites.yaml", (one + after, two + after))
    _rewrite(
        city / "machines.csv",
        ("e-seal-web,e-seal,web,", "e-seal-web,e-seal,all,"),
        ("e-seal-db,e-seal,db,", "e-seal-db,e-seal,all,"),
    )
    failed = _verified_city(folder, city, "apart")
    seen = "seen: e-seal-web on east-x1, e-seal-db on east-x1"
    assert failed["apart/east/e-seal-all"] == f"number of hosts: is 1, should be 2\n{seen}"


def _rewrite(file: Path, *changes: tuple[str, str]) -> None:
    text = file.read_text(encoding="utf-8")
    for before, after in changes:
        assert text.count(before) == 1
        text = text.replace(before, after)
    file.write_text(text, encoding="utf-8")


def _verified_city(folder: Path, city: Path, *kinds: str) -> dict[str, str]:
    only = [word for kind in kinds for word in ("--only", kind)]
    return verified(folder / f"{city.name}.html", str(city), *only).failed()


def _strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return [one for each in value.values() for one in _strings(each)]
    if isinstance(value, list):
        return [one for each in value for one in _strings(each)]
    return [value] if isinstance(value, str) else []
