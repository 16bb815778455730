"""The city's topology as a picture, drawn from the City alone: sites on their carriers, the line between them, zones
with their hosts, departments' networks by segment and how many machines stand in each. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from citycloud.city.model import City, Guests, Host, Site, Zone
from citycloud.cloud.halves import halves
from citycloud.report import Figure, Text
from citycloud.report.svg import Drawing

WIDE, NARROW = 1132.0, 362.0
GAP = 92.0
HOST_ROW, MATRIX_ROW = 44.0, 26.0

Networks = Counter[tuple[str, str, bool]]
"""Machines by department, segment, and whether they are real instances."""

TITLE = Text("全城拓扑", "The city's topology")
CAPTION = Text(
    "每个站点在自己的运营商网络上。条形为主机占全城 vCPU 的比例；紫色的主机上跑真实实例，青色的只提供容量。"
    "下方方阵：部门（行）在各网络区域（列）的机器数。",
    "Each site is on its own carrier's network. A bar is a host's share of the city's vCPU; violet hosts run real "
    "instances, teal ones lend capacity only. In the grid: a department's machines (row) in each segment (column).",
)


def topology(city: City) -> Figure:
    """The same picture for wide and for narrow pages."""
    return Figure(TITLE, CAPTION, _wide(city), _narrow(city))


def _clouds(city: City) -> list[Site]:
    return [site for site in city.sites if site.zones]


def _wide(city: City) -> str:
    clouds, others = _clouds(city), [site for site in city.sites if not site.zones]
    width = (WIDE - GAP * (len(clouds) - 1)) / max(len(clouds), 1)
    top = 104.0 if others else 0.0
    height = max((_panel_height(city, site, width) for site in clouds), default=0.0)
    drawing = Drawing(WIDE, top + height + 2)
    for index, site in enumerate(clouds):
        x = index * (width + GAP)
        for _ in others:
            drawing.line(WIDE / 2, 66, x + width / 2, top, "dashed")
        if index:
            _link(drawing, city, clouds[index - 1], site, x - GAP, top + 60, vertical=False)
        _panel(drawing, city, site, x, top, width, height)
    for index, site in enumerate(others):
        _witness(drawing, city, site, WIDE / 2 - 150 + index * 320, 1, 300)
    return drawing.source(TITLE)


def _narrow(city: City) -> str:
    clouds, others = _clouds(city), [site for site in city.sites if not site.zones]
    heights = [_panel_height(city, site, NARROW) for site in clouds]
    link = 74.0
    drawing = Drawing(NARROW, 98.0 * len(others) + sum(heights) + link * max(len(clouds) - 1, 0) + 2)
    y = 1.0
    for site in others:
        drawing.line(NARROW / 2, y + 60, NARROW / 2, y + 98, "dashed")
        _witness(drawing, city, site, 31, y, 300)
        y += 98
    for index, (site, height) in enumerate(zip(clouds, heights, strict=True)):
        if index:
            _link(drawing, city, clouds[index - 1], site, NARROW / 2, y, vertical=True)
            y += link
        _panel(drawing, city, site, 0, y, NARROW, height)
        y += height
    return drawing.source(TITLE)


def _carrier(city: City, site: Site) -> Text:
    name = next((carrier.name for carrier in city.carriers if carrier.id == site.carrier), site.carrier)
    return Text(name, site.carrier)


def _witness(drawing: Drawing, city: City, site: Site, x: float, y: float, width: float) -> None:
    carrier = _carrier(city, site)
    drawing.box(x, y, width, 66, "panel", 10)
    drawing.words(x + width / 2, y + 27, Text(site.name, site.id), "strong", "middle")
    words = Text(f"{carrier.zh} · 见证站点，不设云", f"on {carrier.en} · witness, no cloud")
    drawing.words(x + width / 2, y + 49, words, "soft small", "middle")


def _link(drawing: Drawing, city: City, one: Site, other: Site, x: float, y: float, *, vertical: bool) -> None:
    rate = next((link.megabits for link in city.links if set(link.sites) == {one.id, other.id}), None)
    if rate is None:
        return
    if vertical:
        drawing.line(x, y, x, y + 74, "wire")
        drawing.words(x + 12, y + 42, f"{rate:,} Mbit/s", "bronze-text strong")
        return
    drawing.line(x, y, x + GAP, y, "wire")
    drawing.words(x + GAP / 2, y - 12, f"{rate:,}", "bronze-text strong", "middle")
    drawing.words(x + GAP / 2, y + 22, "Mbit/s", "bronze-text small", "middle")


def _panel_height(city: City, site: Site, width: float) -> float:
    return 112 + sum(_zone_height(zone, width) + 12 for zone in site.zones) + 46 + MATRIX_ROW * len(city.departments)


def _panel(drawing: Drawing, city: City, site: Site, x: float, y: float, width: float, height: float) -> None:
    """One site: its carrier, its prefixes, its zones, its departments' networks."""
    drawing.box(x + 0.5, y + 0.5, width - 1, height - 1, "panel", 14)
    drawing.box(x + 0.5, y + 0.5, width - 1, 34, "carrier", 14)
    carrier = _carrier(city, site)
    drawing.words(x + 16, y + 23, carrier, "strong bronze-text")
    drawing.words(x + width - 16, y + 23, Text("运营商网络", "carrier"), "small bronze-text", "end")
    drawing.words(x + 16, y + 64, Text(site.name, site.id), "big")
    drawing.words(x + width - 16, y + 64, Text(site.id, ""), "mono soft", "end")
    if site.tenant is not None:
        drawing.words(x + 16, y + 90, f"{site.tenant.ipv4}   {site.tenant.ipv6}", "mono soft")
    below = y + 112
    for zone in site.zones:
        _zone(drawing, city, zone, x + 12, below, width - 24)
        below += _zone_height(zone, width) + 12
    _matrix(drawing, city, site, x + 12, below, width - 24)


def _per_row(width: float) -> int:
    return 2 if width > 420 else 1


def _zone_height(zone: Zone, width: float) -> float:
    rows = -(-len(zone.hosts) // _per_row(width))
    return 40 + rows * (HOST_ROW + 8) + 4


def _zone(drawing: Drawing, city: City, zone: Zone, x: float, y: float, width: float) -> None:
    drawing.box(x, y, width, _zone_height(zone, width + 24), "zone", 10)
    drawing.words(x + 12, y + 26, Text(zone.name, zone.id), "strong accent-text")
    grades = "、".join(str(grade) for grade in zone.grades), ", ".join(str(grade) for grade in zone.grades)
    drawing.words(x + width - 12, y + 26, Text(f"等保 {grades[0]} 级", f"grades {grades[1]}"), "small soft", "end")
    per_row = _per_row(width + 24)
    each = (width - 24 - 8 * (per_row - 1)) / per_row
    most = sum(host.capacity.vcpu for site in city.sites for zone in site.zones for host in zone.hosts)
    for index, host in enumerate(zone.hosts):
        row, column = divmod(index, per_row)
        _host(
            drawing, host, x + 12 + column * (each + 8), y + 40 + row * (HOST_ROW + 8), each, host.capacity.vcpu / most
        )


def _host(drawing: Drawing, host: Host, x: float, y: float, width: float, share: float) -> None:
    real = host.guests is not Guests.NONE
    drawing.box(x, y, width, HOST_ROW, "host-real" if real else "host", 7)
    drawing.words(x + 10, y + 18, host.id, "mono")
    kind = str(host.guests).upper() if real else ("" if host.arch == "x86_64" else str(host.arch))
    drawing.words(x + width - 10, y + 18, kind, "small real-text strong" if real else "small soft", "end")
    drawing.words(x + width - 10, y + 36, f"{host.capacity.vcpu:,} vCPU", "small soft", "end")
    room = width - 118
    drawing.box(x + 10, y + 28, room, 7, "well", 3.5)
    drawing.box(x + 10, y + 28, max(room * share, 3), 7, "filled-real" if real else "filled", 3.5)


def _networks(city: City, site: Site) -> Networks:
    departments = {system.id: system.department for system in city.systems}
    return Counter(
        (departments[half.machine.system], half.machine.segment, half.machine.guests is not Guests.NONE)
        for half in halves(city)
        if half.site.id == site.id
    )


def _matrix(drawing: Drawing, city: City, site: Site, x: float, y: float, width: float) -> None:
    """Departments by segments; each cell says how many machines are in that network, real ones beside."""
    counts = _networks(city, site)
    first = 150.0 if width > 420 else 112.0
    column = (width - first) / max(len(city.segments), 1)
    drawing.words(x + 4, y + 22, Text("部门网络", "networks"), "small soft")
    for index, segment in enumerate(city.segments):
        middle = x + first + column * (index + 0.5)
        drawing.words(middle, y + 22, Text(segment.name, segment.id), "small soft", "middle")
    for row, department in enumerate(city.departments):
        top = y + 34 + row * MATRIX_ROW
        drawing.line(x, top, x + width, top, "thin")
        drawing.words(x + 4, top + 18, Text(department.name, department.id), "small")
        for index, segment in enumerate(city.segments):
            cell = [counts[department.id, segment.id, real] for real in (False, True)]
            _cell(drawing, x + first + column * (index + 0.5), top + MATRIX_ROW / 2, cell)


def _cell(drawing: Drawing, x: float, y: float, cell: Sequence[int]) -> None:
    """Machines on capacity, and real ones; a small ring where the network is empty."""
    shown = [(count, style) for count, style in zip(cell, ("filled", "filled-real"), strict=True) if count]
    if not shown:
        drawing.dot(x, y, 3, "none")
    for index, (count, style) in enumerate(shown):
        left = x - 13 * len(shown) + 26 * index
        drawing.box(left + 1, y - 9, 24, 18, style, 9)
        drawing.words(left + 13, y + 4.5, str(count), "on-fill", "middle")
