"""A City as a person reads it in a terminal: a tree of its sites, and tables. Pure; the caller prints.

All that is declared is wrapped in Text: in plain strings rich would read ``[x]`` as markup, and the ``:100:`` of an
IPv6 address as an emoji.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from citycloud.city.model import City, Site
from citycloud.city.rules.demand_above_quota import demand
from citycloud.city.rules.quota_above_capacity import SIZES, capacity
from citycloud.cloud.halves import halves


def summary(city: City) -> str:
    """The city in a line."""
    clouds = sum(1 for site in city.sites if site.zones)
    return (
        f"{city.name} ({city.id}): {clouds} clouds, {len(city.departments)} departments, {len(city.systems)} systems, "
        f"{len(city.machines)} machines, {len(city.flows)} flows, {len(city.units)} units"
    )


def picture(city: City) -> Iterator[RenderableType]:
    """The parts of the picture, in order."""
    yield Text(summary(city), style="bold")
    if city.synthetic:
        yield Text("synthetic: what the city's plan does not say is made up", style="dim")
    yield _sites(city)
    yield _segments(city)
    yield _departments(city)
    yield _systems(city)
    yield _regions(city)


def _sizes(*sizes: int) -> str:
    vcpu, memory, storage = sizes
    return f"{vcpu:,} vCPU, {memory:,} GiB memory, {storage:,} GiB storage"


def _line(name: str, rest: str) -> Text:
    return Text.assemble((name, "bold"), rest)


def _sites(city: City) -> Tree:
    carriers = {carrier.id: carrier.name for carrier in city.carriers}
    total = [sum(capacity(site, size) for site in city.sites) for size in SIZES]
    tree = Tree(_line("Sites", f": {_sizes(*total)}"))
    for site in city.sites:
        branch = tree.add(_line(site.id, f" {site.name}, {carriers[site.carrier]}: {_cloud(site)}"))
        for zone in site.zones:
            grades = ", ".join(str(grade) for grade in zone.grades)
            leaf = branch.add(_line(zone.id, f" {zone.name}, levels {grades}"))
            for host in zone.hosts:
                size = _sizes(host.capacity.vcpu, host.capacity.memory_gib, host.capacity.storage_gib)
                leaf.add(Text(f"{host.id}  {host.arch}, guests {host.guests}: {size}"))
    for link in city.links:
        tree.add(Text(f"{link.sites[0]} — {link.sites[1]}: {link.megabits:,} Mbit/s"))
    for pair in city.pairs:
        tree.add(_line(f"pair {pair.id}", f": {', '.join(pair.systems)}"))
    return tree


def _cloud(site: Site) -> str:
    if not site.zones:
        return "no cloud"
    ranges = f"; machines in {site.tenant.ipv4} and {site.tenant.ipv6}" if site.tenant else ""
    return _sizes(*(capacity(site, size) for size in SIZES)) + ranges


def _table(title: str, *columns: str) -> Table:
    """A table; a column whose name ends with ``#`` holds numbers, and is set right."""
    table = Table(title=title, title_justify="left", title_style="bold", show_edge=False, pad_edge=False)
    for column in columns:
        table.add_column(column.removesuffix("#"), justify="right" if column.endswith("#") else "left")
    return table


def _row(table: Table, *cells: str) -> None:
    table.add_row(*(Text(cell) for cell in cells))


def _segments(city: City) -> Table:
    table = _table("Segments", "id", "name", "may reach", "from any", "machines#")
    machines = Counter(machine.segment for machine in city.machines)
    for segment in city.segments:
        reach = ", ".join(segment.may_reach)
        own = " (own department)" if segment.own_department_only else ""
        from_any = "yes" if segment.from_any else f"no{own}"
        _row(table, segment.id, segment.name, reach, from_any, str(machines[segment.id]))
    return table


def _departments(city: City) -> Table:
    clouds = [site.id for site in city.sites if site.zones]
    used = [f"{site}: vCPU, memory, storage (used / quota)" for site in clouds]
    table = _table("Departments", "id", "name", "owner", "systems#", *used)
    systems = Counter(system.department for system in city.systems)
    needs = demand(city)
    for department in city.departments:
        owner = next(person.name for person in department.people if person.id == department.owner)
        quotas = {quota.site: quota for quota in department.quotas}
        cells = []
        for site in clouds:
            need = needs.get((department.id, site), Counter())
            have = quotas.get(site)
            cells.append(", ".join(f"{need[size]:,} / {getattr(have, size):,}" for size in SIZES) if have else "none")
        _row(table, department.id, department.name, owner, str(systems[department.id]), *cells)
    return table


def _systems(city: City) -> Table:
    table = _table(
        "Systems", "id", "name", "department", "site", "zone", "等保#", "DR#", "wave", "machines#", "needs", "source"
    )
    machines = Counter(machine.system for machine in city.machines)
    for system in city.systems:
        _row(
            table,
            system.id,
            system.name,
            system.department,
            "both" if system.on_both else system.site,
            system.zone,
            str(system.grade),
            str(system.dr_level or ""),
            system.wave,
            str(machines[system.id] or ""),
            ", ".join(system.needs),
            system.source,
        )
    return table


def _regions(city: City) -> Table:
    table = _table("Extranet", "region", "name", "units#")
    for region in city.regions:
        _row(table, region.id, region.name, str(region.units))
    _row(table, "", "all", str(len(city.units)))
    return table


def machine_table(city: City) -> Table:
    """Every machine's halves, with their names and addresses."""
    table = _table("Machines", "name", "half", "segment", "guests", "vCPU#", "GiB#", "disks GiB#", "IPv4", "IPv6")
    for half in halves(city):
        machine, addresses = half.machine, half.addresses
        _row(
            table,
            f"{machine.id}.{half.site.id}.{city.domain}",
            "both serve" if half.system.on_both else "primary" if half.primary else "standby",
            machine.segment,
            machine.guests,
            str(machine.vcpu),
            str(machine.memory_gib),
            f"{machine.system_disk_gib} + {machine.data_disk_gib}",
            str(addresses.ipv4),
            str(addresses.ipv6),
        )
    return table
