from __future__ import annotations

import io

from rich.console import Console

from citycloud.progress import Progress


def test_an_ipv6_address_and_brackets_are_shown_as_they_are() -> None:
    shown = io.StringIO()
    progress = Progress(total=1, console=Console(file=shown, markup=False, emoji=False, width=200))
    with progress.step("route 2001:db8:100::/48 [east]"):
        pass
    assert "route 2001:db8:100::/48 [east] ..." in shown.getvalue()
    assert "1/1] route 2001:db8:100::/48 [east]: done in" in shown.getvalue()
