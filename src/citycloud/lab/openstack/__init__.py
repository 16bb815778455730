"""Two real OpenStack clouds (Zed, as Debian 12 ships it) on the lab's hosts."""
