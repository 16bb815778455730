"""Stacks' outputs, read with the real Pulumi from a file backend of the test's own."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from citycloud import paths, proc
from citycloud.cloud.env import exports
from citycloud.drivers.stacks import outputs

pytestmark = pytest.mark.toolchain

STACK = "east-water"
TOLD = {"machines": {"hydro-web": {"name": "hydro-web.east.example", "ipv4": "10.0.0.1"}}}


def pulumi(project: Path, *words: str, stdin: str | None = None) -> str:
    env = {**os.environ, **exports()}
    return proc.run(["pulumi", *words], timeout=120, stdin=stdin, env=env, cwd=project).stdout


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose one stack says TOLD, as if a program had exported it."""
    monkeypatch.setenv("CITYCLOUD_HOME", str(tmp_path / "home"))
    paths.state().mkdir(parents=True)
    paths.passphrase_file().write_text("of a test\n")
    (tmp_path / "Pulumi.yaml").write_text("name: citycloud\nruntime: python\n")
    pulumi(tmp_path, "stack", "init", STACK)
    state = json.loads(pulumi(tmp_path, "stack", "export", "--stack", STACK))
    urn = f"urn:pulumi:{STACK}::citycloud::pulumi:pulumi:Stack::citycloud-{STACK}"
    resource = {"urn": urn, "custom": False, "type": "pulumi:pulumi:Stack", "outputs": TOLD}
    state["deployment"]["resources"] = [resource]
    pulumi(tmp_path, "stack", "import", "--stack", STACK, stdin=json.dumps(state))
    return tmp_path


def test_outputs_are_those_of_the_stacks_that_stand(project: Path) -> None:
    assert outputs(project, [STACK, "west-water"]) == {STACK: TOLD}


def test_a_stack_that_is_not_asked_for_is_not_read(project: Path) -> None:
    assert outputs(project, ["west-water"]) == {}


def test_a_pulumi_that_cannot_read_the_state_is_an_error_in_words(project: Path) -> None:
    (project / "Pulumi.yaml").write_text("no project at all")
    with pytest.raises(proc.CommandFailed, match="pulumi: exit code"):
        outputs(project, [STACK])
