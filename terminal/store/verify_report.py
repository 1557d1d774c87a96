"""The report of `verify` for a terminal's store: its counts, and the keys it is checked against."""

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sync.contract.verify_report import ToldSeal, VerifyReport
from terminal.store.media_files import MediaFiles


@dataclass(slots=True, kw_only=True)
class StoreReport(VerifyReport):
    """What was looked at in a terminal's store, and what is wrong with it."""

    events: int = 0
    exams: int = 0
    messages: int = 0
    receipts: int = 0
    incoming: int = 0
    seal_head: ToldSeal | None = None
    """The newest seal of the centre that its receipts name: what the centre's own store can be held against."""
    media: int = 0


@dataclass(frozen=True, slots=True)
class Expected:
    """What the store is checked against. Without the centre's key, what came from it is compared and not verified."""

    terminal_key: Ed25519PublicKey
    centre_key: Ed25519PublicKey | None = None
    media: MediaFiles | None = None
