"""Checks that the same person stays from the first step to the last, in the background, about every two seconds.

Where faces may be compared, each look is compared with the photo of this exam and the first good looks, not with the
enrolment: two pictures of one morning are much more alike than a photo of last year. The photo also ties together what a
rest or a restart has parted. Where they may not be compared, only presence is counted.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from sync.thread_faults import note_fault
from terminal.camera import Camera, Frame

if TYPE_CHECKING:
    from terminal.face.engine import FaceEngine, Landmarks

log = logging.getLogger(__name__)


class ContinuitySettings(BaseModel):
    """`in_a_row` looks must show somebody else before the exam is stopped: one bad frame is no proof."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    every_s: float = Field(default=2.0, gt=0)
    in_a_row: int = Field(default=2, ge=1, le=10)
    references: int = Field(default=3, ge=1, le=10)


@dataclass(frozen=True, slots=True)
class StrangerSeen:
    """Somebody else stands before the kiosk. `label` is the step, `score` the likeness to the person of the photo."""

    exam_id: str
    label: str
    score: float
    threshold: float
    engine: str
    jpeg: bytes
    at_s: float
    """When the picture was taken, on `time.monotonic`."""


@dataclass(slots=True)
class ContinuitySummary:
    """Looks per outcome (`same`, `other`, `nobody`, `several`, `present`, `no_picture`) for each step.

    `present` was not compared.
    """

    exam_id: str
    looks: dict[str, Counter[str]] = field(default_factory=dict)

    def count(self, label: str, outcome: str) -> None:
        self.looks.setdefault(label, Counter())[outcome] += 1


class ContinuityWatch:
    """`begin`, `step` at each step, `end`; `post` gets at most one `StrangerSeen` per watch, in this object's thread."""

    def __init__(
        self,
        camera: Camera,
        post: Callable[[StrangerSeen], None],
        open_engine: Callable[[], "FaceEngine"],
        settings: ContinuitySettings | None = None,
    ) -> None:
        self._camera = camera
        self._post = post
        self._open_engine = open_engine
        self._engine: FaceEngine | None = None
        self._settings = settings or ContinuitySettings()
        self._lock = threading.Condition()
        self._exam: _Watched | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="continuity", daemon=True)
        self._thread.start()

    def begin(self, exam_id: str, *, may_compare: bool, photo: bytes | None = None) -> None:
        """Watch this exam from now on. `may_compare` as for `Photographer.begin`: without it, nothing is embedded.

        `photo` is the JPEG of this exam, whose face all others are compared with.
        """
        with self._lock:
            self._exam = _Watched(ContinuitySummary(exam_id), may_compare, photo if may_compare else None)
            self._lock.notify_all()

    def forbid_comparison(self) -> None:
        """From now on presence alone: the consent or the legal basis is gone, and so are the faces to compare with."""
        with self._lock:
            if self._exam is not None:
                self._exam.may_compare, self._exam.photo = False, None
                self._exam.references.clear()

    def step(self, label: str) -> None:
        """The step that is running now; it is looked at soon."""
        with self._lock:
            if self._exam is not None:
                self._exam.label, self._exam.due_s = label, 0.0
                self._lock.notify_all()

    def end(self) -> ContinuitySummary | None:
        """Stop watching; what was seen, or None when nothing was being watched."""
        with self._lock:
            exam, self._exam = self._exam, None
            self._lock.notify_all()
        return None if exam is None else exam.summary

    def close(self) -> None:
        with self._lock:
            self._closing, self._exam = True, None
            self._lock.notify_all()
        self._thread.join(3.0)

    def _run(self) -> None:
        while True:
            with self._lock:
                while not self._closing and (wait_s := self._wait_s()) != 0:
                    self._lock.wait(wait_s)
                if self._closing:
                    return
                exam = self._exam
            if exam is not None:
                exam.due_s = time.monotonic() + self._settings.every_s
                try:
                    self._look(exam)
                except Exception as error:  # noqa: BLE001 - one look never stops the others
                    note_fault("continuity", "looking who stands there", error)
                    self._count(exam, "no_picture")

    def _wait_s(self) -> float | None:
        """Seconds until the next look; 0 for now, None for as long as nothing is watched."""
        return None if self._exam is None else max(0.0, self._exam.due_s - time.monotonic())

    def _look(self, exam: "_Watched") -> None:
        from terminal.face.detection import find_faces, people_in_front

        frame = self._camera.latest()
        if frame is None:
            self._count(exam, "no_picture")
            return
        engine = self._opened() if exam.may_compare else None
        boxes = find_faces(frame.bgr) if engine is None else engine.find(frame.bgr)
        people = people_in_front(boxes) if boxes else []
        if len(people) != 1:
            self._count(exam, "several" if people else "nobody")
        elif engine is None:
            self._count(exam, "present")
        else:
            self._compare(exam, engine, frame, engine.landmarks(frame.bgr, people[0]))

    def _opened(self) -> "FaceEngine | None":
        """None when there is no engine: then presence alone is watched, and the check of the face has said why."""
        from terminal.face.engine import EngineUnavailable

        if self._engine is None:
            try:
                self._engine = self._open_engine()
            except EngineUnavailable:
                return None
        return self._engine

    def _take_photo_as_reference(self, exam: "_Watched", engine: "FaceEngine") -> None:
        """The face of the exam's photo; a photo that shows several or none gives nothing to compare with."""
        from terminal.face.detection import people_in_front
        from terminal.face.picture_file import PictureUnreadable, decode_picture

        photo, exam.photo = exam.photo, None
        if photo is None:
            return
        try:
            picture = decode_picture(photo)
        except PictureUnreadable as fault:
            log.error("the photo of the exam cannot be compared with: %s", fault.code)
            return
        people = people_in_front(engine.find(picture))
        if len(people) == 1:
            exam.references.append(engine.embed(picture, [engine.landmarks(picture, people[0])])[0])

    def _compare(self, exam: "_Watched", engine: "FaceEngine", frame: Frame, landmarks: "Landmarks") -> None:
        self._take_photo_as_reference(exam, engine)
        embedding = engine.embed(frame.bgr, [landmarks])[0]
        score = max((engine.score(reference, embedding) for reference in exam.references), default=None)
        if score is None or score >= engine.unclear_from:
            exam.others = 0
            if len(exam.references) < self._settings.references:
                exam.references.append(embedding)
            self._count(exam, "same")
            return
        exam.others += 1
        self._count(exam, "other")
        if exam.others >= self._settings.in_a_row and not exam.told:
            self._tell(exam, frame, score, engine)

    def _tell(self, exam: "_Watched", frame: Frame, score: float, engine: "FaceEngine") -> None:
        from terminal.camera.jpeg import encode_jpeg

        with self._lock:
            if self._exam is not exam or not exam.may_compare:
                return
            exam.told = True
        jpeg, at_s = encode_jpeg(frame.bgr), frame.monotonic_s
        exam_id, label = exam.summary.exam_id, exam.label
        self._post(StrangerSeen(exam_id, label, score, engine.unclear_from, engine.name, jpeg, at_s))

    def _count(self, exam: "_Watched", outcome: str) -> None:
        with self._lock:
            exam.summary.count(exam.label, outcome)


@dataclass(slots=True)
class _Watched:
    summary: ContinuitySummary
    may_compare: bool
    photo: bytes | None = None
    label: str = ""
    due_s: float = 0.0
    references: list[Any] = field(default_factory=list)
    others: int = 0
    told: bool = False
