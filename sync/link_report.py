"""The state of the connection to the centre for the kiosk and the metrics: connected or not, how much waits, and why."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sync import metrics
from sync.outbox import Backlog, Outbox

LinkCode = Literal[
    "",
    "connecting",
    "disconnected",
    "certificate_expired",
    "topics_refused",
    "qos_refused",
    "nobody_listens",
    "no_receipts",
    "store_trouble",
    "sync_ended",
    "no_sync_process",
]
"""Why nothing gets through, for screens in any language; empty while everything does."""

NO_RECEIPTS = "no receipts come: the broker or the centre's ingest stands still (centre's administrator)"
NO_SYNC_PROCESS = "the sync process is not running (service engineer: systemctl status dopusk-sync)"

_REPORT_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class LinkReport:
    """What the kiosk may know of the way to the centre. `backlog` is None where nobody has counted: count in the store."""

    connected: bool
    backlog: Backlog | None
    reason: str
    code: LinkCode = ""


class LinkReporter:
    """Tells what has changed, at most a few times a second. `connected` is the forwarder's to set."""

    def __init__(self, tell: Callable[[LinkReport], None]) -> None:
        self._tell = tell
        self.connected = False
        self.code: LinkCode = "connecting"
        self.reason = "not connected yet"
        self._backlog: Backlog | None = None
        self._told: LinkReport | None = None
        self._next_s = 0.0
        self._is_stale = True

    def because(self, code: LinkCode, reason: str) -> None:
        """Why nothing gets through; told at the next look."""
        self.code, self.reason = code, reason
        self._is_stale = True

    def well(self) -> None:
        """Nothing stands in the way."""
        self.because("", "")

    def changed(self) -> None:
        """Something may be told otherwise now."""
        self._is_stale = True

    def due_in_s(self, now_s: float) -> float | None:
        """Seconds until the next look makes sense; None while there is nothing to tell."""
        return max(0.0, self._next_s - now_s) if self._is_stale else None

    def look(self, outbox: Outbox, now_s: float) -> None:
        """Count what waits and tell, if it is time to (`now_s` is monotonic)."""
        if now_s < self._next_s or not self._is_stale:
            return
        self._next_s, self._is_stale = now_s + _REPORT_EVERY_S, False
        backlog = self._backlog = outbox.backlog()
        metrics.queued.set(backlog.queued)
        metrics.parked.set(backlog.parked)
        metrics.connected.set(self.connected)
        oldest = backlog.oldest_at
        age_s = 0.0 if oldest is None else (datetime.now(UTC) - datetime.fromisoformat(oldest)).total_seconds()
        metrics.oldest_s.set(max(0.0, age_s))
        self.say(self.code, self.reason)

    def say(self, code: LinkCode, reason: str) -> None:
        """Tell at once, with the counts of the last look; silent if nothing has changed."""
        report = LinkReport(self.connected, self._backlog, reason, code)
        if report != self._told:
            self._told = report
            self._tell(report)
