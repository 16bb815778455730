"""Live load from outside: writes whose acknowledgement is on our own disk before it counts, compared by value later.

It stands outside every part that can fail, and trusts none: a write counts once the answer repeats what was sent and
the ledger's line is fsynced; what is there afterwards is asked for, row by row.
"""
