"""Runs a Job with pyinfra: ``python -m citycloud.lab.openstack.play``, the Job as JSON on standard input.

Prints one line of JSON for each thing done: ``{"step": NAME, "seconds": N}`` or ``{"failed": NAME, "host": HOST,
"output": TEXT}``.
"""

from gevent import monkey  # type: ignore[import-untyped]

monkey.patch_all()

import json  # noqa: E402
import logging  # noqa: E402
import re  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable  # noqa: E402

from pyinfra.api.config import Config  # noqa: E402
from pyinfra.api.connect import connect_all, disconnect_all  # noqa: E402
from pyinfra.api.exceptions import PyinfraError  # noqa: E402
from pyinfra.api.host import Host  # noqa: E402
from pyinfra.api.inventory import Inventory  # noqa: E402
from pyinfra.api.operation import add_op  # noqa: E402
from pyinfra.api.operations import run_ops  # noqa: E402
from pyinfra.api.state import BaseStateCallback, State  # noqa: E402

from citycloud.lab.openstack import operations  # noqa: E402
from citycloud.lab.openstack.job import HostJob, Job  # noqa: E402
from citycloud.lab.openstack.services import AGENT_QUEUES, COMPUTE_QUEUES, Stage  # noqa: E402

QUEUES = (*AGENT_QUEUES, *COMPUTE_QUEUES)

TIME_LIMIT = 300
"""Seconds for one operation on one host."""


def tell(**what: object) -> None:
    print(json.dumps(what), flush=True)


class Heard(logging.Handler):
    """What pyinfra logs: the output of commands that failed."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(re.sub(r"\x1b\[[0-9;]*m", "", record.getMessage()))


class Told(BaseStateCallback):
    """Passes on what is done and what failed, with the seconds each operation took over all hosts."""

    def __init__(self, heard: Heard) -> None:
        self._began, self.heard = time.monotonic(), heard

    def operation_end(self, state: State, op_hash: str) -> None:  # type: ignore[override]
        now = time.monotonic()
        tell(step=", ".join(sorted(state.get_op_meta(op_hash).names)), seconds=round(now - self._began, 1))
        self._began = now

    def operation_host_error(  # type: ignore[override]
        self, state: State, host: Host, op_hash: str, retry_count: int = 0, max_retries: int = 0
    ) -> None:
        names = ", ".join(sorted(state.get_op_meta(op_hash).names))
        tell(failed=names, host=host.name, output="\n".join(self.heard.lines[-20:]))


def inventory(job: Job) -> Inventory:
    """The lab's hosts, whose keys are known beforehand: a host with another key is refused."""
    common = {
        "ssh_user": "root",
        "ssh_key": job.key_file,
        "ssh_known_hosts_file": job.known_hosts,
        "ssh_strict_host_key_checking": "yes",
        "ssh_allow_agent": False,
        "ssh_look_for_keys": False,
        "ssh_connect_retries": 3,
        "ssh_paramiko_connect_kwargs": {"timeout": 15, "banner_timeout": 30, "auth_timeout": 30},
    }
    return Inventory(  # type: ignore[no-untyped-call]
        ([(host.name, {"ssh_hostname": host.address}) for host in job.hosts], common)
    )


def deploy(state: State, job: Job) -> None:
    """The whole order of things. An operation runs on all hosts at once; the next begins when all have done it.

    pyinfra matches operations of different hosts by their position, so each host gets every operation; one that has
    nothing to do there does nothing.
    """
    by_name = {host.name: host for host in job.hosts}

    def each(name: str, operation: Callable[..., object], arguments: Callable[[HostJob], tuple[object, ...]]) -> None:
        for target in state.inventory.get_active_hosts():
            add_op(state, operation, *arguments(by_name[target.name]), name=name, host=target, _timeout=TIME_LIMIT)

    def stage(name: Stage) -> Callable[[HostJob], tuple[object, ...]]:
        return lambda host: (host.stages.get(name, ()),)

    each("files", operations.tree, lambda host: (host.archive, host.digest, sum(host.stages.values(), ())))
    each("database, queue, cache, TLS, names", operations.started, lambda host: (host.base,))
    each("database accounts", operations.accounts, lambda host: (host.sql,))
    each("users and catalogue", operations.identity, lambda host: (host.identity,))
    each("controllers' services", operations.started, stage(Stage.SERVICES))
    each("KVM probed by booting a guest", operations.probed, lambda host: (host.kernel,))
    each("services answer their agents", operations.consumed, lambda host: (QUEUES if host.controller else (),))
    each("hypervisors", operations.started, stage(Stage.HYPERVISORS))


def main() -> int:
    job = Job.model_validate_json(sys.stdin.read())
    heard = Heard()
    logging.getLogger("pyinfra").addHandler(heard)
    state = State(
        inventory(job),
        Config(),  # type: ignore[no-untyped-call]
        check_for_changes=False,
    )
    state.add_callback_handler(Told(heard))  # type: ignore[no-untyped-call]
    try:
        connect_all(state)
        deploy(state, job)
        run_ops(state)
        disconnect_all(state)
    except PyinfraError as fault:
        tell(failed="deploy", host="", output=str(fault))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
