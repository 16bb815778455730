"""What the City demands of its clouds, one Requirement for each thing that can be found true or false. Pure.

``requirements(city)`` is the whole list in the order of the report; a check function proves those of one Kind
(cloud/checks.py). What is wanted comes from the City's own words, so that a fault of the layout shows here.
"""

from __future__ import annotations

from citycloud.city.model import City
from citycloud.cloud import requirements_cloud, requirements_machines, requirements_packets
from citycloud.cloud.requirements_kinds import TITLES, Kind, Requirement

__all__ = ["TITLES", "Kind", "Requirement", "requirements"]


def requirements(city: City) -> tuple[Requirement, ...]:
    """All that the City demands, by kind in the order of Kind, then as declared."""
    found = [*requirements_cloud.of(city), *requirements_machines.of(city), *requirements_packets.of(city)]
    order = {kind: index for index, kind in enumerate(Kind)}
    return tuple(sorted(found, key=lambda requirement: order[requirement.kind]))
