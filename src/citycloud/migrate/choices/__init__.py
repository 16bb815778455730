"""What people decide about moving: the city's waves, and each department's moves. Read from ``migrations/``."""

from citycloud.migrate.choices.load import Migrations, load_migrations, read
from citycloud.migrate.choices.model import (
    Approvals,
    Delivery,
    Demand,
    DepartmentChoices,
    Frozen,
    Line,
    LineHours,
    MoveChoices,
    Rehearsal,
    Sizing,
    Source,
    SystemChoices,
    Team,
    WaveChoices,
    WeekWindow,
)

__all__ = [
    "Approvals",
    "Delivery",
    "Demand",
    "DepartmentChoices",
    "Frozen",
    "Line",
    "LineHours",
    "Migrations",
    "MoveChoices",
    "Rehearsal",
    "Sizing",
    "Source",
    "SystemChoices",
    "Team",
    "WaveChoices",
    "WeekWindow",
    "load_migrations",
    "read",
]
