"""Write the provider's table from the installed SDK: ``python -m citycloud.toolchain.table PROVIDER``.

Each token of the SDK is paired with the thing of the Terraform provider that has the same properties and is called most
alike; where that does not single one out, it is written here by hand. A test says when the table is no longer current.
"""

from __future__ import annotations

import difflib
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from citycloud.errors import CitycloudError
from citycloud.toolchain import places
from citycloud.toolchain.sdk import Sdk, Thing, read
from citycloud.toolchain.served import Description, Served, describe

ALIKE = 0.75
"""How much of the properties of two things must have the same names for them to be the same thing."""

BY_HAND: Mapping[str, str] = {}
"""Token to Terraform name, where properties and names alike leave a doubt."""


class NoPair(CitycloudError):
    """A token of the SDK has no counterpart in the Terraform provider."""


def _word(token: str) -> str:
    """``openstack:loadbalancer/getFlavorV2:getFlavorV2`` as ``loadbalancerflavorv2``."""
    _, module, member = token.split(":")
    area = module.partition("/")[0].removeprefix("index")
    return (area + re.sub("^get(?=[A-Z])", "", member)).lower()


def _terraform_word(name: str) -> str:
    word = name.removeprefix("openstack_")
    for short, whole in (("lb_", "loadbalancer_"), ("fw_", "firewall_"), ("db_", "database_")):
        word = whole + word.removeprefix(short) if word.startswith(short) else word
    return word.replace("_", "")


def _common(thing: Thing, served: Served) -> float:
    """The share of property names that both have."""
    left, right = set(thing.outputs) - {"id"}, set(served.names.values()) - {"id"}
    return len(left & right) / max(len(left | right), 1)


def _score(thing: Thing, served: Served) -> float:
    """0 for other things, up to 2 for the same properties and the same name."""
    common = _common(thing, served)
    if common < ALIKE:
        return 0.0
    return common + difflib.SequenceMatcher(None, _word(thing.token), _terraform_word(served.terraform)).ratio()


def pair(things: Mapping[str, Thing], served: Mapping[str, Served]) -> dict[str, list[str]]:
    """Terraform name to its token, followed by a former token. Raises NoPair."""
    pairs: dict[str, list[str]] = {}
    for thing in sorted(things.values(), key=lambda one: (one.former, one.token)):
        free = [one for one in served.values() if thing.former or one.terraform not in pairs]
        named = BY_HAND.get(thing.token)
        best = served[named] if named else max(free, key=lambda one: _score(thing, one))
        if not named and not _score(thing, best):
            raise NoPair(f"{thing.token}: nothing in the Terraform provider is like it")
        pairs.setdefault(best.terraform, []).append(thing.token)
    return dict(sorted(pairs.items()))


def overrides(thing: Thing, served: Served) -> dict[str, str]:
    """Terraform property to the SDK's name, where the bridge's rule gives a name that the SDK does not have."""
    left = sorted(thing.outputs.keys() - set(served.names.values()) - {"id"})
    odd = {name: called for name, called in served.names.items() if called not in thing.outputs}
    found = {}
    for name, called in sorted(odd.items()):
        likely = difflib.get_close_matches(called, left, n=1, cutoff=0.4)
        if likely:
            found[name] = likely[0]
            left.remove(likely[0])
    return found


def table(sdk: Sdk, bare: Description) -> dict[str, Any]:
    """The whole table, from the SDK and the provider's description without tokens and names."""
    resources, functions = pair(sdk.resources, bare.resources), pair(sdk.functions, bare.functions)
    names = {name: overrides(sdk.resources[tokens[0]], bare.resources[name]) for name, tokens in resources.items()}
    names |= {
        f"data.{name}": overrides(sdk.functions[tokens[0]], bare.functions[name]) for name, tokens in functions.items()
    }
    return {
        "version": sdk.version,
        "environment": dict(sorted(sdk.environment.items())),
        "names": {name: found for name, found in sorted(names.items()) if found},
        "unmapped": sorted((bare.resources.keys() - resources.keys()) | (bare.functions.keys() - functions.keys())),
        "resources": resources,
        "functions": functions,
    }


def text(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=1) + "\n"


def main() -> None:
    """Write the table; the provider that is asked may have been built with any table, an empty one too."""
    bare = describe(Path(sys.argv[1]), "describe-unnamed")
    (places.sources() / "provider" / "table.json").write_text(text(table(read(), bare)))


if __name__ == "__main__":
    main()
