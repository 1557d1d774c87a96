"""The window: which messages are on their way without a receipt, and when each is due again. Bounded, and no I/O."""

from collections.abc import Container, Sequence
from dataclasses import dataclass

from sync.contract.topics import Up
from sync.outbox import OutboxRow
from sync.policy import MEDIA_WINDOW, WINDOW, Backoff


@dataclass(slots=True)
class _InFlight:
    mid: int
    is_media: bool
    due_s: float
    failures: int
    first_s: float
    unheard: bool = False


class Window:
    """Messages in flight, by their number in the outbox. Times are seconds of the monotonic clock."""

    def __init__(self, patience: Backoff) -> None:
        self._patience = patience
        self._in_flight: dict[int, _InFlight] = {}
        self._overdue_since_s: dict[int, float] = {}

    @property
    def seqs(self) -> Container[int]:
        """The numbers in flight."""
        return self._in_flight.keys()

    def __len__(self) -> int:
        return len(self._in_flight)

    def add(self, row: OutboxRow, mid: int, now_s: float, failures: int, uniform: float) -> None:
        """A message was published; `failures` earlier tries of it had no receipt."""
        due_s = now_s + self._patience.delay_s(failures, uniform)
        first_s = self._overdue_since_s.pop(row.seq, now_s)
        self._in_flight[row.seq] = _InFlight(mid, row.kind is Up.MEDIA, due_s, failures, first_s)

    def close(self, seqs: Sequence[int]) -> None:
        """Their receipts are committed."""
        for seq in seqs:
            self._in_flight.pop(seq, None)
            self._overdue_since_s.pop(seq, None)

    def room(self, *, probing: bool) -> tuple[int, int]:
        """How many more may be published, and how many of them may be chunks of media."""
        free = 1 if probing else WINDOW - len(self._in_flight)
        media = sum(1 for flight in self._in_flight.values() if flight.is_media)
        return max(0, free), max(0, MEDIA_WINDOW - media)

    def next_due_s(self) -> float | None:
        """When the first of them is due again; None while none is on its way."""
        return min((flight.due_s for flight in self._in_flight.values()), default=None)

    def unanswered_since_s(self) -> float | None:
        """When the first of those that somebody must have got was first published; None while there is none."""
        got = (flight.first_s for flight in self._in_flight.values() if not flight.unheard)
        return min((*got, *self._overdue_since_s.values()), default=None)

    def take_overdue(self, now_s: float) -> dict[int, int]:
        """Take out what is due again: number and failures so far, this one included."""
        overdue = [seq for seq, flight in self._in_flight.items() if flight.due_s <= now_s]
        failures = {}
        for seq in overdue:
            flight = self._in_flight.pop(seq)
            failures[seq] = flight.failures + 1
            if not flight.unheard:
                self._overdue_since_s[seq] = flight.first_s
        return failures

    def all_due(self, now_s: float) -> None:
        """The broker has forgotten us: everything is due at once, and nothing counts as a failure of the centre's."""
        for flight in self._in_flight.values():
            flight.due_s, flight.failures, flight.first_s = now_s, 0, now_s
        self._overdue_since_s.clear()

    def unheard(self, mid: int, due_s: float) -> None:
        """The message with that packet id reached nobody."""
        for flight in self._in_flight.values():
            if flight.mid == mid:
                flight.due_s, flight.unheard = min(flight.due_s, due_s), True

    def unheard_due(self, now_s: float) -> None:
        """Somebody takes messages again: what reached nobody is due."""
        for flight in self._in_flight.values():
            if flight.unheard:
                flight.due_s = now_s
