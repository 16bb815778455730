"""Which units are up, and which aggregation routers there are: pure."""

from __future__ import annotations

from citycloud.city.model import City

SMALL = 24
"""Units of the extranet that ``make test`` brings up; every region is among them."""
ONE_AGGREGATION = 80
"""Units that a region may have with one aggregation router."""


def chosen(city: City, count: int | None) -> tuple[str, ...]:
    """Ids of ``count`` units (None: all) in the order of the declaration, taken from the regions in turn."""
    if count is None or count >= len(city.units):
        return tuple(unit.id for unit in city.units)
    waiting = {region.id: [unit.id for unit in city.units if unit.region == region.id] for region in city.regions}
    taken: set[str] = set()
    while len(taken) < count and any(waiting.values()):
        for units in waiting.values():
            if units and len(taken) < count:
                taken.add(units.pop(0))
    return tuple(unit.id for unit in city.units if unit.id in taken)


def aggregations(city: City) -> dict[str, tuple[str, ...]]:
    """By region, its aggregation routers: as many as all of its units need, however few are up."""
    return {
        region.id: tuple(
            f"agg-{region.id}-{number}"
            for number in range(1, 3 if sum(u.region == region.id for u in city.units) > ONE_AGGREGATION else 2)
        )
        for region in city.regions
    }
