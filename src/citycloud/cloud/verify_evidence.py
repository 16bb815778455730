"""What checks share: the cloud as it was seen, the evidence they leave, and comparisons that say what differs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from citycloud.cloud.verify_seen import Seen, connect, observe

Saw = Callable[[str], None]
"""Call it with what was seen; it is the result's evidence, whether the check passes or not."""
LONGEST = 400


@dataclass
class Sites:
    """The clouds, each observed once, when the first check asks for it; all at the same time."""

    sites: tuple[str, ...]
    _found: dict[str, Future[Seen]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, site: str) -> Seen:
        """Raises CitycloudError, or openstacksdk's errors, where the site's cloud cannot be read."""
        with self._lock:
            if not self._found:
                pool = ThreadPoolExecutor(len(self.sites))
                self._found.update({each: pool.submit(_observed, each) for each in self.sites})
                pool.shutdown(wait=False)
        return self._found[site].result()


def _observed(site: str) -> Seen:
    return observe(site, connect(site))


def same(want: object, have: object, what: str = "") -> None:
    """Raises AssertionError that says in which parts ``have`` differs from ``want``."""
    if want == have:
        return
    told = _difference(want, have) if isinstance(want, Mapping) and isinstance(have, Mapping) else _pair(want, have)
    raise AssertionError(f"{what}: {told}" if what else told)


def _pair(want: object, have: object) -> str:
    return f"is {_short(have)}, should be {_short(want)}"


def _difference(want: Mapping[str, Any], have: Mapping[str, Any]) -> str:
    parts = []
    for name in [*want, *(name for name in have if name not in want)]:
        if name not in have:
            parts.append(f"{name} is missing, should be {_short(want[name])}")
        elif name not in want:
            parts.append(f"{name} should not be there: {_short(have[name])}")
        elif want[name] != have[name]:
            parts.append(f"{name} {_pair(want[name], have[name])}")
    return "; ".join(parts)


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
