"""Discovery: looking at a department's hosts over SSH without an agent, reading only, into an Observation.

What runs at the source is in ``collectors/``; what it printed is read by ``parse_*`` (pure, tested with output captured
from real hosts); ``observe`` goes to all hosts at once.
"""

from citycloud.migrate.discover.observe import observe
from citycloud.migrate.discover.reach import OpenSsh, Reach, Recorded, Unreachable

__all__ = ["OpenSsh", "Reach", "Recorded", "Unreachable", "observe"]
