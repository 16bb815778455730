"""The department's machines: its own Pulumi stack, with its own credential, and nobody else's."""

from __future__ import annotations

from typing import ClassVar

from citycloud.action import Action, Tell, World
from citycloud.errors import CitycloudError


class Provision(Action):
    kind: ClassVar[str] = "migrate/provision"
    stack: str
    """``east-water``."""
    machines: tuple[str, ...]
    """Ids that must stand in it."""

    def reached(self, world: World) -> bool:
        from citycloud.drivers.department_stack import DepartmentStack

        return set(self.machines) <= world[DepartmentStack].machines(self.stack)

    def act(self, world: World, tell: Tell) -> None:
        from citycloud.drivers.department_stack import DepartmentStack

        tell(f"pulumi up -s {self.stack}")
        world[DepartmentStack].up(self.stack, tell.left().total_seconds())

    def undo(self, world: World) -> None:
        """Machines are taken down by name only, by a person: others of the department's systems stand there too."""
        if self.reached(world):
            raise CitycloudError(f"{self.stack}: its machines stay; to take them down: citycloud destroy --release")
