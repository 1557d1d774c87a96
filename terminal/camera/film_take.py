"""Records one film of an exam in a separate thread, which is abandoned if it hangs."""

import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sync.contract.film import FilmMark
from sync.thread_faults import note_fault
from terminal.camera.camera import Camera
from terminal.camera.encoder import EncoderError, SegmentWriter
from terminal.camera.film import VIDEO_TYPE, FilmFinished, FilmMessage, FilmSettings, Kept, Lost, SegmentNote
from terminal.camera.scratch import Scratch, ScratchError
from terminal.camera.source import Frame

log = logging.getLogger(__name__)

LOW_PRIORITY = 5
"""Niceness of the filming thread: preview, exam and devices go first."""
FIRST_FRAME_S = 0.5
"""Longer without a new picture between two segments is a gap, even while the last one still counts as fresh."""
LOOK_S = 0.05
"""So often a film without a picture looks whether there is one."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a film needs of the terminal.

    `keep` encrypts and stores and gives the hash, `forget` deletes what nobody will name; `refusal` says why no more film
    may be made, or "".
    """

    camera: Camera
    scratch: Scratch
    keep: Callable[[bytes], str]
    forget: Callable[[str], None]
    post: Callable[[FilmMessage], None]
    refusal: Callable[[], str]
    settings: FilmSettings


class FilmTake:
    """Films from the moment it is made until `end`; everything is handed over as messages, `FilmFinished` last."""

    def __init__(self, exam_id: str, film: int, step: str, surroundings: Surroundings) -> None:
        self.exam_id, self.film = exam_id, film
        self._around = surroundings
        self._settings = surroundings.settings
        self._lock = threading.Lock()
        self._step: tuple[str, int | None] = (step, None)
        self._marks: list[tuple[float, str, int | None, str]] = [(time.monotonic(), step, None, "step")]
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="film", daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive()

    def mark(self, step: str, attempt: int | None, moment: str) -> None:
        """Something begins now that a viewer may want to jump to."""
        with self._lock:
            self._step = (step, attempt)
            self._marks.append((time.monotonic(), step, attempt, moment))

    def end(self) -> None:
        """Finish the segment that is running; returns at once."""
        self._ending.set()

    def join(self, timeout_s: float) -> None:
        self._thread.join(timeout_s)

    def _run(self) -> None:
        # On Linux a thread has a priority of its own, and the encoder's threads inherit it.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOW_PRIORITY)
        try:
            self._film()
        except Exception as error:  # noqa: BLE001 - the exam goes on without its film, and says so
            note_fault("film", "filming", error)
            self._stop_for("encoder")
        self._around.post(FilmFinished(self.exam_id, self.film))

    def _film(self) -> None:
        waiting_since_s = time.monotonic()
        absent_since_s = None if self._around.camera.latest() else waiting_since_s
        seq = 0
        while not self._ending.is_set():
            if reason := self._around.refusal():
                self._stop_for(reason)
                break
            frame = self._around.camera.newer_than(seq, LOOK_S)
            if frame is None:
                is_late = time.monotonic() - waiting_since_s > FIRST_FRAME_S
                if absent_since_s is None and (is_late or self._around.camera.latest() is None):
                    absent_since_s = waiting_since_s
                continue
            if absent_since_s is not None:
                self._lost("no_camera", absent_since_s, time.monotonic())
            try:
                seq, absent_since_s = self._segment(frame)
                waiting_since_s = time.monotonic()
            except (EncoderError, ScratchError) as error:
                log.error("the exam is not filmed: %s", error)
                self._stop_for("encoder")
                break
        if absent_since_s is not None:
            self._lost("no_camera", absent_since_s, time.monotonic())

    def _stop_for(self, reason: str) -> None:
        """No more film; what is missing lasts until the end."""
        began_s = time.monotonic()
        self._ending.wait()
        self._lost(reason, began_s, time.monotonic())

    def _segment(self, first: Frame) -> tuple[int, float | None]:
        """One segment, until it is full or the film ends or the camera has no fresh picture.

        Gives the last frame's number, and the moment from which on there was no picture, if that ended it.
        """
        began_s = time.monotonic()
        with self._lock:
            step, attempt = self._step
        note = SegmentNote(
            exam_id=self.exam_id,
            film=self.film,
            began_s=began_s,
            step=step,
            attempt=attempt,
            frames_per_s=self._settings.frames_per_s,
        )
        path = self._around.scratch.new(note)
        writer = SegmentWriter(path, self._settings.frames_per_s, self._settings.width_px)
        try:
            seq, is_absent = self._write_frames(writer, first, began_s, path, note)
        except Exception:
            writer.close()
            self._around.scratch.discard(path)
            raise
        writer.close()
        note = note.model_copy(update={"seconds": writer.seconds, "marks": self._marks_from(began_s, writer.seconds)})
        hand_over(self._around.scratch.whole(path, note), note, self._around, self._settings.codec)
        return seq, began_s + writer.seconds if is_absent else None

    def _write_frames(
        self, writer: SegmentWriter, frame: Frame, began_s: float, path: Path, note: SegmentNote
    ) -> tuple[int, bool]:
        interval_s = 1 / self._settings.frames_per_s
        marked = 0
        while True:
            writer.write(frame.bgr, time.monotonic() - began_s)
            with self._lock:
                is_marked_anew, marked = len(self._marks) != marked, len(self._marks)
            if is_marked_anew:
                self._around.scratch.note(path, note.model_copy(update={"marks": self._peeked_marks(began_s)}))
            if writer.seconds >= self._settings.segment_s:
                return frame.seq, self._around.camera.latest() is None
            due_s = began_s + (writer.frames + 1) * interval_s
            if self._ending.wait(max(0.0, due_s - time.monotonic())):
                return frame.seq, False
            # A picture that stands still is filmed as one: time in the film stays time in the room.
            fresh = self._around.camera.newer_than(frame.seq, interval_s) or self._around.camera.latest()
            if fresh is None or not writer.fits(fresh.bgr):
                return frame.seq, fresh is None
            frame = fresh

    def _peeked_marks(self, began_s: float) -> tuple[FilmMark, ...]:
        with self._lock:
            return _marks(self._marks, began_s, float("inf"))

    def _marks_from(self, began_s: float, seconds: float) -> tuple[FilmMark, ...]:
        """The marks that fall into this segment; later ones stay for the next."""
        with self._lock:
            taken = [mark for mark in self._marks if mark[0] < began_s + seconds]
            self._marks = [mark for mark in self._marks if mark[0] >= began_s + seconds]
            return _marks(taken, began_s, seconds)

    def _lost(self, reason: str, began_s: float, ended_s: float) -> None:
        with self._lock:
            step, attempt = self._step
        self._around.post(Lost(self.exam_id, self.film, "video", reason, step, attempt, began_s, ended_s))


def hand_over(path: Path, note: SegmentNote, around: Surroundings, codec: str) -> None:
    """Encrypt a whole segment onto the disk and post it; if the disk refuses, say so. The core discards the plain one."""
    content = path.read_bytes()
    ended_s = note.began_s + note.seconds
    try:
        sha256 = around.keep(content)
    except OSError as error:
        log.error("a film segment could not be stored: %s (service engineer)", error.strerror)
        around.scratch.discard(path)
        lost = Lost(note.exam_id, note.film, "video", "not_stored", note.step, note.attempt, note.began_s, ended_s)
        around.post(lost)
        return
    around.post(
        Kept(
            exam_id=note.exam_id,
            film=note.film,
            kind="video",
            content_type=VIDEO_TYPE,
            content=content,
            sha256=sha256,
            step=note.step,
            attempt=note.attempt,
            moment="",
            began_s=note.began_s,
            ended_s=ended_s,
            codec=codec,
            marks=note.marks,
            scratch=str(path),
        )
    )


def sha256_of(path: Path) -> str:
    """The hash by which a segment is named."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _marks(found: list[tuple[float, str, int | None, str]], began_s: float, seconds: float) -> tuple[FilmMark, ...]:
    return tuple(
        FilmMark(at_s=round(min(max(0.0, at_s - began_s), seconds), 3), step=step, attempt=attempt, moment=moment)
        for at_s, step, attempt, moment in found
    )
