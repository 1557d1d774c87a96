"""Each promise without the line that keeps it: one patch per promise, and the test that must go red without the line.

A patch begins with a head of `Key: value` lines (`Promise`, `Said`, `Keeps`, `Test`; a value may go on in indented lines) and goes
on as `git diff` writes it. `make prove` applies each patch to a copy of the sources and runs its test there.
"""
