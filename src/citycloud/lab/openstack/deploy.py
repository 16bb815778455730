"""Brings both clouds up on hosts that answer ssh, side by side; running it again does only what is missing."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from citycloud import paths
from citycloud.city.model import City
from citycloud.city.names import DnsZone, zones
from citycloud.errors import StepFailed
from citycloud.lab.openstack.clouds_yaml import write_clouds_yaml
from citycloud.lab.openstack.configuration import (
    controller_files,
    host_units,
    hypervisor_files,
    identity,
    sql,
)
from citycloud.lab.openstack.job import HostJob, Job
from citycloud.lab.openstack.keys import Keys
from citycloud.lab.openstack.ready import wait_ready
from citycloud.lab.openstack.render import File, archive, digest
from citycloud.lab.openstack.services import BASE_UNITS, Stage
from citycloud.lab.openstack.settings import Cloud, clouds
from citycloud.lab.openstack.tls import Authority, certificate
from citycloud.lab.spec import LabHost, LabSpec, Role
from citycloud.progress import Progress

TIME_LIMIT = 900
"""Seconds for the whole deploy."""

HYPERVISOR_UNITS = {
    Role.LXC: ("lab-lxc", "virtlogd", "libvirtd"),
    Role.QEMU: ("virtlogd", "libvirtd"),
    Role.CONTROLLER: BASE_UNITS,
}


def deploy(spec: LabSpec, city: City, secrets: Mapping[str, str], progress: Progress) -> None:
    """Both clouds: files, services, accounts, catalogue, agents; then ``clouds.yaml`` and the CA's certificate.

    ``secrets["lab"]`` is what all passwords are derived from. Returns when every service reports that it is up and
    placement holds what is declared. Raises StepFailed.
    """
    lab = paths.lab()
    found = tuple(clouds(spec))
    keys = {cloud.site: Keys(cloud.site, secrets["lab"]) for cloud in found}
    play(job(spec, city, found, keys, lab), progress)
    write_clouds_yaml(paths.clouds_yaml(), lab / "ca.pem", found, keys)
    wait_ready(found, keys, lab / "ca.pem", progress)


def job(spec: LabSpec, city: City, found: tuple[Cloud, ...], keys: Mapping[str, Keys], lab: Path) -> Job:
    """What is to be done on every host, with every file rendered."""
    authority = Authority.open(lab)
    names = zones(city, {cloud.site: cloud.controller.addresses for cloud in found})
    hosts = [_host_job(cloud, host, keys[cloud.site], authority, lab, names) for cloud in found for host in cloud.hosts]
    ssh = lab / "ssh"
    return Job(key_file=str(ssh / "id_ed25519"), known_hosts=str(ssh / "known_hosts"), hosts=tuple(hosts))


def _host_job(
    cloud: Cloud, host: LabHost, keys: Keys, authority: Authority, lab: Path, names: tuple[DnsZone, ...]
) -> HostJob:
    controller = host.role is Role.CONTROLLER
    packed = archive(_files(cloud, host, keys, authority, lab, names))
    ours = host_units(cloud, host)
    return HostJob(
        name=host.name,
        address=str(host.addresses.ipv4),
        archive=base64.b64encode(packed).decode(),
        digest=digest(packed),
        controller=controller,
        base=HYPERVISOR_UNITS[host.role],
        stages={stage: tuple(one.name for one in ours if one.stage is stage) for stage in Stage},
        kernel=_kernel(lab) if host.role is Role.QEMU else "",
        sql=sql(keys) if controller else "",
        identity=identity(cloud, keys) if controller else "",
    )


def _kernel(lab: Path) -> str:
    """The guest image's kernel, which KVM is probed with; '' where there is no KVM, or no image yet."""
    kernel = lab / "images" / "vmlinuz"
    return str(kernel.resolve()) if kernel.exists() and Path("/dev/kvm").exists() else ""


def _files(
    cloud: Cloud, host: LabHost, keys: Keys, authority: Authority, lab: Path, names: tuple[DnsZone, ...]
) -> list[File]:
    pem = authority.pem().decode()
    if host.role is not Role.CONTROLLER:
        return hypervisor_files(cloud, host, keys, pem)
    return controller_files(cloud, keys, pem, certificate(authority, lab / "tls" / f"{cloud.site}.pem", cloud), names)


def play(job: Job, progress: Progress) -> None:
    """Run the job in a process of its own, and tell what it does. Raises StepFailed."""
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "citycloud.lab.openstack.play"],  # dies with us
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    assert process.stdin and process.stdout and process.stderr
    watchdog = threading.Timer(TIME_LIMIT, process.kill)
    watchdog.start()
    noise: list[str] = []
    listener = threading.Thread(target=lambda: noise.extend(process.stderr or ()), daemon=True)
    listener.start()
    try:
        process.stdin.write(job.model_dump_json())
        process.stdin.close()
        faults = [fault for line in process.stdout if (fault := _heard(line, progress))]
        code = process.wait()
    finally:
        watchdog.cancel()
        process.kill()
        process.wait()
    listener.join(timeout=5)
    if code or faults:
        _give_up(faults, "".join(noise[-15:]) or f"pyinfra ended with {code}")


def _heard(line: str, progress: Progress) -> dict[str, str] | None:
    """A line of the play: said if it is a step done, given back if it is a failure."""
    try:
        told = json.loads(line)
    except ValueError:
        return None
    if "step" in told:
        progress.say(f"clouds: {told['step']}: {told['seconds']} s")
        return None
    return dict(told)


def _give_up(faults: list[dict[str, str]], otherwise: str) -> None:
    fault = next((fault for fault in faults if fault["host"]), faults[0] if faults else {})
    where, what = fault.get("host", ""), fault.get("failed", "deploy")
    raise StepFailed(
        step=f"clouds: {what}" + (f" on {where}" if where else ""),
        seen=(fault.get("output", "") or otherwise).strip()[-2000:],
        state="the lab's hosts run; the clouds on them are not complete",
        command="citycloud lab up",
    )
