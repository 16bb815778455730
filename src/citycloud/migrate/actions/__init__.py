"""How a department's systems are moved: one small file for each kind of thing."""
