"""Films exams and takes stills at moments of proof. Every call returns at once; answers are posted as `FilmMessage`.

Each film has a thread of its own. One that hangs is left behind and the next film gets another, up to `MOST_HANGING`.
"""

import logging
import os
import threading
import time
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from sync.thread_faults import note_fault
from terminal.camera.encoder import EncoderError, save_cut_off
from terminal.camera.film import PHOTO_TYPE, FilmFinished, Kept, Lost, SegmentNote
from terminal.camera.film_take import LOW_PRIORITY, FilmTake, Surroundings, hand_over, sha256_of
from terminal.camera.scratch import ScratchError, is_whole

if TYPE_CHECKING:
    from terminal.camera.source import Frame

log = logging.getLogger(__name__)

MOST_HANGING = 3
"""Threads of films that hang: with so many nothing more is filmed until the process starts anew."""


class Recorder:
    """Owned by the core thread; makes files with `Surroundings.keep` and posts with `Surroundings.post` from its threads."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._around = surroundings
        self._take: FilmTake | None = None
        self._left_behind: list[FilmTake] = []
        self._salvages: list[threading.Thread] = []
        self._stills: SimpleQueue[tuple[str, str, int | None, str, Frame] | None] = SimpleQueue()
        self._still_thread = threading.Thread(target=self._keep_stills, name="stills", daemon=True)
        self._still_thread.start()

    def refusal(self) -> str:
        """Why nothing can be filmed now (`disk_low`, `no_recorder`); empty if it can."""
        self._left_behind = [take for take in self._left_behind if take.is_running]
        if len(self._left_behind) >= MOST_HANGING:
            return "no_recorder"
        return self._around.refusal()

    def begin(self, exam_id: str, film: int, step: str) -> None:
        """Film from now on; a film that is running is ended."""
        self.end()
        self._take = FilmTake(exam_id, film, step, self._around)

    def mark(self, step: str, attempt: int | None, moment: str) -> None:
        if self._take is not None:
            self._take.mark(step, attempt, moment)

    def end(self) -> None:
        """Stop filming; the last segment and `FilmFinished` follow soon."""
        if self._take is not None:
            self._take.end()
            self._left_behind.append(self._take)
            self._take = None

    def still(self, exam_id: str, step: str, attempt: int | None, moment: str) -> None:
        """Keep the picture of this very moment; one `Kept` or `Lost` of kind `photo` follows."""
        frame = self._around.camera.latest()
        if frame is None:
            self._around.post(Lost(exam_id, None, "photo", "no_camera", step, attempt, time.monotonic()))
            return
        self._stills.put((exam_id, step, attempt, moment, frame))

    def salvage(self, exam_id: str, film: int, known: frozenset[str]) -> None:
        """After a restart: hand over what the last process left of a film; `known` are hashes that the diary names."""
        thread = threading.Thread(target=self._salvage, args=(exam_id, film, known), name="film-salvage", daemon=True)
        self._salvages = [*(running for running in self._salvages if running.is_alive()), thread]
        thread.start()

    def sweep(self, open_exams: frozenset[str]) -> None:
        """Delete plain segments that belong to no open exam."""
        if gone := self._around.scratch.sweep(open_exams):
            log.warning("%d film segments of exams that have ended were deleted from memory", gone)

    def release(self, kept: Kept) -> None:
        """The diary names it: the plain segment in memory may go."""
        if kept.scratch:
            self._around.scratch.discard(Path(kept.scratch))

    def drop(self, kept: Kept) -> None:
        """Nobody will name it: neither the plain nor the encrypted file stays."""
        self._around.forget(kept.sha256)
        self.release(kept)

    def close(self) -> None:
        """Finish what is running, within some seconds. Close it before the camera."""
        self.end()
        self._stills.put(None)
        for take in self._left_behind:
            take.join(5.0)
        for thread in [*self._salvages, self._still_thread]:
            thread.join(5.0)
        self._around.scratch.close()

    def _keep_stills(self) -> None:
        from terminal.camera.jpeg import encode_jpeg

        while (wanted := self._stills.get()) is not None:
            exam_id, step, attempt, moment, frame = wanted
            try:
                content = encode_jpeg(frame.bgr)
                sha256 = self._around.keep(content)
            except OSError as error:
                log.error("a still could not be stored: %s (service engineer)", error.strerror)
                self._around.post(Lost(exam_id, None, "photo", "not_stored", step, attempt, frame.monotonic_s))
                continue
            except Exception as error:  # noqa: BLE001 - one still never stops the others
                note_fault("stills", "keeping a still", error)
                self._around.post(Lost(exam_id, None, "photo", "encoder", step, attempt, frame.monotonic_s))
                continue
            at_s = frame.monotonic_s
            self._around.post(
                Kept(exam_id, None, "photo", PHOTO_TYPE, content, sha256, step, attempt, moment, at_s, at_s)
            )

    def _salvage(self, exam_id: str, film: int, known: frozenset[str]) -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOW_PRIORITY)
        scratch = self._around.scratch
        try:
            for path, note in scratch.left(exam_id, film):
                try:
                    self._salvage_segment(path, note, known)
                except (EncoderError, ScratchError, OSError) as error:
                    log.error("a film segment that was cut off cannot be saved: %s", error)
                    scratch.discard(path)
                except Exception as error:  # noqa: BLE001 - a segment that we stumble over must not stop each start
                    note_fault("film-salvage", "saving a segment that was cut off", error)
                    scratch.discard(path)
        except Exception as error:  # noqa: BLE001 - nor must the list of them
            note_fault("film-salvage", "finding the segments that were cut off", error)
        self._around.post(FilmFinished(exam_id, film))

    def _salvage_segment(self, path: Path, note: SegmentNote, known: frozenset[str]) -> None:
        scratch, codec = self._around.scratch, self._around.settings.codec
        if is_whole(path):
            if sha256_of(path) in known:
                scratch.discard(path)
            else:
                hand_over(path, note, self._around, codec)
            return
        saved = scratch.new(note.model_copy(update={"began_s": note.began_s + 0.001}))
        seconds = save_cut_off(path, saved, note.frames_per_s)
        scratch.discard(path)
        if seconds:
            whole = note.model_copy(update={"seconds": seconds})
            hand_over(scratch.whole(saved, whole), whole, self._around, codec)
        else:
            scratch.discard(saved)
