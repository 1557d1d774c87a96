"""What a signed PDF carries inside of it, apart from the library that puts it there."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside of the PDF. `words`: what readers show beside its name."""

    name: str
    content: bytes
    media_type: str
    words: str
