"""What OpenStack needs of the containers themselves, beyond the lab's own arguments."""

from __future__ import annotations

from citycloud.lab.spec import Role


def nspawn_args(role: Role) -> tuple[str, ...]:
    """A role's own arguments for systemd-nspawn: none so far, as devices that guests need are made inside."""
    del role
    return ()
