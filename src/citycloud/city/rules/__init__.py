"""What a City has to keep to: one small file for each kind of fault, collected by ``check``.

A rule is a function ``(City, Places) -> Iterator[Finding]``. It sees whatever could be read: where a section is not
whole, counting over it means nothing (``places.whole``), and a reference to an item that could not be read is no fault.
"""

from __future__ import annotations

from citycloud.city.model import City
from citycloud.city.places import Places
from citycloud.findings import Finding


def check(city: City, places: Places | None = None) -> list[Finding]:
    """Every Finding of every rule, in order of place."""
    return []
