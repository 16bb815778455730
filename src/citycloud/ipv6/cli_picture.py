"""An address plan for a person: tables; and for a machine: plain values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.table import Table

from citycloud.city.places import did_you_mean
from citycloud.errors import BadInput
from citycloud.ipv6.allocate_plan import AddressPlan, Allotment


def summary(plan: AddressPlan) -> dict[str, int]:
    """How many of what."""
    count = {kind: sum(one.kind == kind for one in plan.allotments) for kind in ("region", "unit", "network", "kept")}
    names = {"region": "regions", "unit": "units", "network": "networks", "kept": "kept"}
    return {**{names[kind]: number for kind, number in count.items()}, "addresses": len(plan.addresses)}


def chosen(plan: AddressPlan, what: str) -> list[Allotment]:
    """The allotments that ``what`` (a region, a unit or nothing) shows. Raises BadInput where it is neither."""
    regions = {one.region for one in plan.allotments if one.kind == "region"}
    units = {one.unit for one in plan.allotments if one.kind == "unit"}
    if not what:
        return [one for one in plan.allotments if one.kind in ("city", "region")]
    if what in regions:
        return [one for one in plan.allotments if one.region == what and one.kind in ("region", "unit")]
    if what in units:
        return list(plan.of_unit(what))
    raise BadInput(f"{what} is no region, unit or address: {did_you_mean(what, sorted(regions | units))}")


def as_json(plan: AddressPlan, what: str) -> dict[str, Any]:
    return {
        "prefix": str(plan.prefix),
        "domain": plan.domain,
        "allotments": [one.model_dump(mode="json") for one in chosen(plan, what)],
        "addresses": [one.model_dump(mode="json") for one in plan.addresses if one.unit == what],
        "held": [row.model_dump(mode="json") for row in plan.holdings if what and row.id == what],
    }


def picture(plan: AddressPlan, what: str) -> Iterator[Table]:
    """Tables of the same."""
    shown = chosen(plan, what)
    table = Table("what", "prefix", "grows to", "units", "", title=f"{plan.prefix} {plan.domain}", title_justify="left")
    for one in shown:
        units = sum(one.region == other.region and other.kind == "unit" for other in plan.allotments)
        grows = "" if one.reserved == one.prefix else f"/{one.reserved.prefixlen}"
        count = str(units) if one.kind == "region" else ""
        table.add_row(_name(one), str(one.prefix), grows, count, one.description)
    yield table
    if any(one.kind == "unit" for one in shown) and what in {one.unit for one in shown}:
        yield from _unit(plan, what)


def _name(one: Allotment) -> str:
    name = one.network or one.unit or one.region or one.kind
    return f"{name} (in use before)" if one.kind == "kept" else name


def _unit(plan: AddressPlan, unit: str) -> Iterator[Table]:
    table = Table("address", "name", "", title="fixed addresses", title_justify="left")
    for one in plan.addresses:
        if one.unit == unit:
            table.add_row(f"{one.address}/{one.link}", one.name, one.description)
    yield table
    held = Table("prefix", "from", "until", title="register", title_justify="left")
    for row in plan.holdings:
        if row.kind == "unit" and row.id == unit:
            held.add_row(str(row.prefix), str(row.given), str(row.released or "now"))
    yield held
