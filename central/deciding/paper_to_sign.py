"""The bytes of what a medic writes on a paper, between the page that made them and the act that signs them. Pure."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PaperToSign:
    """A certificate or protocol as it was filled in. `content`: exactly the bytes that are signed."""

    record_id: str
    kind: str
    exam_id: str
    decision_id: str
    corrects: str | None
    written_at: datetime
    content: bytes
