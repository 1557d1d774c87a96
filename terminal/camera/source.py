"""What a source of pictures is, and how a configuration string names one.

`device:/dev/video0` (or `device:0`)  a camera of this machine
`file:PATH`                           a picture, a folder of pictures or a video, shown again and again
`http://host:port/path`               an IP camera: Motion JPEG, or one JPEG per request; `https://` as well
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias
from urllib.parse import urlsplit

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


def check_source(address: str) -> SourceFactory:
    """Take a configuration string apart; opens nothing. Raises `CameraFault` (`configuration`) when it names no source.

    The modules of the sources are loaded by the first call of the factory, for OpenCV takes long to load.
    """
    kind, _, rest = address.partition(":")
    if kind == "device" and rest:
        return lambda: _device(rest)
    if kind == "file" and rest:
        return lambda: _file(rest)
    if kind in ("http", "https"):
        try:
            parts = urlsplit(address)
            usable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
        except ValueError:
            usable = False
        if usable:
            return lambda: _mjpeg(address)
    raise CameraFault(
        "configuration",
        f"camera source {without_password(address)!r} is not understood: "
        "write device:/dev/video0, file:/path/to/picture-folder-or-video or http://host:port/path",
    )


def without_password(address: str) -> str:
    """The address as it may stand in a log: `http://user:secret@host/` becomes `http://host/`."""
    scheme, separator, rest = address.partition("://")
    if not separator:
        return address
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path.partition('?')[0]}"


def _device(name: str) -> Source:
    from terminal.camera.device_source import DeviceSource

    return DeviceSource(name)


def _file(path: str) -> Source:
    from terminal.camera.file_source import FileSource

    return FileSource(path)


def _mjpeg(address: str) -> Source:
    from terminal.camera.mjpeg_source import MjpegSource

    return MjpegSource(address)


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
