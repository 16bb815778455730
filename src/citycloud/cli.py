"""The command line: thin. Each domain brings its own commands; errors end with the exit code they carry."""

from __future__ import annotations

import sys

import typer

from citycloud.city.cli import register as register_city
from citycloud.cloud.cli import register as register_cloud
from citycloud.errors import CitycloudError
from citycloud.ipv6.cli import register as register_ipv6
from citycloud.lab.cli import app as lab_app
from citycloud.load.cli import app as load_app
from citycloud.migrate.cli import register_notice
from citycloud.run_cli.acts import register as register_acts
from citycloud.run_cli.backup import register as register_backup
from citycloud.run_cli.groups import register as register_groups
from citycloud.run_cli.keys import register as register_keys
from citycloud.run_cli.plans import register as register_plans
from citycloud.run_cli.report import register as register_report
from citycloud.toolchain.cli import app as toolchain_app

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # the lines of a docstring flow into whatever width there is
    help="Declare a city once; bring its clouds up, verify them, and see what stands.",
)
app.add_typer(lab_app, name="lab")
app.add_typer(load_app, name="load")
app.add_typer(toolchain_app, name="toolchain")
register_city(app)
register_cloud(app)
register_ipv6(app)
register_groups(app)
register_notice(app)
register_plans(app)
register_acts(app)
register_report(app)
register_keys(app)
register_backup(app)


def main() -> None:
    """Run the command line; a CitycloudError is told in its own words, never as a traceback."""
    try:
        app()
    except CitycloudError as error:
        sys.stderr.write(f"citycloud: {error}\n")
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
