"""The door to the service screen: a PIN, and a pause after too many wrong ones."""

from dataclasses import dataclass

MOST_WRONG_PINS = 5
PAUSE_S = 300.0


@dataclass(slots=True)
class ServiceDoor:
    """Counts wrong PINs. Times are seconds of the monotonic clock, handed in."""

    wrong: int = 0
    locked_until_s: float = 0.0

    def locked_for_s(self, now_s: float) -> float:
        """Seconds until a PIN may be tried again; 0 if at once."""
        return max(0.0, self.locked_until_s - now_s)

    def tried(self, *, right: bool, now_s: float) -> None:
        """Book a try. The pause begins after `MOST_WRONG_PINS` wrong ones in a row."""
        if right:
            self.wrong = 0
            return
        self.wrong += 1
        if self.wrong >= MOST_WRONG_PINS:
            self.wrong, self.locked_until_s = 0, now_s + PAUSE_S
