"""Assessment: what an Observation means for a move. What blocks it, what a person has to choose, what to know. Pure."""

from citycloud.migrate.assess.assess import Assessment, assess
from citycloud.migrate.assess.concern import Concern
from citycloud.migrate.assess.measured import measured
from citycloud.migrate.assess.sizing import Sized

__all__ = ["Assessment", "Concern", "Sized", "assess", "measured"]
