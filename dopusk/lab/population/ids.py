"""Ids that carry an invented time: seals and lists take the order of ids for the order of writing."""

import random
from datetime import datetime


class Ids:
    """Makes UUIDv7 (RFC 9562) of any moment. Random bits are fresh ones: two populations never share an id."""

    def __init__(self) -> None:
        self._dice = random.Random()  # noqa: S311  # an id is no secret; seeded by the system

    def at(self, moment: datetime) -> str:
        """A new id of that moment."""
        bits = self._dice.getrandbits(74)
        text = f"{int(moment.timestamp() * 1000):012x}"
        tail = f"{0x8000000000000000 | (bits & 0x3FFFFFFFFFFFFFFF):016x}"
        return f"{text[:8]}-{text[8:]}-7{bits >> 62:03x}-{tail[:4]}-{tail[4:]}"
