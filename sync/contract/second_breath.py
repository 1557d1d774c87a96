"""When the second breath came: 15 to 25 minutes after the first one that was not zero (262n). Pure; says, and decides nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

EARLIEST_MIN, LATEST_MIN = 15, 25
"""Ends inside. Alcohol of the mouth has vanished by then; later, that of the blood has fallen."""


@dataclass(frozen=True, slots=True)
class SecondBreath:
    """`minutes`: whole ones that lay between the breaths."""

    state: Literal["early", "in_time", "late"]
    minutes: int


def second_breath(breaths: Sequence[tuple[datetime, float]], limit: float) -> SecondBreath | None:
    """Of breaths with values in mg/L, in their order; None where none was above `limit`, or none came after it.

    The moments are those of one clock; whoever has set it between has made this answer worthless.
    """
    for place, (at, value) in enumerate(breaths[:-1]):
        if value > limit:
            seconds = (breaths[place + 1][0] - at).total_seconds()
            if seconds < EARLIEST_MIN * 60:
                return SecondBreath("early", int(max(seconds, 0) // 60))
            # A breath 25 minutes and some seconds after the first one is 25 minutes after it.
            minutes = int(seconds // 60)
            return SecondBreath("in_time" if minutes <= LATEST_MIN else "late", minutes)
    return None
