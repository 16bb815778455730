"""Reports: what was checked and what was seen, as one HTML page for people and as JSON for machines.

Nothing here knows a cloud: each domain fills a :class:`~citycloud.report.model.Report` and calls :func:`write`.
"""

from citycloud.report.model import Fact, Figure, Group, Outcome, Report, Result, Section, Stage, Table, Text, both
from citycloud.report.write import Written, write

__all__ = [
    "Fact",
    "Figure",
    "Group",
    "Outcome",
    "Report",
    "Result",
    "Section",
    "Stage",
    "Table",
    "Text",
    "Written",
    "both",
    "write",
]
