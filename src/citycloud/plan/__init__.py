"""Plans: what will be done, in order and with the reason for the order, as a value that a person can read.

Pure: no driver, no subprocess, no clock. Each domain's planner builds a :class:`~citycloud.plan.model.Plan`.
"""

from citycloud.plan.check import check
from citycloud.plan.diff import Change, diff
from citycloud.plan.file import canonical, digest, digest_of, dumps, loads
from citycloud.plan.model import ActionValue, Approval, Fleet, Gate, Plan, Step, StepId, Weekly, Window
from citycloud.plan.text import describe

__all__ = [
    "ActionValue",
    "Approval",
    "Change",
    "Fleet",
    "Gate",
    "Plan",
    "Step",
    "StepId",
    "Weekly",
    "Window",
    "canonical",
    "check",
    "describe",
    "diff",
    "digest",
    "digest_of",
    "dumps",
    "loads",
]
