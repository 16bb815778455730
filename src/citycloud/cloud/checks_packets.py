"""Checks with real packets (probes.py): what is declared passes, what is not is dropped. One function for each Kind."""

from __future__ import annotations

from citycloud.cloud.probes import CAME_THROUGH, Packets, way
from citycloud.cloud.requirements import Requirement
from citycloud.cloud.verify_evidence import Saw


def test_open(requirement: Requirement, packets: Packets, saw: Saw) -> None:
    answer, seconds = _tried(requirement, packets, saw)
    assert answer in CAME_THROUGH, f"the connection did not come through: {answer} after {seconds:.1f} s"


def test_shut(requirement: Requirement, packets: Packets, saw: Saw) -> None:
    answer, seconds = _tried(requirement, packets, saw)
    assert answer == "timeout", f"it was not dropped: {answer} after {seconds:.2f} s"
    passes = packets.ways.get(way(requirement))
    assert passes is not False, "no declared connection between these two came through either: this proves nothing"
    saw("another connection between the two came through" if passes else "nothing is declared between the two")


def _tried(requirement: Requirement, packets: Packets, saw: Saw) -> tuple[str, float]:
    """How the try ended. Only a try against a listener that was there, before and after, proves anything."""
    want = requirement.want
    for end in (want["source"], want["target"]):
        assert end not in packets.faults, f"{end} could not take part: {packets.faults[end]}"
    answer, seconds = packets.tries[requirement.id]
    before, after = packets.home[requirement.id]
    saw(
        f"[{want['address']}]:{want['port']}: {answer} after {seconds:.2f} s "
        f"(its own calls before: {before}, after: {after})"
    )
    for home in (before, after):
        assert home in CAME_THROUGH, f"nothing listens on the target ({home}): this proves nothing"
    return answer, seconds
