"""Address planning: pure. The same schema, city, register, prefixes in use and day give the same plan.

Who holds a prefix keeps it. Who comes gets a place of its own in RFC 3531's order (``allocate_slots``); who goes
leaves a place that rests for 184 days, and has it back until somebody else has it. What a unit uses already becomes
its prefix where it fits in, and is kept beside it where it does not: nothing else is ever placed over it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from ipaddress import IPv6Network

from citycloud.city.model import City
from citycloud.city.places import Mark
from citycloud.findings import Finding, Place, Severity
from citycloud.ipv6.allocate_clash import clashes
from citycloud.ipv6.allocate_plan import AddressPlan, Allotment, PlannedAddress
from citycloud.ipv6.allocate_register import Existing, Holding, Kind, Placed, level_reserve
from citycloud.ipv6.allocate_slots import Former, Places
from citycloud.ipv6.schema import AddressSchema, NetworkType, begins_at, is_nibble, reserve

LONGEST_TEXT = 200
"""Characters of a description (as much as NetBox takes)."""


@dataclass(frozen=True)
class Inputs:
    """All that a plan follows from, and where each part was written."""

    schema: AddressSchema
    city: City
    register: tuple[Placed, ...] = ()
    existing: tuple[tuple[Existing, Place], ...] = ()
    mark: Mark = field(default_factory=lambda: Mark(Place(object="schema")), compare=False)

    def members(self) -> dict[str, dict[str, str]]:
        """By region (and the backbone), the ids and names of its units (and nodes), in order of id."""
        found: dict[str, dict[str, str]] = {region.id: {} for region in self.city.regions}
        for unit in self.city.units:
            found.setdefault(unit.region, {})[unit.id] = unit.name
        found[self.schema.backbone.id] = {node.id: node.name for node in self.schema.backbone.nodes}
        return {region: dict(sorted(units.items())) for region, units in sorted(found.items())}

    def names(self) -> dict[str, str]:
        """Of regions."""
        found = {region.id: region.name for region in self.city.regions}
        return {**found, self.schema.backbone.id: self.schema.backbone.name}


def allocate(inputs: Inputs, today: date) -> tuple[AddressPlan, list[Finding]]:
    """The plan, and what was found in making it: who gets nothing (errors), who keeps and who moves (warnings)."""
    return _Making(inputs, today).plan()


@dataclass
class _Making:
    """A plan in the making."""

    inputs: Inputs
    today: date
    findings: list[Finding] = field(default_factory=list)
    held: dict[tuple[Kind, str], Holding] = field(default_factory=dict)
    """Open rows of the register whose holder is still there."""
    rows: list[Holding] = field(default_factory=list)
    """The register's, with those closed whose holder is gone."""
    regions: dict[str, IPv6Network] = field(default_factory=dict)
    units: dict[str, IPv6Network] = field(default_factory=dict)

    def plan(self) -> tuple[AddressPlan, list[Finding]]:
        self._hold()
        self._give_regions()
        for region, units in self.inputs.members().items():
            if region in self.regions:
                self._give_units(region, sorted(units))
        schema = self.inputs.schema
        allotments = tuple(self._allotments())
        self.findings += clashes(self.inputs.existing, allotments)
        addresses = tuple(found for one in allotments if one.kind == "network" for found in _addresses(schema, one))
        plan = AddressPlan(
            prefix=schema.prefix,
            domain=schema.domain,
            allotments=allotments,
            addresses=addresses,
            holdings=tuple(self._register()),
        )
        return plan, self.findings

    def _hold(self) -> None:
        """Go through the register: who holds what, and who gives back today."""
        region_of = {unit: region for region, units in self.inputs.members().items() for unit in units}
        kinds = {network.id for network in self.inputs.schema.networks}
        there = {"region": set(self.inputs.members()), "unit": set(region_of), "network": kinds}
        for row, place in self.inputs.register:
            is_there = row.id in there[row.kind] and (row.kind != "unit" or row.region == region_of[row.id])
            if row.released is not None:
                self.rows.append(row)
            elif is_there and row.key not in self.held:
                self.rows.append(row)
                self.held[row.key] = row
            else:
                self.rows.append(row.model_copy(update={"released": self.today}))
                why = "is in another region now" if row.id in there[row.kind] else "is not declared any more"
                rest = f"it rests for {self.inputs.schema.rest_days} days"
                self._warn("given-back", place, f"{row.id} {why}: {row.prefix} is given back", rest)

    def _warn(self, kind: str, place: Place, message: str, suggestion: str) -> None:
        self.findings.append(Finding(kind, place, message, suggestion, Severity.WARNING))

    def _places(self, kind: Kind, parent: IPv6Network, members: Sequence[str]) -> Places:
        """The places in ``parent``, with what is held, rests, or is in use there."""
        length = level_reserve(self.inputs.schema, kind)
        given = {id_: reserve(self.held[kind, id_].prefix, length) for id_ in members if (kind, id_) in self.held}
        closed = [row for row in self.rows if row.kind == kind and row.released and row.prefix.overlaps(parent)]
        closed.sort(key=lambda row: (row.released or date.max, row.given, row.id))
        days = self.inputs.schema.rest_days
        former = [Former(row.id, reserve(row.prefix, length), row.rests(self.today, days)) for row in closed]
        used = {row.prefix: row.unit for row, _ in self.inputs.existing if row.prefix.overlaps(parent)}
        return Places(parent, length, given, former, used if kind == "unit" else {})

    def _exhausted(self, places: Places, what: str, place: Place, hint: str) -> None:
        if places.without:
            some = ", ".join(places.without[:3]) + (", ..." if len(places.without) > 3 else "")
            said = (
                f"{places.parent} has no room for {len(places.without)} {what} ({some}): each reserves /{places.length}"
            )
            self.findings.append(Finding("exhausted", place, said, hint))

    def _give_regions(self) -> None:
        schema, members = self.inputs.schema, list(self.inputs.members())
        places = self._places("region", schema.prefix, members)
        places.give(self._claims(members), members)
        self._exhausted(places, "regions", self.inputs.mark.at("region"), "a shorter prefix, or less for each region")
        for id_, place in places.given.items():
            length = self._length("region", id_, schema.given(region=id_))
            self.regions[id_] = begins_at(place, length)

    def _length(self, kind: Kind, id_: str, declared: int) -> int:
        """What was given is not made smaller."""
        held = self.held.get((kind, id_))
        return declared if held is None else min(declared, held.prefix.prefixlen)

    def _claims(self, members: Sequence[str]) -> dict[str, IPv6Network]:
        """Each region's place, where units of it use prefixes there already: most prefixes first."""
        schema = self.inputs.schema
        region_of = {unit: region for region, units in self.inputs.members().items() for unit in units}
        votes: Counter[tuple[str, IPv6Network]] = Counter()
        for row, _ in self.inputs.existing:
            place, region = reserve(row.prefix, schema.region.reserved), region_of.get(row.unit, "")
            if region in members and self._fits(row, begins_at(place, schema.given(region=region))):
                votes[region, place] += 1
        found: dict[str, IPv6Network] = {}
        for (region, place), _ in sorted(votes.items(), key=lambda vote: (-vote[1], vote[0])):
            if region not in found and place not in found.values():
                found[region] = place
        return found

    def _fits(self, row: Existing, block: IPv6Network) -> bool:
        """Whether a prefix in use can be the unit's own: at the beginning of a place of its region."""
        unit = self.inputs.schema.unit
        return (
            row.network is None
            and row.prefix.subnet_of(block)
            and unit.reserved <= row.prefix.prefixlen <= unit.given
            and is_nibble(row.prefix.prefixlen)
            and begins_at(reserve(row.prefix, unit.reserved), row.prefix.prefixlen) == row.prefix
        )

    def _give_units(self, region: str, members: Sequence[str]) -> None:
        schema, block = self.inputs.schema, self.regions[region]
        places = self._places("unit", block, members)
        fits = [row for row, _ in self.inputs.existing if self._fits(row, block)]
        fits.sort(key=lambda row: (row.prefix.prefixlen, row.prefix), reverse=True)
        own = {row.unit: row.prefix for row in fits}  # of several the widest, then the lowest, is the unit's own
        wanted = {unit: reserve(prefix, schema.unit.reserved) for unit, prefix in own.items()}
        places.give(wanted, members)
        hint = f"`larger: [{{region: {region}, given: {block.prefixlen - 4}}}]`"
        self._exhausted(places, f"units of {region}", self.inputs.mark.at("unit"), hint)
        for id_, place in places.given.items():
            length = self._length("unit", id_, schema.given(unit=id_))
            if wanted.get(id_) == place:
                length = min(length, own[id_].prefixlen)
            self.units[id_] = begins_at(place, length)

    def _allotments(self) -> Iterator[Allotment]:
        schema, names = self.inputs.schema, self.inputs.names()
        said = _text(self.inputs.city.name)
        yield Allotment(kind="city", prefix=schema.prefix, reserved=schema.prefix, description=said)
        kept = self._kept()
        for region, units in self.inputs.members().items():
            if region in self.regions:
                around = begins_at(self.regions[region], schema.region.reserved)
                prefix, said = self.regions[region], _text(names.get(region, region))
                yield Allotment(kind="region", region=region, prefix=prefix, reserved=around, description=said)
            for unit, name in units.items():
                yield from self._unit(region, unit, name)
                yield from kept.get(unit, ())

    def _unit(self, region: str, unit: str, name: str) -> Iterator[Allotment]:
        schema, said = self.inputs.schema, _text(name)
        if unit not in self.units:
            return
        prefix = self.units[unit]
        around = begins_at(prefix, schema.unit.reserved)
        yield Allotment(kind="unit", region=region, unit=unit, prefix=prefix, reserved=around, description=said)
        for network in schema.networks:
            if network.backbone or region != schema.backbone.id:
                yield _network(schema, region, unit, network, prefix, _text(f"{name} {network.name}"))

    def _kept(self) -> Mapping[str, list[Allotment]]:
        """By unit, what it uses and what the plan does not give it: kept, and told."""
        found: dict[str, list[Allotment]] = {}
        region_of = {unit: region for region, units in self.inputs.members().items() for unit in units}
        for row, place in self.inputs.existing:
            own = self.units.get(row.unit)
            if row.unit not in region_of or (own is not None and self._is_planned(row, own)):
                continue
            where = "outside the city's prefix" if not row.prefix.overlaps(self.inputs.schema.prefix) else "apart"
            said = f"{row.prefix} in use by {row.unit} lies {where}: kept beside its own {own}"
            self._warn("kept", place, said, "renumber it when it can be, and then take the line out")
            kept = Allotment(
                kind="kept",
                region=region_of[row.unit],
                unit=row.unit,
                network=row.network or "",
                prefix=row.prefix,
                reserved=row.prefix,
                description=_text(row.description),
            )
            found.setdefault(row.unit, []).append(kept)
        return found

    def _is_planned(self, row: Existing, own: IPv6Network) -> bool:
        schema = self.inputs.schema
        kinds = [network for network in schema.networks if network.id == row.network]
        around = _network(schema, "", row.unit, kinds[0], own, "").prefix if kinds else own
        return row.prefix.subnet_of(around)

    def _register(self) -> Iterator[Holding]:
        """The rows there were, and a new one for whoever holds something new or something larger."""
        schema = self.inputs.schema
        region_of = {unit: region for region, units in self.inputs.members().items() for unit in units}
        now: dict[tuple[Kind, str], IPv6Network] = {
            **{("network", network.id): schema.offset(network) for network in schema.networks},
            **{("region", id_): prefix for id_, prefix in sorted(self.regions.items())},
            **{("unit", id_): prefix for id_, prefix in sorted(self.units.items())},
        }
        for row in self.rows:
            has_grown = self.held.get(row.key) is row and now.get(row.key, row.prefix) != row.prefix
            yield row.model_copy(update={"released": self.today}) if has_grown else row
        for (kind, id_), prefix in now.items():
            held = self.held.get((kind, id_))
            if held is None or held.prefix != prefix:
                region = region_of[id_] if kind == "unit" else None
                yield Holding(kind=kind, id=id_, region=region, prefix=prefix, given=self.today)


def _text(words: str) -> str:
    """One line, not too long."""
    line = " ".join(words.split())
    return line if len(line) <= LONGEST_TEXT else f"{line[: LONGEST_TEXT - 3]}..."


def _network(
    schema: AddressSchema, region: str, unit: str, network: NetworkType, around: IPv6Network, said: str
) -> Allotment:
    """A unit's network of one kind: where the kind's number puts it."""
    length = schema.given(unit=unit, network=network.id)
    begins = int(around.network_address) + (network.number << (128 - schema.network.reserved))
    prefix = IPv6Network((begins, length))
    return Allotment(
        kind="network",
        region=region,
        unit=unit,
        network=network.id,
        prefix=prefix,
        reserved=begins_at(prefix, schema.network.reserved),
        description=said,
    )


def _addresses(schema: AddressSchema, allotment: Allotment) -> Iterator[PlannedAddress]:
    """A network's fixed addresses, in its first /64."""
    network = next(one for one in schema.networks if one.id == allotment.network)
    for fixed in network.addresses:
        own = f"{allotment.unit}.{schema.domain}"
        yield PlannedAddress(
            region=allotment.region,
            unit=allotment.unit,
            network=network.id,
            id=fixed.id,
            address=allotment.prefix.network_address + int(fixed.identifier),
            link=network.link,
            name=own if fixed.main else f"{fixed.id}.{network.id}.{own}",
            description=_text(f"{allotment.description} {fixed.name}"),
        )
