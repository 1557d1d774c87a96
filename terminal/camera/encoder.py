"""Writes pictures into a WebM file with VP8, and saves the readable part of a file that was cut off.

OpenCV's wheels carry no H.264 encoder, and their VP9 takes ten times as long.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import cv2

    from terminal.camera.source import Picture


class EncoderError(Exception):
    """This build of OpenCV cannot write the film; the service engineer must install the one from the lock file."""


class SegmentWriter:
    """One segment of constant frame rate: a second of film is a second in the room, whatever the camera does."""

    def __init__(self, path: Path, frames_per_s: float, width_px: int) -> None:
        self._path, self._frames_per_s, self._width_px = path, frames_per_s, width_px
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)
        self._shown: Picture | None = None
        self.frames = 0

    def fits(self, picture: "Picture") -> bool:
        """Whether the picture has the size that the segment began with."""
        return self._writer is None or self._size_of(picture) == self._size

    def write(self, picture: "Picture", until_s: float) -> None:
        """Show `picture` up to `until_s` seconds of the film; repeated where the camera or the machine was slow."""
        import cv2

        from terminal.camera.steadying import steadied

        if self._writer is None:
            self._size = self._size_of(picture)
            self._writer = _open(self._path, self._frames_per_s, self._size)
        reduced = cv2.resize(picture, self._size, interpolation=cv2.INTER_AREA)
        self._shown = steadied(self._shown, reduced)
        while True:
            try:
                self._writer.write(self._shown)
            except cv2.error as error:
                raise EncoderError(str(error)) from error
            self.frames += 1
            if self.frames >= round(until_s * self._frames_per_s):
                return

    def close(self) -> None:
        """Write the end of the file."""
        if self._writer is not None:
            self._writer.release()

    @property
    def seconds(self) -> float:
        return self.frames / self._frames_per_s

    def _size_of(self, picture: "Picture") -> tuple[int, int]:
        """Width and height in the film, both even, as the codec wants them."""
        scale = min(1.0, self._width_px / picture.shape[1])
        return 2 * round(picture.shape[1] * scale / 2), 2 * round(picture.shape[0] * scale / 2)


def save_cut_off(cut_off: Path, whole: Path, frames_per_s: float) -> float:
    """Write the pictures that can be read of a cut-off segment into a whole one; returns its seconds, 0 for none."""
    import cv2

    video = cv2.VideoCapture(str(cut_off), cv2.CAP_FFMPEG)
    writer: SegmentWriter | None = None
    try:
        while True:
            taken, picture = video.read()
            if not taken:
                break
            writer = writer or SegmentWriter(whole, frames_per_s, picture.shape[1])
            writer.write(picture, 0.0)
    finally:
        video.release()
        if writer is not None:
            writer.close()
    return 0.0 if writer is None else writer.seconds


def _open(path: Path, frames_per_s: float, size: tuple[int, int]) -> "cv2.VideoWriter":
    import cv2

    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"VP80"), frames_per_s, size)
    if not writer.isOpened():
        raise EncoderError("this build of OpenCV has no VP8 encoder: install opencv-python-headless from the lock file")
    return writer
