"""What each cloud holds, said exactly and without doing anything: the input of ``infra/`` and of every check. Pure."""

from citycloud.cloud.layout.department import department_layout
from citycloud.cloud.layout.site import site_layout
from citycloud.cloud.layout.stacks import Stack, stack_named, stacks
from citycloud.cloud.layout.values import DepartmentLayout, SiteLayout, as_json

__all__ = [
    "DepartmentLayout",
    "SiteLayout",
    "Stack",
    "as_json",
    "department_layout",
    "site_layout",
    "stack_named",
    "stacks",
]
