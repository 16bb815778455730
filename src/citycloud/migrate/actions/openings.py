"""Openings for the time of a move: what the new machines and the old hosts have to say to each other.

Made by the department's own user in its own project, each marked with the move that it is for; nobody else's groups can
be reached that way. They are no part of the declaration, and are closed again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from citycloud.action import Action, Tell, World

if TYPE_CHECKING:
    from citycloud.drivers.department_cloud import DepartmentCloud


class Opening(BaseModel):
    """One connection (TCP, IPv4) that a machine may take or make."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    machine: str
    """Its address."""
    direction: Literal["ingress", "egress"]
    port: int
    remote: str
    """The other end's address."""


class Openings(Action):
    kind: ClassVar[str] = "migrate/openings"
    site: str
    name: str
    """Of the move; what is opened bears it."""
    openings: tuple[Opening, ...]

    @property
    def mark(self) -> str:
        return f"citycloud-move {self.name}"

    def reached(self, world: World) -> bool:
        return not self._missing(self._cloud(world))

    def act(self, world: World, tell: Tell) -> None:
        cloud = self._cloud(world)
        for one in self._missing(cloud):
            cloud.open(self.site, one.machine, self.mark, one.direction, one.port, one.remote)
            tell(f"{one.machine}: {one.direction} {one.port}/tcp, {one.remote}")

    def undo(self, world: World) -> None:
        cloud = self._cloud(world)
        for machine in sorted({one.machine for one in self.openings}):
            cloud.close_again(self.site, machine, self.mark)

    def _cloud(self, world: World) -> DepartmentCloud:
        from citycloud.drivers.department_cloud import DepartmentCloud

        return world[DepartmentCloud]

    def _missing(self, cloud: DepartmentCloud) -> list[Opening]:
        there = {
            (machine, rule["direction"], rule["port_range_min"], str(rule["remote_ip_prefix"]).partition("/")[0])
            for machine in sorted({one.machine for one in self.openings})
            for rule in cloud.rules(self.site, machine, self.mark)
        }
        return [one for one in self.openings if (one.machine, one.direction, one.port, one.remote) not in there]
