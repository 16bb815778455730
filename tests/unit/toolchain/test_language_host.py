"""The language host's own parts, without an engine: `tests/toolchain` has the host at work."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from citycloud.toolchain import launcher
from citycloud.toolchain.language_host import interpreter, program
from citycloud.toolchain.language_host.server import _ended

from .conftest import script


def virtual(home: Path) -> Path:
    """Something that looks like a virtual environment; gives back its Python."""
    python = script(home / "bin" / "python", "exit 0")
    (home / "pyvenv.cfg").write_text("home = /usr/bin\n")
    return python


def test_the_virtualenv_option_is_relative_to_the_project(tmp_path: Path) -> None:
    python = virtual(tmp_path / "project" / ".venv")
    assert interpreter.python(tmp_path / "project", {"virtualenv": ".venv"}) == python


def test_a_virtualenv_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(interpreter.NoPython, match="nowhere has no Python"):
        interpreter.python(tmp_path, {"virtualenv": "nowhere"})


def test_without_the_option_the_python_on_path_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = script(tmp_path / "python3", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert interpreter.python(tmp_path, {}) == python


def test_a_program_in_a_virtual_environment_finds_its_programs_first(tmp_path: Path) -> None:
    python = virtual(tmp_path / ".venv")
    env = interpreter.environment(python)
    assert env["PATH"].startswith(f"{python.parent}:")
    assert env["VIRTUAL_ENV"] == str(tmp_path / ".venv")


def test_the_plugins_that_installed_packages_ask_for_are_found(tmp_path: Path) -> None:
    python = virtual(tmp_path / ".venv")
    packages = tmp_path / ".venv" / "lib" / "python3.11" / "site-packages"
    for name, text in (
        ("pulumi_openstack", '{"resource": true, "name": "openstack", "version": "5.5.3"}'),
        ("pulumi_odd", '{"resource": false}'),
        ("pulumi_own", '{"resource": true, "name": "own", "version": "v1.0.0", "server": "https://own.example"}'),
    ):
        (packages / name).mkdir(parents=True)
        (packages / name / "pulumi-plugin.json").write_text(text)
    assert list(interpreter.plugins(python)) == [
        ("openstack", "v5.5.3", ""),
        ("own", "v1.0.0", "https://own.example"),
    ]


def test_the_program_runner_needs_nothing_of_citycloud() -> None:
    source = Path(program.__file__).read_text()
    assert "citycloud" not in source.partition('"""')[2].partition('"""')[2]


def test_a_traceback_begins_with_the_programs_own_frame(tmp_path: Path) -> None:
    file = tmp_path / "__main__.py"
    file.write_text("def deep():\n    raise ValueError('the dam is open')\ndeep()\n")
    with pytest.raises(ValueError, match="dam") as seen:
        exec(compile(file.read_text(), str(file), "exec"), {})
    outer = seen.value.__traceback__
    assert outer and outer.tb_frame.f_code.co_filename == __file__
    # Our own frame stands for the machinery here.
    seen.value.__traceback__ = outer.tb_next
    lines = program._told(seen.value).splitlines()
    assert lines[1] == f'  File "{file}", line 3, in <module>'
    assert lines[-1] == "ValueError: the dam is open"


@pytest.mark.parametrize(
    ("code", "error", "bail"),
    [
        (0, "", False),
        (program.TOLD, "", True),
        (3, "the program ended with exit code 3", False),
        (-9, "the program was ended by signal 9", False),
    ],
)
def test_the_engine_is_told_how_a_program_ended_but_not_what_the_user_knows_already(
    code: int, error: str, bail: bool
) -> None:
    told = _ended(code)
    assert (told.error, told.bail) == (error, bail)


def test_the_launcher_says_so_when_its_python_is_gone(tmp_path: Path) -> None:
    gone = script(tmp_path / "launcher", "")
    gone.write_text(launcher.text(tmp_path / "no python here"))
    ended = subprocess.run([str(gone)], capture_output=True, text=True, timeout=10)
    assert ended.returncode == 1
    assert "run citycloud toolchain install" in ended.stderr


def test_the_launcher_is_written_once(tmp_path: Path) -> None:
    first = launcher.write(tmp_path)
    written = first.stat().st_ino
    assert launcher.write(tmp_path).stat().st_ino == written
    assert sys.executable in first.read_text()
    assert [file.name for file in tmp_path.iterdir()] == [first.name]
