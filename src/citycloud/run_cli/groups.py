"""``citycloud observe ...`` and ``citycloud plan ...``: each domain brings its own commands into these two groups.

A domain's module has ``register(observe, plan)``; it is listed here and imported when the command line is built, so it
imports neither drivers nor solvers at its top.
"""

from __future__ import annotations

from importlib import import_module

import typer

DOMAINS: tuple[str, ...] = ("citycloud.migrate.cli",)
"""Modules with a ``register(observe: Typer, plan: Typer)``."""


def register(app: typer.Typer) -> None:
    """Add both groups, with what the domains bring."""
    observe = typer.Typer(no_args_is_help=True, help="See how something is now, and keep it: -o FILE. Changes nothing.")
    plan = typer.Typer(
        no_args_is_help=True,
        help="Make a Plan from the City, people's choices and what was seen (--seen FILE): -o FILE. Changes nothing.",
    )
    for name in DOMAINS:
        import_module(name).register(observe, plan)
    for group, called in ((observe, "observe"), (plan, "plan")):
        if group.registered_commands or group.registered_groups:
            app.add_typer(group, name=called)
