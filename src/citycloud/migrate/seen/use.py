"""Use over time: samples of a host's processor, memory, disks and lines, and what may be read from them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from math import ceil

from pydantic import Field

from citycloud.city.model import Noun


class Sample(Noun):
    """Means over the time since the sample before."""

    at_seconds: float = Field(ge=0)
    """Since measuring began."""
    cpu_cores: float = Field(ge=0)
    """Cores that were busy."""
    memory_mib: float = Field(ge=0)
    """In use: total less available, which is what the kernel could not give back."""
    read_kib: float = Field(ge=0, default=0.0)
    """KiB a second, as the three that follow."""
    written_kib: float = Field(ge=0, default=0.0)
    received_kib: float = Field(ge=0, default=0.0)
    sent_kib: float = Field(ge=0, default=0.0)


class Use(Noun):
    """One stretch of measuring."""

    began: datetime
    seconds: float = Field(ge=0)
    """How long was measured, all stretches together where Observations were merged."""
    samples: tuple[Sample, ...] = ()

    def percentile(self, of: Callable[[Sample], float], percent: int) -> float:
        """The smallest sample that at least ``percent`` (1 to 100) of all samples do not exceed; 0 for none.

        The nearest-rank definition: always a value that was measured.
        """
        values = sorted(of(sample) for sample in self.samples)
        return values[max(ceil(len(values) * percent / 100), 1) - 1] if values else 0.0
