"""Ranges that the lab takes for its own lines by default. Standard library only."""

INFRASTRUCTURE_IPV4 = "10.200.0.0/24"
INFRASTRUCTURE_IPV6 = "2001:db8:ff::/48"
"""Point-to-point lines: to this machine, to the carriers, between carriers."""
