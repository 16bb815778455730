"""What every test shares: the summary's list of what could not be proved on this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import settings

# The same examples every time: a run says what has changed, not what was drawn. To look further:
# pytest --hypothesis-profile default tests/unit
settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")

_UNPROVED = pytest.StashKey[list[str]]()

ALWAYS_UNPROVED = (
    "The program was run against the provider built here, not against the official Pulumi plugin: "
    "tokens, inputs and outputs were compared with the official SDK instead.",
)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_UNPROVED] = list(ALWAYS_UNPROVED)


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """A test that is left out of the run is named, not only counted."""
    for item in items:
        item.config.stash[_UNPROVED].append(f"Left out of this run (`make test-long` has it): {item.nodeid}")


@pytest.fixture(scope="session")
def unproved(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Call it with a sentence that says what cannot be proved here, and why; the summary repeats it loudly."""
    return pytestconfig.stash[_UNPROVED].append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    terminalreporter.section("NOT PROVED HERE", sep="!", yellow=True, bold=True)
    for sentence in dict.fromkeys(config.stash[_UNPROVED]):
        terminalreporter.line(f"- {sentence}", yellow=True)
