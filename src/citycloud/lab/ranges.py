"""Ranges that the lab takes for itself besides those that the City declares. Standard library only."""

INFRASTRUCTURE_IPV4 = "10.200.0.0/24"
INFRASTRUCTURE_IPV6 = "2001:db8:ff::/48"
"""Point-to-point lines: to this machine, to the carriers, between carriers."""

HOST_PORT = "cclab0"
"""The one device of the lab in this machine's own namespace: goes with the lab."""
