"""What the kiosk and the metrics are told of the way to the centre: connected or not, how much waits, and why."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sync import metrics
from sync.outbox import Backlog, Outbox

NO_RECEIPTS = "no receipts come: the broker or the centre's ingest stands still (centre's administrator)"

_REPORT_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class LinkReport:
    """What the kiosk may know of the way to the centre."""

    connected: bool
    backlog: Backlog
    reason: str


class LinkReporter:
    """Tells what has changed, at most a few times a second. `connected` and `reason` are the forwarder's to set."""

    def __init__(self, tell: Callable[[LinkReport], None]) -> None:
        self._tell = tell
        self.connected = False
        self.reason = "not connected yet"
        self._backlog = Backlog(0, 0, None)
        self._told: LinkReport | None = None
        self._next_s = 0.0

    def look(self, outbox: Outbox, now_s: float) -> None:
        """Count what waits and tell, if it is time to (`now_s` is monotonic)."""
        if now_s < self._next_s:
            return
        self._next_s = now_s + _REPORT_EVERY_S
        self._backlog = outbox.backlog()
        metrics.queued.set(self._backlog.queued)
        metrics.parked.set(self._backlog.parked)
        metrics.connected.set(self.connected)
        oldest = self._backlog.oldest_at
        age_s = 0.0 if oldest is None else (datetime.now(UTC) - datetime.fromisoformat(oldest)).total_seconds()
        metrics.oldest_s.set(max(0.0, age_s))
        self.say(self.reason)

    def say(self, reason: str) -> None:
        """Tell at once, with the counts of the last look; silent if nothing has changed."""
        report = LinkReport(self.connected, self._backlog, reason)
        if report != self._told:
            self._told = report
            self._tell(report)
