"""citycloud: declare a city once; plan, run, verify and report its clouds, moves, IPv6 and disaster recovery."""

__version__ = "0.1.0"
