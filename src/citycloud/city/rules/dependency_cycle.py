"""``dependency-cycle``: systems that need one another, so that none of them can start or move first."""

from __future__ import annotations

from collections.abc import Iterator

import networkx as nx

from citycloud.city.model import City
from citycloud.city.places import Places
from citycloud.findings import Finding


def find(city: City, places: Places) -> Iterator[Finding]:
    """One Finding for each group of systems that need one another, with a shortest way round it."""
    needs: nx.DiGraph[str] = nx.DiGraph((system.id, need) for system in city.systems for need in system.needs)
    positions = {system.id: at for at, system in enumerate(city.systems)}
    for group in nx.strongly_connected_components(needs):
        first = min(group, key=lambda id_: positions.get(id_, len(positions)))
        ways = [nx.shortest_path(needs, need, first) for need in needs.successors(first) if need in group]
        if ways:
            way = " needs ".join([first, *min(ways, key=len)])
            place = places.of("systems", positions[first], "needs")
            yield Finding("dependency-cycle", place, way, "take one of these needs away")
