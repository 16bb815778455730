"""An address plan for others: tables (CSV), NetBox's bulk import (JSON), DNS zones; and the register. Pure: names of
files and what they hold.

Reading back what was written gives the same values (``read_prefixes``, ``read_addresses``; NetBox's prefixes are read
as prefixes in use, see ``read``).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import TypeVar

from citycloud.city.csvfile import read_csv
from citycloud.city.model import City, Noun
from citycloud.city.names import zone_file
from citycloud.city.validate import validate
from citycloud.errors import BadInput
from citycloud.findings import Finding
from citycloud.ipv6.allocate_plan import AddressPlan, Allotment, PlannedAddress
from citycloud.ipv6.allocate_register import Holding
from citycloud.ipv6.exports_netbox import netbox
from citycloud.ipv6.exports_zones import zones
from citycloud.ipv6.schema import AddressSchema

Row = TypeVar("Row", bound=Noun)

REGISTER_ABOUT = """\
# Who was given which prefix, from when, until when (地址台账). Kept by `citycloud ipv6 export --keep`; rows are
# closed, and never taken out: who held which address is told from here (溯源). A network's prefix is where its kind
# lies in a unit.
"""


def table(rows: Iterable[Noun], model: type[Noun]) -> str:
    """CSV with the model's fields as columns."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    columns = list(model.model_fields)
    writer.writerow(columns)
    for row in rows:
        values = row.model_dump(mode="json")
        writer.writerow(["" if values[column] is None else values[column] for column in columns])
    return written.getvalue()


def register_table(rows: Sequence[Holding]) -> str:
    return REGISTER_ABOUT + table(rows, Holding)


def files(plan: AddressPlan, schema: AddressSchema, city: City, servers: Sequence[str]) -> dict[str, str]:
    """Everything that is exported, by name of file. ``servers``: names of the DNS servers, with their last dots."""
    found = {
        "prefixes.csv": table(plan.allotments, Allotment),
        "addresses.csv": table(plan.addresses, PlannedAddress),
    }
    for name, items in netbox(plan, schema, city).items():
        found[f"netbox/{name}.json"] = json.dumps(items, ensure_ascii=False, indent=1) + "\n"
    for zone in zones(plan, servers, f"hostmaster.{city.domain}."):
        found[f"zones/{zone.name}zone"] = zone_file(zone)
    return found


def read_prefixes(file: str, text: str) -> tuple[Allotment, ...]:
    """Back from ``prefixes.csv``. Raises BadInput with every fault, each with its line."""
    return _read(file, text, Allotment)


def read_addresses(file: str, text: str) -> tuple[PlannedAddress, ...]:
    """Back from ``addresses.csv``. Raises BadInput with every fault, each with its line."""
    return _read(file, text, PlannedAddress)


def _read(file: str, text: str, model: type[Row]) -> tuple[Row, ...]:
    read = read_csv(file, text)
    findings = list(read.findings)
    if set(read.columns) != set(model.model_fields):
        said = "the columns are not those of this table"
        findings.append(Finding("bad-row", read.header, said, ", ".join(model.model_fields)))
    found: list[Row] = []
    for cells, mark in read.rows:
        row, faults = validate(model, _numbered(cells, model), mark, file, text=True)
        findings += faults
        if isinstance(row, model):
            found.append(row)
    if findings:
        raise BadInput(f"{file}: {len(findings)} faults", findings)
    return tuple(found)


def _numbered(cells: dict[str, str], model: type[Noun]) -> dict[str, object]:
    """A literal number is a number only as one."""
    is_number = "link" in model.model_fields and cells.get("link", "").isdecimal()
    return {**cells, **({"link": int(cells["link"])} if is_number else {})}
