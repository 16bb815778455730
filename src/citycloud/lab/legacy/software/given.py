"""What a kind of Software is rendered from."""

from __future__ import annotations

from dataclasses import dataclass, field

from citycloud.lab.legacy.model import RoomHost
from citycloud.lab.legacy.render import password
from citycloud.lab.legacy.spec import LabRoom


@dataclass(frozen=True)
class Given:
    """One host of a room."""

    room: LabRoom
    host: RoomHost
    secret: str = field(repr=False)
    pem: bytes = field(repr=False)
    """Certificate and key of its system; empty where it has none."""

    @property
    def seed(self) -> int:
        return self.room.room.seed

    @property
    def mebibytes(self) -> int:
        return self.room.room.mebibytes

    def password(self, purpose: str) -> str:
        return password(self.secret, self.room.room.id, purpose)

    def address(self, runs: str) -> str:
        """IPv4 address of the room's host that runs ``runs``, as its applications have it written down."""
        return self.room.address(runs)
