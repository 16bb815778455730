"""Which kinds of actions there are, and how a domain's World is made: named here, loaded when they are needed.

A domain gives a :class:`Domain` at the place named in :data:`DOMAINS`; planning imports none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module

from pydantic import ValidationError

from citycloud.action import Action, World
from citycloud.city.model import City
from citycloud.errors import BadInput
from citycloud.findings import Finding, Place
from citycloud.plan.model import ActionValue, Plan

DOMAINS: Mapping[str, str] = {
    "migrate": "citycloud.migrate.steps:DOMAIN",
    "trial": "citycloud.drivers.fake:DOMAIN",
}
"""Domain -> ``module:attribute`` of its :class:`Domain`."""


@dataclass(frozen=True)
class Domain:
    """What a domain brings to the runner."""

    name: str
    actions: tuple[type[Action], ...]
    world: Callable[[Plan, City | None], World]
    """Makes the World of a Plan: its drivers with the credentials of the plan's subject, and no others."""


class UnknownKind(LookupError):
    """No action of this kind."""


@dataclass(frozen=True)
class Kinds:
    """The actions that may be used, by kind."""

    by_kind: Mapping[str, type[Action]] = field(default_factory=dict)

    @classmethod
    def of(cls, actions: Iterable[type[Action]]) -> Kinds:
        """Raises ValueError where two actions have one kind."""
        found: dict[str, type[Action]] = {}
        for action in actions:
            if found.setdefault(action.kind, action) is not action:
                raise ValueError(f"two actions are called {action.kind}")
        return cls(found)

    def action(self, value: ActionValue) -> Action:
        """The Action of a Plan's value. Raises UnknownKind, or pydantic's ValidationError for its parameters."""
        if value.kind not in self.by_kind:
            raise UnknownKind(value.kind)
        return self.by_kind[value.kind].model_validate(value.parameters)

    def faults(self, value: ActionValue) -> list[str]:
        """What is wrong with a Plan's value, in words."""
        try:
            action = self.action(value)
        except UnknownKind:
            return [f"there is no action {value.kind}; known: {', '.join(sorted(self.by_kind)) or 'none'}"]
        except ValidationError as fault:
            return [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in fault.errors()]
        if action.irreversible != value.irreversible:
            return [f"says irreversible: {value.irreversible}, but {value.kind} is not so"]
        return []


def domain(name: str) -> Domain:
    """Raises BadInput where no domain has this name."""
    if name not in DOMAINS:
        say = Finding("unknown-domain", Place(object=name), f"known: {', '.join(sorted(DOMAINS))}")
        raise BadInput(f"No domain is called {name}.", [say])
    module, _, attribute = DOMAINS[name].partition(":")
    found = getattr(import_module(module), attribute)
    if not isinstance(found, Domain):
        raise TypeError(f"{DOMAINS[name]} is no Domain")
    return found


def kinds_of(plan: Plan) -> Kinds:
    """The actions of the plan's own domain: a plan of one domain cannot use another's."""
    return Kinds.of(domain(plan.domain).actions)
