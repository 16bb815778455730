"""dbos in this process: the durable workflows that go through a Run's steps, and the queues of steps over many hosts.

A workflow's steps are recorded as they end. When its process dies, whoever finds that out puts the workflow back into
its queue; there exactly one process gets it, and goes on behind the last step recorded.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from typing import Any, cast

import psycopg
import sqlalchemy as sa
from dbos import DBOS, DBOSConfig, SetWorkflowID
from sqlalchemy.exc import SQLAlchemyError

from citycloud.journal import Broken, Settings
from citycloud.journal.database import PATIENCE
from citycloud.journal.lease import Lease, Lost, hold
from citycloud.plan.model import Plan, Step
from citycloud.run.jobs import Jobs, Outcome

VERSION = "1"
"""Of the workflows below: raise it when what they do at each step changes, and no Run may be open then."""
POLL = 0.1
"""Seconds between looks into a queue of hosts, and at a workflow elsewhere whose end is waited for."""
RARE = 0.5
"""Seconds between looks into a Run's own queue, which is used only when its runner has died."""
AWAY = (SQLAlchemyError, psycopg.Error)
"""What is raised while the journal's database is away."""
QUIET = logging.CRITICAL + 1


def queue_of(run: str, step: Step | None = None) -> str:
    """The queue of a Run's own workflow, or of a step's batches: steps with the same limits share one."""
    if step is None:
        return f"citycloud-{run}"
    fleet = step.fleet
    return f"citycloud-{run}-{fleet.at_once if fleet else 1}-{(fleet.per_minute if fleet else None) or 'any'}"


def queues_of(run: str, plan: Plan) -> list[str]:
    return list(dict.fromkeys([queue_of(run), *(queue_of(run, step) for step in plan.steps if step.hosts)]))


class Engine:
    """Launched when made. One in a process at a time, for dbos is a singleton."""

    def __init__(self, settings: Settings, jobs: Jobs, lost: Lost, listen: Iterable[str] | None = None) -> None:
        """``listen``: the queues that this process works for; None for all. Raises dbos's and SQLAlchemy's errors."""
        self.name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self.jobs, self._settings = jobs, settings
        logging.getLogger("dbos").setLevel(QUIET)
        DBOS.destroy(destroy_registry=True)
        self._dbos = DBOS(config=_config(settings, self.name))
        self._conduct, self._batch = self._workflows()
        if listen is not None:
            DBOS.listen_queues(list(listen))
        self.lease: Lease = hold(settings, self.name, lost, self._still_mine)
        self._here: dict[str, Future[Any] | None] = {}
        DBOS.launch()

    def _workflows(self) -> tuple[Callable[..., Outcome], Callable[..., Outcome]]:
        """Registered with dbos, which knows functions only, and no methods."""

        @DBOS.workflow(name="citycloud-conduct", max_recovery_attempts=None)
        def conduct(run: str, what: str, todo: list[str]) -> Outcome:
            return self._conducted(run, what, todo)

        @DBOS.workflow(name="citycloud-batch", max_recovery_attempts=None)
        def batch(run: str, step: str, hosts: list[str], what: str) -> Outcome:
            return DBOS.run_step({"name": step}, self.jobs.batch, run, step, hosts, what)

        return conduct, batch

    def _conducted(self, run: str, what: str, todo: list[str]) -> Outcome:
        """The workflow of one attempt. What it does depends on its arguments, the plan and recorded outcomes only."""
        for step in todo:
            if self.jobs.over_hosts(run, step):
                outcome = self._over_hosts(run, step, what)
            else:
                outcome = DBOS.run_step({"name": step}, self.jobs.step, run, step, what)
            if outcome["state"] != "done":
                return outcome
        return DBOS.run_step({"name": "close"}, self.jobs.close, run, what)

    def _over_hosts(self, run: str, step: str, what: str) -> Outcome:
        first = DBOS.run_step({"name": f"{step}: may begin"}, self.jobs.before, run, step, what)
        if first["state"] != "go":
            return first
        queue = queue_of(run, self.jobs.context(run).plan.step(step))
        handles = [DBOS.enqueue_workflow(queue, self._batch, run, step, hosts, what) for hosts in first["batches"]]
        for handle in handles:
            handle.get_result(polling_interval_sec=POLL)
        return DBOS.run_step({"name": f"{step}: came out"}, self.jobs.after, run, step, what)

    def prepare(self, run: str, plan: Plan) -> None:
        """Make the Run's queues."""
        DBOS.register_queue(queue_of(run), polling_interval_sec=RARE, on_conflict="always_update")
        for step in plan.steps:
            if step.hosts:
                rate = step.fleet.per_minute if step.fleet else None
                DBOS.register_queue(
                    queue_of(run, step),
                    global_concurrency=step.fleet.at_once if step.fleet else 1,
                    limiter={"limit": rate, "period": 60.0} if rate else None,
                    polling_interval_sec=POLL,
                    on_conflict="always_update",
                )

    def tidy(self, run: str, plan: Plan) -> None:
        """Remove the queues of a Run that has ended."""
        for name in queues_of(run, plan):
            DBOS.delete_queue(name)

    def start(self, workflow: str, run: str, what: str, todo: list[str]) -> bool:
        """Start a workflow here; False if another process was quicker."""
        with SetWorkflowID(workflow):
            handle = DBOS.start_workflow(self._conduct, run, what, todo)
        # what runs here says by itself that it has ended; elsewhere the database has to be asked
        self._here[workflow] = getattr(handle, "future", None)
        return self.executor(workflow) == self.name

    def status(self, workflow: str) -> str:
        """``PENDING``, ``ENQUEUED``, ``SUCCESS``, ``ERROR``, ``CANCELLED``; "" where there is none."""
        found = DBOS.get_workflow_status(workflow) if workflow else None
        return str(found.status) if found is not None else ""

    def executor(self, workflow: str) -> str:
        """The process that executes it, or did last."""
        found = DBOS.get_workflow_status(workflow)
        return str(found.executor_id) if found is not None else ""

    def recover(self, run: str, workflow: str) -> int:
        """Put those of a Run's workflows whose process is dead back into their queues; how many there were.

        Two may do this at once: each workflow goes back once.
        """
        count = 0
        for each in DBOS.list_workflows(workflow_id_prefix=workflow, status="PENDING", load_input=False):
            dead = str(each.executor_id)
            if dead != self.name and not self.lease.alive(dead):
                # dbos has this for all workflows of an executor only; others' runs are none of ours
                count += self._dbos._sys_db.reenqueue_for_recovery(each.workflow_id, [dead], queue_of(run))
        return count

    def abandon(self, workflow: str) -> str:
        """Give up a workflow whose runner is dead, for good; "" when that is done, or who is still at a part of it."""
        waiting = DBOS.list_workflows(workflow_id_prefix=workflow, status="ENQUEUED", load_input=False)
        DBOS.cancel_workflows([each.workflow_id for each in waiting])
        begun = DBOS.list_workflows(workflow_id_prefix=workflow, status="PENDING", load_input=False)
        for each in begun:
            if self.lease.alive(str(each.executor_id)):
                return str(each.executor_id)
        DBOS.cancel_workflows([each.workflow_id for each in begun])
        return ""

    def _still_mine(self) -> bool:
        """Whether no workflow that is executed here has been taken over by another process."""
        active = self._dbos._active_workflows_set.activeList()
        with contextlib.suppress(SQLAlchemyError):
            return all(self.executor(workflow) in ("", self.name) for workflow in active)
        return False

    def wait(self, workflow: str, run: str, look: Callable[[], None] = lambda: None) -> Outcome:
        """The outcome, when the workflow has ended; ``look`` is called every second or so. Raises the jobs' Broken."""
        due, heard = 0.0, time.monotonic()
        while True:
            if self.jobs.broken is not None:
                raise self.jobs.broken
            with contextlib.suppress(*AWAY):
                found = DBOS.get_workflow_status(workflow)
                if found is not None and found.status == "SUCCESS":
                    return cast(Outcome, found.output)
                if found is not None and found.status not in ("PENDING", "ENQUEUED"):
                    raise _failure(found)
                if time.monotonic() > due:
                    self.recover(run, workflow)
                    look()
                    due = time.monotonic() + 1.0
                heard = time.monotonic()
            if time.monotonic() - heard > PATIENCE:
                raise Broken(f"the journal's database has not answered for {PATIENCE:g} s")
            self._rest(workflow)

    def _rest(self, workflow: str) -> None:
        """Until the workflow ends, or for a little while."""
        future = self._here.get(workflow)
        if future is None:
            time.sleep(POLL)
        elif not future.done():
            wait_for([future], timeout=1.0)
        elif isinstance(fault := future.exception(), AWAY):
            # dbos could not write down how it ended: then nobody else will ever tell
            raise Broken(f"the journal: {getattr(fault, 'orig', fault)}") from fault
        else:
            time.sleep(POLL / 10)  # it has ended, and the database hears of it just now

    def close(self) -> None:
        """Stop dbos; what is under way here stays under way, for others to take up."""
        DBOS.destroy(destroy_registry=True)
        self.lease.release()

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _failure(found: Any) -> BaseException:  # noqa: ANN401 (dbos's status)
    fault = found.error
    return fault if isinstance(fault, BaseException) else RuntimeError(f"the workflow ended as {found.status}")


def _config(settings: Settings, name: str) -> DBOSConfig:
    """No console, no cloud, no telemetry; a name of its own for each process, so that nobody recovers by name."""
    config = DBOSConfig(
        name="citycloud",
        application_version=VERSION,
        executor_id=name,
        system_database_url=settings.url,
        log_level="CRITICAL",
        notification_listener_polling_interval_sec=1.0,
        scheduler_polling_interval_sec=3600.0,
    )
    if settings.file is None:
        config["use_listen_notify"] = False
        config["system_database_engine"] = _postgres(settings)
    return config


def _postgres(settings: Settings) -> sa.Engine:
    url = settings.url.replace("postgresql://", "postgresql+psycopg://", 1)
    extra = {"password": settings.password} if settings.password else {}
    return sa.create_engine(
        url, pool_pre_ping=True, pool_size=10, max_overflow=10, connect_args={"connect_timeout": 5, **extra}
    )
