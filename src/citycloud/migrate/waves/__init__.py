"""All Systems into waves (迁移批次): who moves when, why then, and what stands against it where nothing fits. Pure."""

from citycloud.migrate.waves.demand import Measured
from citycloud.migrate.waves.plan import Placement, Wave, WavePlan, plan_waves
from citycloud.migrate.waves.problem import Problem, Unit, problem_of
from citycloud.migrate.waves.resources import Resource

__all__ = ["Measured", "Placement", "Problem", "Resource", "Unit", "Wave", "WavePlan", "plan_waves", "problem_of"]
