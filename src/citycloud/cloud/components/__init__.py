"""What builds a layout with Pulumi: thin ComponentResources, one file for each kind of thing.

They decide nothing: names, numbers and rules are the layout's (``cloud/layout``).
"""

from citycloud.cloud.components.department import Department
from citycloud.cloud.components.site import Site

__all__ = ["Department", "Site"]
