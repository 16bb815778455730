"""Moving departments' systems: what was seen of them, what stands in the way, in which order, what people chose."""
