"""Keeps a double touch from pressing a button that has just appeared. Pure; times are passed in.

No press counts while a screen is new, by whatever way it comes, and no second answer follows the first one at once.
"""

from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(slots=True)
class TouchGuard:
    """Times are seconds of the monotonic clock. `hold_s`: how long a screen must have been seen before a press counts."""

    hold_s: float
    _screen: Hashable = None
    _seen_since_s: float = float("-inf")
    _is_drawn: bool = True
    _answered_s: float = float("-inf")

    def shown(self, screen: Hashable, now_s: float) -> None:
        """`screen` is to be seen now: whatever tells one set of buttons from another."""
        if screen != self._screen:
            self._screen, self._seen_since_s, self._is_drawn = screen, now_s, False

    def drawn(self, now_s: float) -> None:
        """A frame is on the glass: only now can anybody see the screen that was shown last."""
        if not self._is_drawn:
            self._seen_since_s, self._is_drawn = now_s, True

    def answered(self, now_s: float) -> None:
        """A press told the terminal something; the terminal's own answer to it is still to come."""
        self._answered_s = now_s

    def may_press(self, now_s: float) -> bool:
        """Whether a press counts, one that types or marks something."""
        return now_s - self._seen_since_s >= self.hold_s

    def may_answer(self, now_s: float) -> bool:
        """Whether a press may tell the terminal something."""
        return self.may_press(now_s) and now_s - self._answered_s >= self.hold_s
