"""Faults planted in the running lab, each undone whatever happens: one at least for every kind of check.

A plant is a context manager: it makes its fault and takes it back. Most change something of machines without guests,
which nobody uses; those on real instances change nothing that outlasts them.
"""

from . import capacity, departments, inside, machines, packets
from .plant import CITYCLOUD, PLANTS, Plant, World

__all__ = ["CITYCLOUD", "PLANTS", "Plant", "World", "capacity", "departments", "inside", "machines", "packets"]
