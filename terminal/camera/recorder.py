"""Films the exam in short segments: VP8 in WebM, which every browser plays, in a thread of low priority.

A segment is complete and hashed when it is handed over; nothing unencrypted ever touches the disk, because OpenCV writes
into memory (`/dev/shm`) and the sink encrypts. Stills at the moment of a blow or a result come from the same camera.
"""

import hashlib
import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from terminal.camera.camera import Camera

if TYPE_CHECKING:
    import cv2

    from terminal.camera.source import Picture

log = logging.getLogger(__name__)

VIDEO_TYPE = "video/webm"
PHOTO_TYPE = "image/jpeg"
LOW_PRIORITY = 10


class RecorderSettings(BaseModel):
    """A segment of 20 seconds has 3 to 6 MB; the encoder needs 25 to 30 ms of a core per frame of 480 × 360."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    frames_per_s: float = Field(default=8.0, gt=0, le=30)
    segment_s: float = Field(default=20.0, gt=0.5, le=300)
    width_px: int = Field(default=480, ge=160, le=1920)


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of film or a still of exam `exam_id`. `label` is the step that was running when it began.

    `started_monotonic_s` is on `time.monotonic`; `marks` are the moments in it, in seconds from its start, with labels.
    """

    exam_id: str
    kind: Literal["video", "photo"]
    content_type: str
    content: bytes
    sha256: str
    label: str
    started_monotonic_s: float
    seconds: float
    frames: int
    marks: tuple[tuple[float, str], ...]


Sink = Callable[[Segment], None]
"""Takes a finished segment in the recorder's thread: posts it to the core, which encrypts, stores and records it."""


class Recorder:
    """`begin` an exam, `mark` its steps, `still` at moments of proof, `end` it. All return at once."""

    def __init__(self, camera: Camera, sink: Sink, settings: RecorderSettings | None = None) -> None:
        self._camera = camera
        self._sink = sink
        self._settings = settings or RecorderSettings()
        self._lock = threading.Condition()
        self._exam_id = ""
        self._label = ""
        self._marks: list[tuple[float, str]] = []
        self._stills: list[tuple[str, str]] = []
        self._closing = False
        self._busy = False
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def begin(self, exam_id: str) -> None:
        """Film from now on; a film that is running is finished first."""
        with self._lock:
            self._exam_id, self._label, self._marks = exam_id, "", []
            self._lock.notify_all()

    def mark(self, label: str) -> None:
        """A step begins now: the console can jump to it."""
        with self._lock:
            self._label = label
            self._marks.append((time.monotonic(), label))

    def still(self, label: str) -> None:
        """Keep the picture of this moment as a photo."""
        with self._lock:
            if self._exam_id:
                self._stills.append((self._exam_id, label))
                self._lock.notify_all()

    def end(self) -> None:
        """Stop filming; the last segment is handed over soon after."""
        with self._lock:
            self._exam_id = ""
            self._lock.notify_all()

    def idle(self, timeout_s: float) -> bool:
        """Wait until everything filmed has been handed over."""
        with self._lock:
            return self._lock.wait_for(lambda: not (self._busy or self._exam_id or self._stills), timeout_s)

    def close(self) -> None:
        """Finish the segment that is running and stop, within some seconds. Close it before the camera."""
        with self._lock:
            self._closing, self._exam_id = True, ""
            self._lock.notify_all()
        self._thread.join(5.0)

    def _run(self) -> None:
        # On Linux a thread has a priority of its own, and the encoder's threads inherit it.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOW_PRIORITY)
        while True:
            with self._lock:
                self._lock.wait_for(lambda: self._closing or self._exam_id or self._stills)
                if self._closing and not self._stills:
                    return
                exam_id = self._exam_id
                self._busy = True
            self._take_stills()
            if exam_id:
                self._film(exam_id)
            with self._lock:
                self._busy = False
                self._lock.notify_all()

    def _film(self, exam_id: str) -> None:
        """One segment, until it is full or the exam changes or ends."""
        first = self._camera.newer_than(0, 0.5)
        if first is None:
            return
        with tempfile.TemporaryDirectory(prefix="dopusk-film-", dir=_memory_folder()) as folder:
            path = Path(folder) / "segment.webm"
            started_s = time.monotonic()
            with self._lock:
                label = self._label
            frames = self._write_frames(path, exam_id, started_s)
            content = path.read_bytes() if frames else b""
        if not content:
            return
        ended_s = time.monotonic()
        with self._lock:
            marks = tuple((at_s - started_s, name) for at_s, name in self._marks if at_s >= started_s)
            self._marks = []
        self._hand_over(exam_id, "video", VIDEO_TYPE, content, label, started_s, ended_s - started_s, frames, marks)

    def _write_frames(self, path: Path, exam_id: str, started_s: float) -> int:
        writer: cv2.VideoWriter | None = None
        size = (0, 0)
        frames, seq = 0, 0
        interval_s = 1 / self._settings.frames_per_s
        try:
            while self._goes_on(exam_id) and time.monotonic() - started_s < self._settings.segment_s:
                due_s = started_s + frames * interval_s
                with self._lock:
                    self._lock.wait_for(
                        lambda: self._exam_id != exam_id or self._stills, max(0, due_s - time.monotonic())
                    )
                self._take_stills()
                frame = self._camera.newer_than(seq, interval_s)
                if frame is None:
                    # A picture that stands still is filmed as one: time in the film stays time in the room.
                    frame = self._camera.latest()
                if frame is None:
                    break
                seq = frame.seq
                picture = self._reduced(frame.bgr)
                if writer is None:
                    size = (picture.shape[1], picture.shape[0])
                    writer = _open_writer(path, self._settings.frames_per_s, size)
                if (picture.shape[1], picture.shape[0]) != size:
                    break
                writer.write(picture)
                frames += 1
        finally:
            if writer is not None:
                writer.release()
        return frames

    def _goes_on(self, exam_id: str) -> bool:
        with self._lock:
            return self._exam_id == exam_id and not self._closing

    def _reduced(self, picture: "Picture") -> "Picture":
        import cv2

        scale = min(1.0, self._settings.width_px / picture.shape[1])
        size = (2 * round(picture.shape[1] * scale / 2), 2 * round(picture.shape[0] * scale / 2))
        return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)

    def _take_stills(self) -> None:
        from terminal.face.jpeg import encode_jpeg

        with self._lock:
            wanted, self._stills = self._stills, []
        for exam_id, label in wanted:
            frame = self._camera.latest()
            if frame is None:
                log.warning("camera %s gives no picture for the still at %s", self._camera.address, label)
                continue
            self._hand_over(exam_id, "photo", PHOTO_TYPE, encode_jpeg(frame.bgr), label, frame.monotonic_s, 0.0, 1, ())

    def _hand_over(
        self,
        exam_id: str,
        kind: Literal["video", "photo"],
        content_type: str,
        content: bytes,
        label: str,
        started_s: float,
        seconds: float,
        frames: int,
        marks: tuple[tuple[float, str], ...],
    ) -> None:
        sha256 = hashlib.sha256(content).hexdigest()
        self._sink(Segment(exam_id, kind, content_type, content, sha256, label, started_s, seconds, frames, marks))


def _memory_folder() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a memory file system is what is wanted


def _open_writer(path: Path, frames_per_s: float, size: tuple[int, int]) -> "cv2.VideoWriter":
    import cv2

    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"VP80"), frames_per_s, size)
    if not writer.isOpened():
        raise RuntimeError("this build of OpenCV has no VP8 encoder: install opencv-python-headless from the lock file")
    return writer
