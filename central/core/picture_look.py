"""What the composition may hand to the console for uploaded pictures: looks of processes apart, none of which knows anybody."""

from typing import Protocol


class LookUnavailable(Exception):
    """Nothing could be looked at: libraries are missing, or the machine is too busy. The picture is not the cause."""


class PictureLook(Protocol):
    """Looks at one picture. Slow (a second or two); the caller waits for a process of its own, under a time limit."""

    def portrait(self, photo: bytes) -> tuple[str, ...]:
        """Codes of what is to be changed of a reference photo; empty: nothing. Raises `LookUnavailable`."""
        ...

    def code(self, photo: bytes) -> str:
        """The text of the QR code on a photo; empty where none is found. Raises `LookUnavailable`."""
        ...
