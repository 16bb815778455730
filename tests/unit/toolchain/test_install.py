"""Which engine, provider and language host are chosen, in which order; what is left when a choice fails."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from citycloud.errors import CitycloudError
from citycloud.toolchain import build, cli, install, launcher, places
from citycloud.toolchain.build import Recipe
from citycloud.toolchain.model import Origin
from citycloud.toolchain.status import status

from .conftest import Machine, Shelf, archive, script


@pytest.fixture(autouse=True)
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A builder that writes a script instead of calling Go; gives back the programs it was asked for."""
    asked: list[str] = []

    def fake(go: Path, recipe: Recipe, output: Path, progress: object) -> None:
        asked.append(recipe.program)
        script(output, "echo v3.259.0")

    monkeypatch.setattr(build, "_go_build", fake)
    monkeypatch.setattr(build.golang, "find", lambda module, say: Path("/bin/true"))
    monkeypatch.setattr(build.golang, "version", lambda go: "go1.26.8")
    return asked


def test_a_new_enough_pulumi_on_path_is_used(machine: Machine, built: list[str]) -> None:
    there = script(machine.path / "pulumi", "echo v3.260.1")
    engine = install.ensure(machine.progress).engine
    assert (engine.origin, engine.version, engine.path) == (Origin.FOUND, "3.260.1", there)
    assert (places.bin_dir() / "pulumi").readlink() == there
    assert built == [places.PROVIDER]


@pytest.mark.parametrize("says", ["echo v3.258.9", "echo nonsense", "exit 1"])
def test_an_older_or_odd_pulumi_on_path_is_left_alone_and_not_used(
    machine: Machine, built: list[str], says: str
) -> None:
    script(machine.path / "pulumi", says)
    assert install.ensure(machine.progress).engine.origin is Origin.BUILT
    assert "pulumi" in built


def test_our_own_bin_on_path_is_not_taken_for_somebody_elses(
    machine: Machine, built: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    install.ensure(machine.progress)
    monkeypatch.setenv("PATH", os.pathsep.join([str(places.bin_dir()), os.environ["PATH"]]))
    assert install.ensure(machine.progress).engine.origin is Origin.BUILT


def test_an_official_release_comes_before_a_build(
    machine: Machine, shelf: Shelf, built: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.content = archive()
    machine.releases(shelf.content)
    monkeypatch.setenv("CITYCLOUD_PULUMI_RELEASES", shelf.address)
    toolchain = install.ensure(machine.progress)
    assert toolchain.engine.origin is Origin.RELEASE
    assert toolchain.language_host.origin is Origin.FOUND
    assert built == [places.PROVIDER]
    install.ensure(machine.progress)
    assert len(shelf.asked) == 1


@pytest.mark.parametrize(
    ("prepare", "why"),
    [
        (lambda machine, shelf: machine.releases(b"another file"), "thrown away"),
        (lambda machine, shelf: setattr(shelf, "cuts", 9), "could not be fetched"),
    ],
    ids=["wrong hash", "cut off"],
)
def test_a_release_that_fails_is_told_leaves_nothing_half_installed_and_is_built_instead(
    machine: Machine,
    shelf: Shelf,
    built: list[str],
    monkeypatch: pytest.MonkeyPatch,
    prepare: Callable[[Machine, Shelf], None],
    why: str,
) -> None:
    shelf.content = archive()
    machine.releases(shelf.content)
    prepare(machine, shelf)
    monkeypatch.setenv("CITYCLOUD_PULUMI_RELEASES", shelf.address)
    assert install.ensure(machine.progress).engine.origin is Origin.BUILT
    assert why in machine.said.getvalue()
    assert not install.released_home().exists()


def test_a_release_without_a_known_hash_is_built_and_nothing_is_asked_for(
    machine: Machine, shelf: Shelf, built: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITYCLOUD_PULUMI_RELEASES", shelf.address)
    assert install.ensure(machine.progress).engine.origin is Origin.BUILT
    assert shelf.asked == []


def test_a_second_install_builds_nothing(machine: Machine, built: list[str]) -> None:
    first = install.ensure(machine.progress)
    assert install.ensure(machine.progress) == first
    assert built == ["pulumi", places.PROVIDER]


def test_another_source_is_another_build_and_the_plugin_is_replaced(machine: Machine, built: list[str]) -> None:
    install.ensure(machine.progress)
    (machine.sources / "provider" / "main.go").write_text("package main\n")
    before = (places.plugin_dir() / "citycloud.key").read_text()
    install.ensure(machine.progress)
    assert built == ["pulumi", places.PROVIDER, places.PROVIDER]
    assert (places.plugin_dir() / "citycloud.key").read_text() != before


def test_a_plugin_that_is_not_ours_stays_and_is_used(machine: Machine, built: list[str]) -> None:
    official = script(places.plugin_dir() / places.PROVIDER, "echo official")
    provider = install.ensure(machine.progress).provider
    assert (provider.origin, provider.path) == (Origin.FOUND, official)
    assert "official" in official.read_text()
    assert places.PROVIDER not in built


def test_a_plugin_whose_installation_was_killed_is_ours_and_is_put_right(machine: Machine, built: list[str]) -> None:
    script(places.plugin_dir() / places.PROVIDER, "echo half")
    (places.plugin_dir() / "citycloud.key").write_text("installing")
    install.ensure(machine.progress)
    assert "half" not in (places.plugin_dir() / places.PROVIDER).read_text()


def test_our_language_host_lies_beside_the_real_engine_so_that_the_engine_does_not_warn(
    machine: Machine, built: list[str]
) -> None:
    toolchain = install.ensure(machine.progress)
    host, engine = toolchain.language_host.path, (places.bin_dir() / "pulumi").resolve()
    assert toolchain.language_host.origin is Origin.OURS
    assert host and host.parent == engine.parent
    assert launcher.is_ours(host)


def test_an_official_language_host_beside_the_engine_is_used(machine: Machine, built: list[str]) -> None:
    script(machine.path / "pulumi", "echo v3.260.1")
    official = script(machine.path / places.LANGUAGE_HOST, "exit 0")
    assert install.ensure(machine.progress).language_host.path == official


def test_a_build_that_fails_leaves_nothing_behind(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(go: Path, recipe: Recipe, output: Path, progress: object) -> None:
        output.write_text("half")
        raise build.BuildFailed("no room")

    monkeypatch.setattr(build, "_go_build", fail)
    with pytest.raises(CitycloudError, match="no room"):
        install.ensure(machine.progress)
    assert sorted(file.name for file in places.root().iterdir()) == ["lock"]


def test_what_a_killed_builder_left_is_cleared_by_the_next(machine: Machine, built: list[str]) -> None:
    (places.root() / ".building-dead").mkdir(parents=True)
    install.ensure(machine.progress)
    assert list(places.root().glob(".building-*")) == []


def test_only_the_last_builds_of_each_program_are_kept(machine: Machine, built: list[str]) -> None:
    for module in ("provider", "engine"):
        for number in range(build.KEPT + 2):
            (machine.sources / module / "main.go").write_text(f"package main // {number}\n")
            install.ensure(machine.progress)
    assert len(list(places.root().glob(f"{places.PROVIDER}-*"))) == build.KEPT
    assert len(list(places.root().glob("pulumi-[0-9a-f]*"))) == build.KEPT
    assert build.kept(build.PROVIDER) and build.kept(build.ENGINE)


def test_status_names_what_is_missing_and_changes_nothing(machine: Machine) -> None:
    assert not status().whole
    assert not places.root().exists()


def test_status_after_an_install_is_what_was_installed(machine: Machine, built: list[str]) -> None:
    installed = install.ensure(machine.progress)
    assert status() == installed
    assert status().as_json()["whole"] is True


def test_the_command_shows_what_is_used_as_text_and_as_json(machine: Machine, built: list[str]) -> None:
    missing = CliRunner().invoke(cli.app, ["status"])
    assert (missing.exit_code, "citycloud toolchain install" in missing.output) == (1, True)
    assert CliRunner().invoke(cli.app, ["install"]).exit_code == 0
    told = json.loads(CliRunner().invoke(cli.app, ["status", "--json"]).output)
    assert [part["origin"] for part in told["parts"]] == ["built", "built", "ours"]
