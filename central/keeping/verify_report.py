"""The report of `verify` for the centre's store: counts, and the keys and heads it is checked against."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from central.core.media_files import MediaFiles
from central.core.trust import Anchors
from central.grounds.document_files import DocumentFiles
from central.signature.algorithms import Algorithms
from central.store.seals import Head
from sync.contract.verify_report import VerifyReport


@dataclass(slots=True, kw_only=True)
class StoreReport(VerifyReport):
    """What was looked at in the centre's store, and what is wrong with it."""

    messages: int = 0
    exams: int = 0
    decisions: int = 0
    outgoing: int = 0
    media: int = 0
    sealed: int = 0
    """Rows of the audit log, of registers' histories and of papers that a seal names."""
    seal_head: Head | None = None
    """The newest seal: what terminals' receipts and signed journals name, and what later heads can be held against."""


@dataclass(frozen=True, slots=True)
class StampTrust:
    """What time stamps are checked against, and the moment at which they must still count."""

    roots: Sequence[x509.Certificate]
    algorithms: Algorithms
    at: datetime


@dataclass(frozen=True, slots=True)
class Expected:
    """What the store is checked against. Without `anchors` decisions are compared and not verified."""

    centre_key: Ed25519PublicKey | None
    anchors: Anchors | None
    files: MediaFiles | None
    seal_heads: tuple[Head, ...] = ()
    """Seals that were told outside of the store (receipts at terminals, signed journals); hashes may be shortened."""
    stamps: StampTrust | None = None
    """None: no time-stamping authority is configured, or it is not at hand; stamps are not looked at."""
    documents: DocumentFiles | None = None
    """Opens signed files; None: the key is not at hand, and what is inside of them is not looked at."""
