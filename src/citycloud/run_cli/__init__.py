"""The commands of the runner: the same verbs for every domain's Plans."""
