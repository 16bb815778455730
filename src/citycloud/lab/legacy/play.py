"""Runs a Job with pyinfra: ``python -m citycloud.lab.legacy.play``, the Job as JSON on standard input.

Prints what lab/openstack/play.py prints: one line of JSON for each thing done, and for a failure.
"""

from gevent import monkey  # type: ignore[import-untyped]

monkey.patch_all()

import logging  # noqa: E402
import sys  # noqa: E402
from collections.abc import Callable  # noqa: E402

from pyinfra.api.config import Config  # noqa: E402
from pyinfra.api.connect import connect_all, disconnect_all  # noqa: E402
from pyinfra.api.exceptions import PyinfraError  # noqa: E402
from pyinfra.api.inventory import Inventory  # noqa: E402
from pyinfra.api.operation import add_op  # noqa: E402
from pyinfra.api.operations import run_ops  # noqa: E402
from pyinfra.api.state import State  # noqa: E402

from citycloud.lab.legacy import operations  # noqa: E402
from citycloud.lab.legacy.job import HostJob, Job  # noqa: E402
from citycloud.lab.openstack.play import Heard, Told, tell  # noqa: E402


def inventory(job: Job) -> Inventory:
    """The rooms' hosts, whose keys are known beforehand: a host with another key is refused."""
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
    """An operation runs on all hosts at once; the next begins when all have done it."""
    by_name = {host.name: host for host in job.hosts}

    def each(name: str, operation: Callable[..., object], arguments: Callable[[HostJob], tuple[object, ...]]) -> None:
        for target in state.inventory.get_active_hosts():
            add_op(state, operation, *arguments(by_name[target.name]), name=name, host=target, _timeout=job.seconds)

    each("files", operations.tree, lambda host: (host.archive, host.digest, host.units, host.prepare))
    each("services", operations.running, lambda host: (host.units,))
    each("accounts, schema and data", operations.script, lambda host: (host.fill,))


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
