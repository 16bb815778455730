from __future__ import annotations

import pytest

from citycloud.toolchain.versions import at_least, numbers, plain


@pytest.mark.parametrize(
    ("have", "wanted", "enough"),
    [
        ("v3.259.0", "3.259.0", True),
        ("v3.260.0", "3.259.0", True),
        ("v3.99.9", "3.259.0", False),
        ("v4.0.0", "3.259.0", True),
        ("v3.259.0-dev.0", "3.259.0", False),
        ("go1.26.8", "1.26", True),
        ("go1.26rc1", "1.26", False),
        ("go1.19.8", "1.26", False),
        ("", "3.259.0", False),
        ("pulumi: not found", "3.259.0", False),
    ],
)
def test_versions_are_compared_as_numbers_and_what_has_none_is_not_enough(have: str, wanted: str, enough: bool) -> None:
    assert at_least(have, wanted) is enough


def test_a_version_is_found_inside_what_a_program_prints() -> None:
    assert numbers("go version go1.26.8 linux/amd64") == (1, 26, 8, 1)
    assert plain("v3.259.0\n") == "3.259.0"
