"""The bytes of a sanitary passport, between the page that showed it and the act that signs it. Pure."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PassportToSign:
    """A passport as it was shown. `content`: exactly the bytes that are signed."""

    record_id: str
    worker_id: str
    signed_at: datetime
    content: bytes
