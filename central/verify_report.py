"""What `verify` of the centre's store counts, and what it is checked against."""

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from central.media_files import MediaFiles
from central.trust import Anchors
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


@dataclass(frozen=True, slots=True)
class Expected:
    """What the store is checked against. Without `anchors` decisions are compared and not verified."""

    centre_key: Ed25519PublicKey | None
    anchors: Anchors | None
    files: MediaFiles | None
