"""The token of a link by which a kiosk offers a worker the own pages: an exam's id and the terminal's signature for this use.

Ed25519 makes the same signature each time (RFC 8032), so a kiosk keeps nothing and shows the same link again after a restart. Who
has the terminal's key alone can make one; the broker and the centre's store never hold it before it is used.
"""

import base64
import binascii
from datetime import timedelta

LINK_VALID = timedelta(minutes=10)
"""So long after the decision, or after it was made in a medical room, a link opens an account."""
_SIGNATURE_BYTES = 64
_ID_CHARS = 36


def signed_bytes(exam_id: str) -> bytes:
    """What the terminal signs for the link of that exam: nothing else that it signs begins so."""
    return f"dopusk account link/1\n{exam_id}".encode("ascii")


def kiosk_token(exam_id: str, signature: bytes) -> str:
    """The token of an exam: its id and the signature over `signed_bytes`, base64url."""
    return f"{exam_id}.{base64.urlsafe_b64encode(signature).decode('ascii').rstrip('=')}"


def parse_token(token: str) -> tuple[str, bytes] | None:
    """Exam and signature of a kiosk's token; None for any other text."""
    exam_id, point, rest = token.partition(".")
    if not point or len(exam_id) != _ID_CHARS or not exam_id.isascii():
        return None
    try:
        signature = base64.b64decode(rest + "=" * (-len(rest) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return (exam_id, signature) if len(signature) == _SIGNATURE_BYTES else None
