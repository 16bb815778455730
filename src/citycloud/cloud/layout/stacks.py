"""Which Pulumi stacks a City is made of, and what their names mean. Pure.

A site's shared layer is one stack, named for the site; each department with machines there has one on top of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from citycloud.city.model import City
from citycloud.cloud.halves import halves


@dataclass(frozen=True)
class Stack:
    """A stack: a site's shared layer, or (with ``department``) what a department has on it."""

    site: str
    department: str | None = None

    @property
    def name(self) -> str:
        return f"{self.site}-{self.department}" if self.department else self.site

    @property
    def needs(self) -> str | None:
        """The stack that has to stand before this one."""
        return self.site if self.department else None


def stacks(city: City) -> tuple[Stack, ...]:
    """Every stack, sites first, as declared."""
    sites = [site.id for site in city.sites if site.zones]
    stand = {(half.site.id, half.department.id) for half in halves(city)}
    departments = [
        Stack(site, department.id)
        for site in sites
        for department in city.departments
        if (site, department.id) in stand
    ]
    return (*(Stack(site) for site in sites), *departments)


def stack_named(city: City, name: str) -> Stack:
    """Raises KeyError, with the names there are, for a name that is no stack of the City."""
    known = {stack.name: stack for stack in stacks(city)}
    if name not in known:
        raise KeyError(f"{name}: not a stack of this city; there are {', '.join(known)}")
    return known[name]
