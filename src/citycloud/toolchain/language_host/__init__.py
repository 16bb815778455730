"""A Python language host for Pulumi, for where the official ``pulumi-language-python`` is missing.

The engine starts it with its own address as the last argument, reads a port from the first line it prints, and asks it
to run programs (``pulumirpc.LanguageRuntime``). ``program.py`` is what a program runs in: it needs no citycloud.
"""
