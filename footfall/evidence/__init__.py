"""What happened, and whether it is as it should be: ledger lines, checkers, verdict.

Imports no other room: the judge must not share a bug with the accused. Everything it needs to know of a run (which
states and places there are, which events were meant to be bad) is embedded in the manifest as compiled expectations.
"""
