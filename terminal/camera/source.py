"""The interface of a source of pictures. `terminal.camera.address` reads its address from the configuration."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from numpy.typing import NDArray

Picture: TypeAlias = "NDArray[Any]"
"""Rows × columns × 3 unsigned bytes in the order blue, green, red."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture as it came. `bgr` is read-only; `seq` grows by one per picture and never goes back."""

    bgr: Picture
    seq: int
    monotonic_s: float
    """`time.monotonic()` at the moment the picture was complete in this program, not at the exposure."""


class CameraFault(Exception):
    """The camera gives no picture. `code`: `missing`, `busy`, `format`, `refused`, `silent`, `configuration`.

    Somebody has to look at cable, power, rights or settings: it is the service's to act, never the worker's.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Source(Protocol):
    """One connection to a camera. Used by one thread, but for `interrupt`, which any thread may call."""

    def open(self) -> None:
        """Connect; raises `CameraFault`. May block, even for ever: the caller watches."""
        ...

    def read(self) -> Picture:
        """The next picture; raises `CameraFault` when there will be none. May block as `open` may."""
        ...

    def close(self) -> None:
        """Let go of the device; called in the reading thread only."""
        ...

    def interrupt(self) -> None:
        """Make a blocked `read` end soon where that is possible; does not block."""
        ...


SourceFactory = Callable[[], Source]


def without_password(address: str) -> str:
    """The address as it may stand in a log: `http://user:secret@host/` becomes `http://host/`."""
    scheme, separator, rest = address.partition("://")
    if not separator:
        return address
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path.partition('?')[0]}"


class Pace:
    """Holds a fast source back to a frame rate and lets `interrupt` end the wait."""

    def __init__(self, frames_per_s: float) -> None:
        self._interval_s = 1 / frames_per_s
        self._ended = threading.Event()

    def wait(self) -> bool:
        """Wait one interval; false when the source is being interrupted."""
        return not self._ended.wait(self._interval_s)

    def end(self) -> None:
        self._ended.set()
