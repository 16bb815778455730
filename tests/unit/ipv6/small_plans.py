"""Small cities and schemas of address plans, for tests: a few units, so that a whole export can be read."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from citycloud.city.load import load_city
from citycloud.city.model import City, Region, Unit
from citycloud.findings import Finding
from citycloud.ipv6.read import plan

ROOT = Path(__file__).parents[3]
CITY = ROOT / "inventories" / "wuwei" / "city"
TODAY = date(2026, 11, 25)


@cache
def wuwei() -> City:
    return load_city(CITY)


def city_of(units: Mapping[str, Sequence[str]]) -> City:
    """Wuwei with other regions and units: ids of units by region."""
    return wuwei().model_copy(
        update={
            "regions": tuple(Region(id=id_, name=id_.title(), units=len(found)) for id_, found in units.items()),
            "units": tuple(
                Unit(id=unit, name=f"Unit {unit}", region=region) for region, found in units.items() for unit in found
            ),
        }
    )


SMALL = {"north": ("north-1", "north-2"), "south": ("south-1",)}
SCHEMA = """schema_version: 1
prefix: "3fff:500::/32"
domain: extranet.small.example
region: {reserved: 36, given: 40}
unit: {reserved: 48, given: 56}
network: {reserved: 60, given: 64}
backbone:
  id: backbone
  name: Backbone
  nodes:
    - {id: core-1, name: First core}
networks:
  - id: loopback
    name: Loopback
    number: 0
    link: 128
    backbone: true
    addresses:
      - {id: router, name: router, identifier: "::1", main: true}
  - id: office
    name: Office
    number: 4
    hosts: slaac
    addresses:
      - {id: gateway, name: gateway, identifier: "::1"}
larger:
  - {unit: north-2, given: 52, why: many buildings}
"""
EXISTING = """unit,prefix,network,description
south-1,3fff:500:9007::/56,,a trial
north-1,2001:db8:7000::/48,,a carrier's
"""


def write(directory: Path, schema: str = SCHEMA, existing: str = EXISTING) -> Path:
    """A small plan's directory, without a register."""
    directory.mkdir(exist_ok=True)
    (directory / "schema.yaml").write_text(schema)
    (directory / "existing.csv").write_text(existing)
    return directory


def copy_of_wuwei(directory: Path) -> Path:
    """Wuwei's own address plan, to be damaged."""
    return Path(shutil.copytree(ROOT / "ipv6", directory / "ipv6"))


@dataclass(frozen=True)
class Fault:
    """In ``file``, ``old`` (there once; or '': the end) becomes ``new``; the finding names the line with ``at``."""

    kind: str
    file: str
    old: str
    new: str
    at: str

    def into(self, directory: Path) -> None:
        file = directory / self.file
        text = file.read_text()
        assert not self.old or text.count(self.old) == 1, f"{self.old!r}: {text.count(self.old)} times"
        file.write_text(text.replace(self.old, self.new) if self.old else text + self.new)

    def found(self, directory: Path, findings: Sequence[Finding]) -> bool:
        """Whether a finding of this kind names its line."""
        file = directory / self.file
        lines = [number for number, line in enumerate(file.read_text().splitlines(), 1) if self.at in line]
        assert len(lines) == 1, f"{self.at!r} is on lines {lines}"
        return any((one.kind, one.place.file, one.place.line) == (self.kind, str(file), lines[0]) for one in findings)


def findings_of(directory: Path, today: date = TODAY) -> list[Finding]:
    return plan(directory, wuwei(), today)[1]
