"""Python programs under our engine and language host, on a file backend, without a cloud."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from pulumi_project import Project

pytestmark = pytest.mark.toolchain

BOX = """
import pulumi

class Box(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("trial:Box", name)
        self.register_outputs({})

config = pulumi.Config()
Box("one")
pulumi.export("word", config.get("word"))
pulumi.export("pin", config.get_secret("pin"))
pulumi.export("where", [pulumi.get_project(), pulumi.get_stack(), pulumi.get_organization()])
"""


def test_up_preview_and_destroy_print_nothing_but_what_the_engine_says(project: Project) -> None:
    project.write(BOX)
    project.pulumi("stack", "init", "dev")
    first = project.pulumi("up", "--yes", "-s", "dev").stdout
    again = project.pulumi("preview", "-s", "dev", "--expect-no-changes").stdout
    gone = project.pulumi("destroy", "--yes", "-s", "dev").stdout
    assert "+ 2 created" in first
    assert "2 unchanged" in again
    assert "- 2 deleted" in gone
    for said in (first, again, gone):
        assert "Diagnostics" not in said
        assert "warning" not in said
        assert "pulumi-language-python" not in said


def test_config_and_secrets_reach_the_program_and_secrets_stay_secret(project: Project) -> None:
    project.write(BOX)
    project.pulumi("stack", "init", "dev")
    project.pulumi("config", "set", "word", "水利", "-s", "dev")
    project.pulumi("config", "set", "--secret", "pin", "opensesame", "-s", "dev")
    said = project.pulumi("up", "--yes", "-s", "dev").stdout
    assert project.outputs("dev", "--show-secrets")["pin"] == "opensesame"
    assert project.outputs("dev")["word"] == "水利"
    assert project.outputs("dev")["where"] == ["trial", "dev", "organization"]
    assert "[secret]" in said
    assert "opensesame" not in said + project.state() + (project.home / "Pulumi.dev.yaml").read_text()


def test_a_running_program_has_no_secret_in_its_arguments_or_environment(project: Project) -> None:
    project.write(
        "import pathlib, pulumi\n"
        "pin = pulumi.Config().require('pin')\n"
        "seen = b''.join(pathlib.Path(f'/proc/self/{name}').read_bytes() for name in ('cmdline', 'environ'))\n"
        "pulumi.export('seen', pin.encode() in seen)\n"
    )
    project.pulumi("stack", "init", "dev")
    project.pulumi("config", "set", "--secret", "pin", "opensesame", "-s", "dev")
    project.pulumi("up", "--yes", "-s", "dev")
    assert project.outputs("dev")["seen"] is False


def test_a_stack_reads_what_another_has_put_out(project: Project) -> None:
    project.write("import pulumi\npulumi.export('prefix', '2001:db8:1100::/48')\n", name="site")
    project.pulumi("stack", "init", "east")
    project.pulumi("up", "--yes", "-s", "east")
    other = Project(project.home.parent / "other", project.env)
    other.write(
        "import pulumi\n"
        "site = pulumi.StackReference('organization/site/east')\n"
        "pulumi.export('prefix', site.require_output('prefix').apply(lambda prefix: prefix.upper()))\n",
        name="department",
    )
    other.pulumi("stack", "init", "water")
    other.pulumi("up", "--yes", "-s", "water")
    assert other.outputs("water") == {"prefix": "2001:DB8:1100::/48"}


@pytest.mark.parametrize(
    ("program", "last", "frames"),
    [
        ("def deep():\n    raise ValueError('the dam is open')\ndeep()\n", "ValueError: the dam is open", 2),
        (
            "import pulumi\n"
            "def deep(one):\n    raise ValueError('the dam is open')\n"
            "pulumi.export('x', pulumi.Output.from_input(1).apply(deep))\n",
            "ValueError: the dam is open",
            1,
        ),
        ("import nowhere\n", "ModuleNotFoundError: No module named 'nowhere'", 1),
        ("def f(:\n", "SyntaxError: invalid syntax", 1),
    ],
    ids=["at once", "in an apply", "import", "syntax"],
)
def test_a_failing_program_shows_its_own_traceback_once_and_the_command_fails(
    project: Project, program: str, last: str, frames: int
) -> None:
    project.write(program)
    project.pulumi("stack", "init", "dev")
    failed = project.pulumi("up", "--yes", "-s", "dev", check=False)
    assert failed.returncode != 0
    assert failed.stdout.count(last) == 1
    told = failed.stdout.partition("Diagnostics:")[2]
    assert told.count('File "') == told.count(str(project.home / "__main__.py")) == frames


def test_a_program_that_exits_with_a_code_fails_with_that_code_told(project: Project) -> None:
    project.write("import sys\nsys.exit(3)\n")
    project.pulumi("stack", "init", "dev")
    failed = project.pulumi("preview", "-s", "dev", check=False)
    assert failed.returncode != 0
    assert "the program ended with exit code 3" in failed.stdout


@pytest.mark.parametrize("main", ["infra/", "infra/city.py"])
def test_the_program_may_be_a_directory_or_a_file_of_the_project_and_imports_its_neighbours(
    project: Project, main: str
) -> None:
    project.write(
        "import pulumi\n"
        "def late(_):\n    import neighbour\n    return neighbour.NAME\n"
        "pulumi.export('name', pulumi.Output.from_input(1).apply(late))\n",
        main=main,
    )
    (project.home / "infra" / "neighbour.py").write_text("NAME = 'next door'\n")
    project.pulumi("stack", "init", "dev")
    project.pulumi("up", "--yes", "-s", "dev")
    assert project.outputs("dev") == {"name": "next door"}


def test_what_a_program_prints_is_shown(project: Project) -> None:
    project.write("import sys\nprint('to the one side')\nprint('to the other', file=sys.stderr)\n")
    project.pulumi("stack", "init", "dev")
    said = project.pulumi("preview", "-s", "dev").stdout
    assert "to the one side" in said
    assert "to the other" in said


SLEEPER = "import os, pathlib, time\npathlib.Path('pid').write_text(str(os.getpid()))\ntime.sleep(120)\n"


def started(project: Project) -> tuple[subprocess.Popen[str], int]:
    """An ``up`` whose program runs, and that program's pid."""
    project.write(SLEEPER)
    project.pulumi("stack", "init", "dev")
    engine, deadline = project.start("up", "--yes", "--skip-preview", "-s", "dev"), time.monotonic() + 60
    while not (project.home / "pid").exists() or not (project.home / "pid").read_text():
        assert time.monotonic() < deadline and engine.poll() is None
        time.sleep(0.1)
    return engine, int((project.home / "pid").read_text())


def gone(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while Path(f"/proc/{pid}").exists():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_ctrl_c_ends_the_run_without_a_traceback_and_leaves_no_process_and_no_lock(project: Project) -> None:
    engine, program = started(project)
    host = parent(program)
    os.killpg(engine.pid, signal.SIGINT)
    said, _ = engine.communicate(timeout=30)
    assert engine.returncode != 0
    assert "Traceback" not in said
    assert "KeyboardInterrupt" not in said
    assert gone(program, 5) and gone(host, 5)
    project.write("")
    project.pulumi("up", "--yes", "-s", "dev")


def test_an_engine_that_is_killed_takes_host_and_program_with_it(project: Project) -> None:
    engine, program = started(project)
    host = parent(program)
    engine.kill()
    engine.communicate(timeout=10)
    assert gone(host, 15) and gone(program, 15)


def test_about_names_the_program_s_python_and_what_is_installed_in_it(project: Project) -> None:
    project.write(BOX)
    project.pulumi("stack", "init", "dev")
    said = project.pulumi("about").stdout
    assert str(project.home / ".venv" / "bin" / "python") in said
    assert "pulumi_openstack" in said or "pulumi-openstack" in said
    assert "warning" not in said


def test_a_virtualenv_that_is_not_there_is_told_and_nothing_else(project: Project) -> None:
    project.write(BOX, virtualenv="nowhere")
    project.pulumi("stack", "init", "dev")
    failed = project.pulumi("preview", "-s", "dev", check=False)
    assert failed.returncode != 0
    assert "nowhere has no Python" in failed.stdout
    assert "Traceback" not in failed.stdout


def test_a_program_with_the_openstack_sdk_finds_the_plugin_without_a_path(project: Project) -> None:
    project.write(
        "import pulumi, pulumi_openstack as openstack\n"
        "provider = openstack.Provider('east', auth_url='https://127.0.0.1:1/v3', user_name='nobody',\n"
        "                              password='nothing', tenant_name='none', delayed_auth=True)\n"
        "openstack.networking.Network('front', opts=pulumi.ResourceOptions(provider=provider))\n"
    )
    project.pulumi("stack", "init", "dev")
    said = project.pulumi("preview", "--diff", "-s", "dev").stdout
    assert "+ 3 to create" in said
    assert '"front-' in said, "a resource without a name is called after its Pulumi name"
