"""Where our provider and the installed SDK differ: tokens, inputs, outputs, types, what must be given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from citycloud.toolchain.sdk import Property, Sdk, Shape, Thing
from citycloud.toolchain.served import Description, Served

WRITTEN_BY_BRIDGE = frozenset({"id"})
"""Outputs that every resource and function has without being in the Terraform schema."""


def differences(sdk: Sdk, served: Description) -> list[str]:
    """Each difference as one sentence; none when a program for the SDK finds all it may name."""
    return [
        *([f"version: SDK {sdk.version}, provider {served.version}"] if sdk.version != served.version else []),
        *_properties("provider, input", sdk.config, served.config, required=True),
        *_things("resource", sdk.resources, served.resources, required=True),
        # A function of the SDK takes each argument as if it were optional.
        *_things("function", sdk.functions, served.functions, required=False),
    ]


def _things(kind: str, wanted: Mapping[str, Thing], served: Mapping[str, Served], *, required: bool) -> Iterator[str]:
    have = {one.thing.token: one.thing for one in served.values() if one.thing.token}
    for token in sorted(wanted.keys() - have.keys()):
        yield f"{kind} {token}: not served"
    for token in sorted(have.keys() - wanted.keys()):
        yield f"{kind} {token}: served, but not in the SDK"
    for token in sorted(wanted.keys() & have.keys()):
        yield from _properties(f"{token}, input", wanted[token].inputs, have[token].inputs, required=required)
        yield from _properties(f"{token}, output", _seen(wanted[token]), _seen(have[token]), required=False)


def _seen(thing: Thing) -> dict[str, Property]:
    return {name: found for name, found in thing.outputs.items() if name not in WRITTEN_BY_BRIDGE}


def _properties(
    where: str, wanted: Mapping[str, Property], have: Mapping[str, Property], *, required: bool
) -> Iterator[str]:
    for name in sorted(wanted.keys() - have.keys()):
        yield f"{where} {name}: in the SDK, not served"
    for name in sorted(have.keys() - wanted.keys()):
        yield f"{where} {name}: served, not in the SDK"
    for name in sorted(wanted.keys() & have.keys()):
        yield from _shapes(f"{where} {name}", wanted[name].shape, have[name].shape, required=required)
        if required and wanted[name].required != have[name].required:
            yield f"{where} {name}: required is {wanted[name].required} in the SDK, {have[name].required} here"


def _shapes(where: str, wanted: Shape, have: Shape, *, required: bool) -> Iterator[str]:
    if wanted.type != have.type:
        yield f"{where}: {wanted.type} in the SDK, {have.type} here"
    elif wanted.of and have.of:
        yield from _shapes(f"{where}[]", wanted.of, have.of, required=required)
    else:
        yield from _properties(f"{where}.", wanted.properties, have.properties, required=required)
