"""Waves by OR-tools' CP-SAT: one worker, a fixed seed and a deterministic limit, so that the same problem always has
the same answer, however fast the machine. Pure: no clock takes part.

What is made small: first the last window that is used, then the sum over all units of weight times window.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from citycloud.migrate.waves.ledger import Ledger
from citycloud.migrate.waves.problem import Problem, Unit

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import CpModel, CpSolver, IntVar

SEED = 20988
LIMIT = 12.0
"""Of CP-SAT's own deterministic time, about seconds of one core; no wall clock takes part."""
Status = Literal["optimal", "feasible", "infeasible", "unknown", "missing"]


@dataclass(frozen=True)
class Solved:
    status: Status
    """``unknown``: nothing found within the limit; ``missing``: OR-tools is not installed."""
    placed: dict[str, int] = field(default_factory=dict)


@dataclass
class _Model:
    """A problem as CP-SAT takes it: for each unit and window it may move in, whether it does."""

    problem: Problem
    cp: CpModel
    last: int
    """The last window that is of use."""
    left_out: frozenset[str]
    """Constraints that do not count: names as conflict.py has them."""
    moves: dict[tuple[str, int], IntVar] = field(default_factory=dict)

    def windows(self, unit: Unit) -> list[int]:
        return [at for at in range(self.last + 1) if (unit.name, at) in self.moves]

    def window(self, unit: Unit) -> Any:  # noqa: ANN401 (an expression of CP-SAT's)
        return sum(at * self.moves[unit.name, at] for at in self.windows(unit))

    def counts(self, name: str) -> bool:
        return name not in self.left_out


def solve(problem: Problem, hint: Ledger | None = None, limit: float = LIMIT) -> Solved:
    """The best plan found; ``hint`` is a plan to begin from, whose last window no better plan passes."""
    last = max(hint.placed.values(), default=0) if hint else len(problem.slots) - 1
    model = _model(problem, last, frozenset())
    if model is None:
        return Solved("missing")
    if hint is not None:
        for unit in problem.units:
            for at in model.windows(unit):
                model.cp.add_hint(model.moves[unit.name, at], int(hint.placed[unit.name] == at))
    _make_small(model)
    return _answer(model, limit)


def is_possible(problem: Problem, left_out: Iterable[str] = (), limit: float = LIMIT) -> Solved:
    """Whether any plan keeps all constraints but those left out; its windows are not the best ones."""
    model = _model(problem, len(problem.slots) - 1, frozenset(left_out))
    return Solved("missing") if model is None else _answer(model, limit)


def _model(problem: Problem, last: int, left_out: frozenset[str]) -> _Model | None:
    try:
        from ortools.sat.python import cp_model
    except ImportError:
        return None
    model = _Model(problem, cp_model.CpModel(), last, left_out)
    for unit in problem.units:
        for at in range(last + 1):
            if at not in unit.closed or f"closed {unit.name}" in left_out:
                model.moves[unit.name, at] = model.cp.new_bool_var(f"{unit.name} in {at}")
        model.cp.add_exactly_one([model.moves[unit.name, at] for at in model.windows(unit)])
    _keep_order(model)
    for id_ in sorted(problem.resources):
        if model.counts(id_):
            _keep_within(model, id_)
    return model


def _keep_order(model: _Model) -> None:
    by_name = {unit.name: unit for unit in model.problem.units}
    for unit in model.problem.units:
        for need in unit.needs:
            if model.counts(f"needs {unit.name} {need}"):
                model.cp.add(model.window(unit) >= model.window(by_name[need]) + model.problem.apart)


def _keep_within(model: _Model, id_: str) -> None:
    """In every window, what stays of all units up to it and what passes in it are within the limit."""
    resource = model.problem.resources[id_]
    taking = [(unit, unit.takes[id_]) for unit in model.problem.units if id_ in unit.takes]
    most = sum(take.stays + take.passes for _, take in taking)
    for at in range(model.last + 1):
        if most > resource.limits[at]:
            terms = []
            for unit, take in taking:
                if take.stays:
                    terms += [take.stays * model.moves[unit.name, to] for to in model.windows(unit) if to <= at]
                if take.passes and (unit.name, at) in model.moves:
                    terms.append(take.passes * model.moves[unit.name, at])
            model.cp.add(sum(terms) <= resource.limits[at])


def _make_small(model: _Model) -> None:
    units = model.problem.units
    latest = model.cp.new_int_var(0, model.last, "latest")
    for unit in units:
        model.cp.add(latest >= model.window(unit))
    heaviest = sum(unit.weight for unit in units) * (model.last + 1) + 1
    model.cp.minimize(heaviest * latest + sum(unit.weight * model.window(unit) for unit in units))


def _answer(model: _Model, limit: float) -> Solved:
    from ortools.sat.python import cp_model

    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = SEED
    solver.parameters.max_deterministic_time = limit
    found = solver.solve(model.cp)
    names: dict[Any, Status] = {
        cp_model.OPTIMAL: "optimal",
        cp_model.FEASIBLE: "feasible",
        cp_model.INFEASIBLE: "infeasible",
    }
    status = names.get(found, "unknown")
    return Solved(status, _placed(model, solver) if status in ("optimal", "feasible") else {})


def _placed(model: _Model, solver: CpSolver) -> dict[str, int]:
    return {name: at for (name, at), moves in model.moves.items() if solver.boolean_value(moves)}
