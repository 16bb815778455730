"""What all components share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

Strings = pulumi.Output[Mapping[str, str]]
"""Names to ids, known when the resources are made."""


class Component(pulumi.ComponentResource):
    """A ComponentResource whose type follows from its class."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(f"citycloud:cloud:{type(self).__name__}", name, {}, opts)

    def child(self, **more: Any) -> pulumi.ResourceOptions:  # noqa: ANN401  # whatever ResourceOptions takes
        """Options of a resource within. Its name or addresses are fixed, so the old one goes before the new comes."""
        return pulumi.ResourceOptions(parent=self, **{"delete_before_replace": True, **more})


def ids(resources: Mapping[str, pulumi.CustomResource]) -> Strings:
    """The resources' ids by the same names."""
    return pulumi.Output.all(**{name: resource.id for name, resource in resources.items()})
