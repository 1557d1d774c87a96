"""The bytes of an act, between the page that showed it and the signature over it. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ActToSign:
    """An act as it was drafted. `content`: exactly the bytes that are signed."""

    act_id: str
    content: bytes
