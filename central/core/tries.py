"""Rules of lock-out: the number of wrong secrets, and the length of the lock. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Tries:
    """Failures at one door so far."""

    failures: int
    failed_at: datetime | None
    locked_until: datetime | None

    def are_locked(self, now: datetime) -> bool:
        """Whether the door is closed now."""
        return self.locked_until is not None and self.locked_until > now

    def counted(self, limit: "Limit", now: datetime) -> int:
        """Failures that still count."""
        recent = self.failed_at is not None and now - self.failed_at < limit.window
        return self.failures if recent else 0


NO_TRIES = Tries(0, None, None)


@dataclass(frozen=True, slots=True)
class Limit:
    """So many failures within `window` of each other close a door for `lock`."""

    failures: int
    window: timedelta
    lock: timedelta

    def after_failure(self, tries: Tries, now: datetime) -> Tries:
        """What is written after one more failure. The failure that closes the door begins the count anew."""
        failures = tries.counted(self, now) + 1
        if failures >= self.failures:
            return Tries(0, now, now + self.lock)
        return Tries(failures, now, None)
