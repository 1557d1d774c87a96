"""Decides when an open network connection counts as dead: no unit on it answers any more."""

import time

QUESTIONS = 5
AFTER_S = 10.0
_FEWEST = 2


class SilentQuestions:
    """Counts questions without an answer on one line.

    A unit that has answered before must have been asked as well: one dead unit is no reason to drop the living ones.
    """

    def __init__(self) -> None:
        self._living: set[int] = set()
        self._silent: list[int] = []
        self._since_s = 0.0

    def answered(self, unit: int) -> None:
        """Something came from the line."""
        self._living.add(unit)
        self._silent.clear()

    def unanswered(self, unit: int) -> None:
        """Nothing at all came."""
        if not self._silent:
            self._since_s = time.monotonic()
        self._silent.append(unit)

    def opened_anew(self) -> None:
        self._silent.clear()

    @property
    def is_dead(self) -> bool:
        """Five questions, or ten seconds, without any answer."""
        if not self._living <= set(self._silent):
            return False
        asked = len(self._silent)
        return asked >= QUESTIONS or (asked >= _FEWEST and time.monotonic() - self._since_s >= AFTER_S)
