"""The extranet (电子政务外网) as it is before IPv6: its routers, hosts and lines in a lab, and what they are configured
with. Pure so far: nothing here starts anything."""
