"""How much of a long walk is tried: a draw of it in every run, all of it in `make trials ARGS=walks`."""

import os
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

IS_WHOLE = os.environ.get("DOPUSK_WHOLE_WALKS") == "1"


def drawn(of: Sequence[T], most: int) -> list[T]:
    """At most so many, evenly apart, the first and the last among them; all of them where walks are whole."""
    if IS_WHOLE or len(of) <= most:
        return list(of)
    return [of[round(place * (len(of) - 1) / (most - 1))] for place in range(most)]


def share_of(of: Sequence[T], turn: int, parts: int) -> list[T]:
    """One part of so many, with the next turn another one; all of them where walks are whole."""
    return list(of) if IS_WHOLE else list(of[turn % parts :: parts])
