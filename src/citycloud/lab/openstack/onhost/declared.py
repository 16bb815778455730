"""On a lab host: what /etc/citycloud/declared.json says this host's computes lend (written by the deploy).

``{"<host>": {"vcpu": 1, "memory_mib": 1, "disk_gib": 1, "arch": "x86_64", "traits": ["CUSTOM_..."]}}``
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

DECLARED = Path("/etc/citycloud/declared.json")


def declared(host: str) -> dict[str, Any]:
    """What ``host`` lends. Raises KeyError where nothing is declared for it."""
    found: dict[str, Any] = json.loads(DECLARED.read_text())[host]
    return found


def inventory(host: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Placement's inventory: exactly what is declared, nothing reserved, nothing lent twice."""
    totals = {"VCPU": host["vcpu"], "MEMORY_MB": host["memory_mib"], "DISK_GB": host["disk_gib"]}
    return {
        name: {
            "total": total,
            "min_unit": 1,
            "max_unit": total,
            "step_size": 1,
            "allocation_ratio": 1.0,
            "reserved": 0,
        }
        for name, total in totals.items()
    }


def resources(host: dict[str, Any]) -> dict[str, int]:
    """The same totals under the names that nova's own records of a hypervisor use."""
    return {"vcpus": host["vcpu"], "memory_mb": host["memory_mib"], "local_gb": host["disk_gib"]}
