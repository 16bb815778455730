"""What is run at the source: one small program for each kind of thing. Each reads only, needs nothing installed beyond
POSIX sh or Python 3.7, gets its arguments as JSON, and prints JSON (or, in shell, parts that begin with ``@@ name``).

None of them imports anything of ours: they are sent over SSH and run from standard input. They use os's own functions
rather than pathlib: names may be no text at all, and there may be millions.
"""
