"""The runner: the only loop over Steps that there is. Migration, IPv6 and DR are Plans for it."""
