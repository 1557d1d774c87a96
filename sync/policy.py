"""The times of retries: exponential back-off with full jitter, as pure functions.

The random number is handed in, so that a test can say what it was.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Delays grow from `first_s` by `factor` up to `most_s`; jitter spreads a fleet that lost its broker at once."""

    first_s: float = 0.25
    most_s: float = 30.0
    factor: float = 2.0

    def delay_s(self, failures: int, uniform: float) -> float:
        """Seconds to wait after so many failures in a row; `uniform` is a random number from 0 to 1.

        At least half of the full delay is kept, so that a broken broker is never hammered.
        """
        full = min(self.most_s, self.first_s * self.factor ** min(failures, 30))
        return full * (0.5 + 0.5 * uniform)


RECEIPT_PATIENCE_S = 10.0
"""How long a published message waits for its receipt before it is published again."""

WINDOW = 500
"""Messages in flight without a receipt: memory stays bounded whatever the backlog. Enough for ingest to have a batch in
work and one waiting."""

MEDIA_WINDOW = 4
"""Chunks of media in flight: at 175 kB each, more would make an exam wait behind them on a thin line."""

UNHEARD = Backoff(first_s=0.25, most_s=5.0)
"""While nobody at the centre takes messages, one is sent now and then to see whether somebody does again."""

STORE_RETRY = Backoff(first_s=0.1, most_s=5.0)
"""While the terminal's own store cannot be written (full, locked)."""
