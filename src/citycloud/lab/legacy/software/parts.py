"""Which Software is made by which function: files, units and scripts of one host. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from citycloud.lab.legacy.job import Part
from citycloud.lab.legacy.model import RoomHost, Software
from citycloud.lab.legacy.software import alarms, gauges, registry
from citycloud.lab.legacy.software.given import Given
from citycloud.lab.legacy.spec import LabRoom

PARTS: Mapping[Software, Callable[[Given], Part]] = {
    Software.GAUGES_WEB: gauges.web,
    Software.GAUGES_DB: gauges.db,
    Software.GAUGES_FILES: gauges.files,
    Software.ALARMS_WEB: alarms.web,
    Software.ALARMS_DB: alarms.db,
    Software.REGISTRY: registry.whole,
}


def part(room: LabRoom, host: RoomHost, secret: str, tls: Mapping[str, bytes]) -> Part:
    """What ``host`` is given. ``secret`` is the lab's, ``tls`` has the systems' certificates."""
    return PARTS[host.runs](Given(room, host, secret, tls.get(host.system, b"")))
