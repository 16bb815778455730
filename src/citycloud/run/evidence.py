"""Calling a testinfra check and keeping what it saw. Checks are plain test functions, which pytest can collect too."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from citycloud.action import Evidence

LONGEST = 2000


def prove(check: Callable[..., None], host: object, /, **given: object) -> Evidence:
    """Call ``check(host, **given)``. A check that takes ``saw`` is given a function to tell what it sees.

    AssertionError makes the evidence fail; so does anything else that it raises.
    """
    seen: list[str] = []
    name = f"{check.__module__.removeprefix('citycloud.')}.{check.__qualname__}"
    if "saw" in inspect.signature(check).parameters:
        given["saw"] = seen.append
    try:
        check(host, **given)
    except AssertionError as fault:
        return Evidence(name, False, _short([*seen, str(fault).split("\nassert")[0] or "not so"]), _name(host))
    except Exception as fault:
        return Evidence(name, False, _short([*seen, f"could not be checked: {said(fault)}"]), _name(host))
    told = ", ".join(f"{key}={value}" for key, value in given.items() if key != "saw")
    return Evidence(name, True, _short(seen or [told or "as it should be"]), _name(host))


def said(fault: BaseException) -> str:
    """An exception in words: those of this project speak for themselves."""
    from citycloud.errors import CitycloudError

    text = str(fault).strip()
    own = isinstance(fault, CitycloudError) or type(fault) is RuntimeError
    return (text if own and text else f"{type(fault).__name__}: {text}".rstrip(": "))[:LONGEST]


def _name(host: object) -> str:
    backend = getattr(host, "backend", None)
    return str(getattr(backend, "hostname", "") or "")


def _short(seen: list[str]) -> str:
    return "\n".join(seen)[:LONGEST]
