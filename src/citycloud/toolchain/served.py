"""What our provider serves, as its ``describe`` prints it, in the shape of the SDK's own description."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from citycloud import proc
from citycloud.toolchain.sdk import Property, Shape, Thing

_TIMEOUT = 60.0


@dataclass(frozen=True)
class Served:
    """One resource or function of the Terraform provider."""

    terraform: str
    thing: Thing
    names: Mapping[str, str]
    """Terraform property to the name it is served under."""


@dataclass(frozen=True)
class Description:
    """All resources and functions by Terraform name; what has no token is not served."""

    version: str
    config: Mapping[str, Property]
    resources: Mapping[str, Served]
    functions: Mapping[str, Served]


def describe(provider: Path, how: str = "describe") -> Description:
    """Ask ``provider``; ``describe-unnamed`` leaves the table's tokens and names out."""
    said = json.loads(proc.run([str(provider), how], timeout=_TIMEOUT).stdout)
    return Description(
        version=said["version"],
        config=_properties(said["config"], inputs=True),
        resources={name: _served(name, thing) for name, thing in said["resources"].items()},
        functions={name: _served(name, thing) for name, thing in said["functions"].items()},
    )


def _served(terraform: str, said: dict[str, Any]) -> Served:
    every = said["properties"]
    thing = Thing(said["token"], _properties(every, inputs=True), _properties(every, inputs=False))
    return Served(terraform, thing, {one["terraform"]: name for name, one in every.items()})


def _properties(said: dict[str, Any], *, inputs: bool) -> dict[str, Property]:
    """Only what programs may give, if ``inputs``; else all there is to see. Inside an object all can be given."""
    return {
        name: Property(_shape(one["shape"]), one["required"])
        for name, one in said.items()
        if one["input"] or not inputs
    }


def _shape(said: dict[str, Any]) -> Shape:
    of = _shape(said["of"]) if said.get("of") else None
    return Shape(said["type"], of, _properties(said.get("properties") or {}, inputs=False))
