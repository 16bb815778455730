"""Bringing the lab up, only as far as it is not up yet, and taking it down."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from citycloud import paths
from citycloud.city.load import load_city
from citycloud.errors import BadInput, CitycloudError
from citycloud.findings import Finding, Place
from citycloud.lab import cache, identity, image, launch, machine, preflight, roots, secrets
from citycloud.lab.boot import DEVICES, boot_plan
from citycloud.lab.handle import Files, exclusive, kill, living
from citycloud.lab.openstack.deploy import deploy
from citycloud.lab.openstack.hosts import nspawn_args
from citycloud.lab.spec import LabSpec, Role, lab_spec
from citycloud.progress import Progress


def up(city: Path, progress: Progress, *, bare: bool = False) -> None:
    """Bring the lab of the City in directory ``city`` up; ``bare`` stops at its hosts, without OpenStack.

    Raises BadInput with nothing touched where it can't stand here, Busy where another command is at it.
    """
    os.umask(0o022)  # hosts' roots are made of what we write: others than root have to read it there
    spec = lab_spec(load_city(city))
    _check(spec, preflight.BARE if bare else preflight.WHOLE)
    files = Files.default()
    with exclusive(files, "up") as lock:
        _refuse_other(files, spec, bare)
        dead = living(files) is None
        progress.expect(1 if bare else 2 + image.missing())
        if dead:
            progress.expect(1 + roots.missing(bare=bare))
        guest = None if bare else image.ensure(progress)
        if dead:
            _discard(files)
            _start(spec, files, roots.layers(progress, bare=bare), lock, progress, bare=bare)
        if guest is not None:
            _show_images(files, guest.root.parent)
        _finish(spec, files, progress, bare=bare)


def down(progress: Progress) -> bool:
    """Take the lab away, and all that it changed on this machine; True if there was something to take away."""
    files = Files.default()
    with exclusive(files, "down"):
        there = files.home.exists()
        if kill(files):
            progress.say("the lab's processes, mounts and networks are gone")
        _discard(files)
    return there


def tidy() -> bool:
    """Clear what a killed lab left on this machine, unless a command is at work; True if there was a dead lab."""
    files = Files.default()
    if living(files) is not None or not (files.pid.exists() or files.settings.exists()):
        return False
    try:
        with exclusive(files, "tidy"):
            if living(files) is None:
                machine.clear(files)
    except CitycloudError:
        return False
    return True


def _check(spec: LabSpec, needs: preflight.Needs) -> None:
    ranges = [network for subnets in spec.prefixes() for network in (subnets.ipv4, subnets.ipv6)]
    findings = preflight.judge(preflight.observe(), ranges, needs)
    if findings:
        raise BadInput("No lab can stand on this machine; nothing was touched.", findings)


def _key(spec: LabSpec, bare: bool) -> str:
    return cache.key_of(spec.shape(), bare)


def _refuse_other(files: Files, spec: LabSpec, bare: bool) -> None:
    """Raise BadInput where a lab of another shape is running: its hosts can't become this one's."""
    if living(files) is None:
        return
    made_from = files.made_from.read_text() if files.made_from.exists() else ""
    if made_from != _key(spec, bare):
        message = "a lab of another shape is running (other hosts or ranges, or bare)"
        finding = Finding("other-lab", Place(object=str(files.home)), message, "take it down first: citycloud lab down")
        raise BadInput("Nothing was touched.", [finding])


def _discard(files: Files) -> None:
    """Remove a dead lab: what it left on the machine, then its directory. Raises CitycloudError if it is in use."""
    machine.clear(files)
    mounted = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    inside = [place for place in mounted if Path(place).is_relative_to(files.home)]
    if inside:
        raise CitycloudError(f"{', '.join(inside)} is mounted within the lab's directory: unmount it first")
    if files.home.exists():
        shutil.rmtree(files.home)


def _start(spec: LabSpec, files: Files, lower: Sequence[Path], lock: int, progress: Progress, *, bare: bool) -> None:
    with progress.step("network and hosts' identities"):
        paths.private(files.home)
        secrets.load(files)
        identity.prepare(spec, files)
        machine.raise_settings(files)
        devices = [device for device in DEVICES if Path(device).exists()]
        hierarchies = machine.cgroup_hierarchies()
        extra = {role: () if bare else nspawn_args(role) for role in Role}
        plan = boot_plan(spec, files, lower, hierarchies=hierarchies, devices=devices, extra=extra)
        files.plan.write_text(json.dumps(plan))
        files.hosts.write_text(json.dumps([host.model_dump(mode="json") for host in spec.hosts]))
        files.made_from.write_text(_key(spec, bare))
        launch.start(files, lock)


def _finish(spec: LabSpec, files: Files, progress: Progress, *, bare: bool) -> None:
    """Hosts answering, then OpenStack on them, then the mark that all of it is there."""
    with progress.step(f"{len(spec.hosts)} hosts answer by ssh, over IPv4 and IPv6"):
        launch.boot_missing(files)
        launch.await_hosts(spec.hosts, lambda: living(files) is not None, files.logs)
    if not bare:
        deploy(spec, spec.city, secrets.load(files), progress)
    files.ready.touch()


def _show_images(files: Files, cached: Path) -> None:
    """Let the Pulumi program find the guest image without knowing of the cache: ``images`` in the lab's directory."""
    files.images.unlink(missing_ok=True)
    files.images.symlink_to(cached)
