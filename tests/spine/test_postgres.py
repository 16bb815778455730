"""The journal on PostgreSQL: a server that restarts, several workers, a runner's site that dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from clusters import Cluster
from trial_plans import Trial, every_sort, plan, step

from citycloud.drivers.fake import FarEnd, Put, PutOnHosts
from citycloud.journal import Journal, Settings, broken_links, connect
from citycloud.plan import Fleet, Plan
from citycloud.run.runner import Runner

HERE = Path(__file__).parent


class OnPostgres(Trial):
    """The trial, with the journal at ``url``."""

    def __init__(self, url: str) -> None:
        self.url = url

    def settings(self, directory: Path) -> Settings:
        return Settings(self.url, lease=5.0)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    found = Cluster()
    yield found
    found.remove()


@pytest.fixture
def trial(cluster: Cluster, request: pytest.FixtureRequest) -> OnPostgres:
    return OnPostgres(cluster.create(f"t{abs(hash(request.node.name))}"))


def worker(url: str, directory: Path, verb: str, plan_name: str = "") -> subprocess.Popen[str]:
    """A process of its own: a worker, or a runner of a plan of this file."""
    argv = [sys.executable, str(HERE / "test_postgres.py"), url, str(directory), verb, plan_name]
    return subprocess.Popen(argv, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait(timeout=30)
    if process.stdout is not None:
        process.stdout.close()


def until(what: Callable[[], bool], seconds: float = 120) -> None:
    limit = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < limit, "waited too long"
        time.sleep(0.1)


def hosts_plan() -> Plan:
    many = tuple(f"h{number}" for number in range(1, 25))
    action = PutOnHosts(name="x", seconds=0.4)
    return plan(step("ring/x", action, hosts=many, fleet=Fleet(batch=1, at_once=6)), subject="ring")


def slow_plan() -> Plan:
    limit = timedelta(minutes=3)
    return plan(
        step("a", Put(name="slow", parts=100, seconds=0.2), time_limit=limit), step("b", Put(name="b")), subject="slow"
    )


def ungated(directory: Path) -> Plan:
    whole = every_sort(directory)
    return whole.model_copy(update={"steps": tuple(each.model_copy(update={"gates": ()}) for each in whole.steps)})


def test_a_database_that_restarts_in_the_middle_of_a_step_does_not_end_the_run(
    cluster: Cluster, trial: OnPostgres, tmp_path: Path
) -> None:
    restarts: list[threading.Timer] = []

    def at(name: str) -> None:
        if name in ("water/seed: begun", "water/reverse: acted") and len(restarts) < 2:
            cluster.stop("immediate" if restarts else "fast")
            restarts.append(threading.Timer(2.0, cluster.start))
            restarts[-1].start()

    settings, setting = trial.setting(tmp_path, at)
    run = Runner(settings, setting).run(ungated(tmp_path))
    assert len(restarts) == 2
    assert set(trial.effects(tmp_path).values()) == {1}
    assert list(broken_links(setting.journal.entries(run))) == []


@pytest.mark.parametrize(
    "statement",
    ["UPDATE citycloud_journal SET what='x'", "DELETE FROM citycloud_journal", "TRUNCATE citycloud_journal"],
)
def test_the_journal_refuses_to_be_changed_on_postgresql_too(trial: OnPostgres, tmp_path: Path, statement: str) -> None:
    settings, setting = trial.setting(tmp_path)
    Runner(settings, setting).run(plan(step("a", Put(name="1"))))
    with psycopg.connect(trial.url) as connection, pytest.raises(psycopg.Error, match="append-only"):
        connection.execute(statement)


def test_several_workers_share_the_hosts_of_a_step_and_each_host_is_done_once(
    trial: OnPostgres, tmp_path: Path
) -> None:
    workers = [worker(trial.url, tmp_path, "work") for _ in range(2)]
    try:
        settings, setting = trial.setting(tmp_path)
        time.sleep(10)
        run = Runner(settings, setting).run(hosts_plan())
        by = {entry.by for entry in setting.journal.entries(run) if entry.what == "done"}
        assert len(by) >= 2, "only one process did all"
        assert trial.effects(tmp_path) == {f"+x@h{number}": 1 for number in range(1, 25)}
    finally:
        for each in workers:
            end(each)


def test_a_runner_that_dies_with_its_site_is_taken_over_by_a_worker_elsewhere(
    trial: OnPostgres, tmp_path: Path
) -> None:
    far = FarEnd(tmp_path / "far")
    runner = worker(trial.url, tmp_path, "run", "slow")
    until(lambda: len(far.lines()) >= 3)
    other = worker(trial.url, tmp_path, "work")
    try:
        time.sleep(6)
        assert runner.poll() is None, "a living runner is left alone"
        os.kill(runner.pid, signal.SIGKILL)
        journal = Journal(connect(trial.settings(tmp_path)))
        until(lambda: journal.runs()[0].state == "done")
        assert sorted(far.lines()) == sorted(["+b", *(f"+slow.{number}" for number in range(1, 101))])
    finally:
        end(other)
        end(runner)


def test_a_dead_worker_s_hosts_are_done_by_the_others(trial: OnPostgres, tmp_path: Path) -> None:
    first = worker(trial.url, tmp_path, "work")
    try:
        settings, setting = trial.setting(tmp_path)
        time.sleep(8)
        far = FarEnd(tmp_path / "far")

        def kill() -> None:
            until(lambda: len(far.lines()) >= 6)
            os.kill(first.pid, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        Runner(settings, setting).run(hosts_plan())
        killer.join(timeout=10)
        assert trial.effects(tmp_path) == {f"+x@h{number}": 1 for number in range(1, 25)}
    finally:
        end(first)


def main() -> None:
    """What :func:`worker` starts."""
    url, directory, verb, name = sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4]
    settings, setting = OnPostgres(url).setting(directory)
    if verb == "work":
        from citycloud.run.worker import work

        work(settings, setting)
    else:
        Runner(settings, setting).run({"slow": slow_plan, "hosts": hosts_plan}[name]())


if __name__ == "__main__":
    main()
