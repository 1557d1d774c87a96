"""Display preferences of a reader: language, theme, time zone."""

from dataclasses import dataclass
from datetime import tzinfo


@dataclass(frozen=True, slots=True)
class Look:
    """How this browser wants its pages."""

    language: str
    theme: str
    zone: tzinfo
