"""Where the systems in the rooms are, by name: what the DNS has to say before a move. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from citycloud.city.model import Addresses
from citycloud.lab.legacy.model import Software
from citycloud.lab.legacy.spec import RoomsSpec

SERVING = frozenset({Software.GAUGES_WEB, Software.ALARMS_WEB, Software.REGISTRY})
"""What users talk to."""
PORTS: Mapping[Software, int] = {Software.GAUGES_WEB: 443, Software.ALARMS_WEB: 8000, Software.REGISTRY: 9090}


def system_names(spec: RoomsSpec) -> dict[str, Addresses]:
    """``<system>.<city's domain>.``, for every system that a room serves, and the host that answers there."""
    return {
        f"{declared.system}.{spec.lab.city.domain}.": host.addresses
        for room in spec.rooms
        for declared, host in room.pairs()
        if declared.runs in SERVING
    }


def system_urls(spec: RoomsSpec) -> dict[str, str]:
    """By system: where its records are written and read, by name (``citycloud load run URL``)."""
    return {
        declared.system: (
            f"{'https' if PORTS[declared.runs] == 443 else 'http'}://{declared.system}.{spec.lab.city.domain}"
            f"{'' if PORTS[declared.runs] == 443 else f':{PORTS[declared.runs]}'}/records"
        )
        for room in spec.rooms
        for declared, _ in room.pairs()
        if declared.runs in SERVING
    }
