"""What is looked for in a case: one file for each kind of thing. A rule yields Concerns, and asks nobody anything."""
