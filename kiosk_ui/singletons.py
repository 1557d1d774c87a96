"""Keeps None, True and False alive under PySide6 builds that lose references to them.

PySide6 6.12.0 is built for interpreters whose singletons are immortal (Python 3.12, PEP 683). Under 3.11 each of its calls
that returns None, True or False takes one reference too many; after some hundred signals the interpreter aborts with
"deallocating True or False". 6.11.3 does not. Until no such build can be met, the singletons get what newer interpreters
give them: a count that no program lives to use up.
"""

import ctypes
import sys

IMMORTAL = 1 << 40
"""At a thousand lost references a second this lasts for 34 years."""


def keep_singletons_alive() -> None:
    """Raise the counts of None, True and False far out of reach. Does nothing where they are immortal already."""
    if sys.version_info >= (3, 12) or sys.implementation.name != "cpython":
        return
    for singleton in (None, True, False):
        if sys.getrefcount(singleton) < IMMORTAL // 2:
            ctypes.c_ssize_t.from_address(id(singleton)).value += IMMORTAL
