"""What a City has to keep to: one small file for each kind of fault, collected by ``check``.

A rule is a function ``find(City, Places) -> Iterator[Finding]``. It sees whatever could be read: where a section is not
whole, counting over it means nothing (``places.whole``), and a reference to an item that could not be read is no fault
of the reference (``places.is_unread``). Faults of single values (unknown fields, numbers that are words) are found
earlier, on reading: see ``city/load.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from citycloud.city.model import City
from citycloud.city.places import Places
from citycloud.city.rules import (
    demand_above_quota,
    dependency_cycle,
    duplicate_id,
    duplicate_number,
    faulty_flow,
    faulty_pair,
    faulty_range,
    forbidden_flow,
    grade_outside_zone,
    missed_sum,
    no_room,
    overlapping_prefixes,
    pair_on_one_carrier,
    quota_above_capacity,
    reserved_name,
    unknown_reference,
)
from citycloud.findings import Finding

Rule = Callable[[City, Places], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    unknown_reference.find,
    duplicate_id.find,
    duplicate_number.find,
    reserved_name.find,
    overlapping_prefixes.find,
    faulty_range.find,
    quota_above_capacity.find,
    demand_above_quota.find,
    no_room.find,
    missed_sum.find,
    faulty_pair.find,
    pair_on_one_carrier.find,
    dependency_cycle.find,
    faulty_flow.find,
    forbidden_flow.find,
    grade_outside_zone.find,
)


def check(city: City, places: Places | None = None) -> list[Finding]:
    """Every Finding of every rule, in order of place."""
    where = places or Places()
    found = [finding for rule in RULES for finding in rule(city, where)]
    return sorted(found, key=lambda finding: (finding.place, finding.kind, finding.message))
