"""The check for the same person throughout, for the core: starts and ends the looks, keeps their results.

Faces are compared only where the law's switch allows it, asked anew whenever something happens; otherwise presence alone
is counted. Somebody else stops the exam; nobody in sight is noted and stops nothing.
"""

import logging
from typing import Protocol

from sync.contract.exam import MediaReference
from sync.contract.film import PersonChange, StepLooks
from terminal.clock import Clock
from terminal.config import TerminalConfig
from terminal.exam import events
from terminal.exam.effects import Effect
from terminal.exam.filming import is_watched
from terminal.exam.model import ExamState
from terminal.exam_photo import may_compare
from terminal.face.continuity import ContinuitySummary, StrangerSeen
from terminal.face.picture_file import photo_fault
from terminal.film_events import moment_of
from terminal.open_exams import OpenExams
from terminal.store.media_files import MediaError
from terminal.store.store import TerminalStore

log = logging.getLogger(__name__)


class PersonWatch(Protocol):
    """What the core asks of `terminal.face.continuity.ContinuityWatch`. Every call returns at once."""

    def begin(self, exam_id: str, *, may_compare: bool, photo: bytes | None = None) -> None: ...
    def step(self, label: str) -> None: ...
    def forbid_comparison(self) -> None: ...
    def end(self) -> ContinuitySummary | None: ...


class PersonContinuity:
    """Only the core thread may use it. Without a watch nobody looks."""

    def __init__(
        self, config: TerminalConfig, store: TerminalStore, exams: OpenExams, watch: PersonWatch | None, clock: Clock
    ) -> None:
        self._config, self._store, self._exams, self._watch, self._clock = config, store, exams, watch, clock
        self._exam_id = ""
        self._step = ""
        self._compares = False

    def observe(self, active: ExamState | None) -> None:
        """Begin, name the step, end, as the exam before the screen asks for."""
        if self._watch is None:
            return
        watched = active if active is not None and is_watched(active) else None
        if self._exam_id and (watched is None or watched.exam_id != self._exam_id):
            self.end()
        if watched is None or watched.examinee is None:
            return
        allowed = may_compare(self._config, self._store.roster, watched.examinee.worker_id)
        if not self._exam_id:
            self._exam_id, self._step, self._compares = watched.exam_id, "", allowed
            self._watch.begin(watched.exam_id, may_compare=allowed, photo=self._photo_of(watched) if allowed else None)
        elif self._compares and not allowed:
            self._compares = False
            self._watch.forbid_comparison()
        if watched.phase != self._step:
            self._step = str(watched.phase)
            self._watch.step(self._step)

    def end(self) -> None:
        """Stop looking and keep what was seen; before the record is made."""
        if self._watch is None or not self._exam_id:
            return
        exam_id, self._exam_id = self._exam_id, ""
        summary = self._watch.end()
        looks = () if summary is None else _looks_of(summary)
        if looks and exam_id in self._exams.exams:
            seen = events.PeopleSeen(
                exam_id=exam_id,
                stamp=self._clock.now(),
                compared=any(look.same or look.other for look in looks),
                looks=looks,
            )
            self._exams.happen(seen)

    def stranger(self, message: StrangerSeen) -> tuple[ExamState, tuple[Effect, ...]] | None:
        """Keep the picture and the scores, and stop the exam; None when this exam is not being watched any more."""
        state = self._exams.exams.get(message.exam_id)
        if state is None or message.exam_id != self._exam_id or not is_watched(state):
            return None
        if fault := photo_fault(message.jpeg):  # the exam stops all the same
            log.error("exam %s: no picture of who stepped in: %s", message.exam_id, fault)
        else:
            self._keep_picture(message)
        stamp = self._clock.now()
        change = PersonChange(
            step=message.label or str(state.phase),
            at=moment_of(message.at_s, stamp),
            score=round(message.score, 4),
            threshold=message.threshold,
            engine=message.engine,
        )
        return self._exams.happen(events.PersonChanged(exam_id=state.exam_id, stamp=stamp, change=change))

    def _keep_picture(self, message: StrangerSeen) -> None:
        stamp = self._clock.now()
        picture = MediaReference(
            sha256=self._store.media.write(message.jpeg),
            kind="photo",
            content_type="image/jpeg",
            size_bytes=len(message.jpeg),
            step=message.label,
            at=moment_of(message.at_s, stamp),
            moment="person_changed",
        )
        self._exams.happen(
            events.MediaKept(exam_id=message.exam_id, stamp=stamp, media=picture),
            with_transaction=lambda: self._exams.queue_media(message.exam_id, message.jpeg, picture, stamp),
        )

    def _photo_of(self, state: ExamState) -> bytes | None:
        """The photo of this exam, to compare with; None where there is none that can be read."""
        photo = next((media for media in state.media if media.kind == "photo" and not media.moment), None)
        if photo is None:
            return None
        try:
            return self._store.media.read(photo.sha256)
        except MediaError as error:
            log.error("the first good looks are compared with instead of the photo: %s", error)
            return None


def _looks_of(summary: ContinuitySummary) -> tuple[StepLooks, ...]:
    return tuple(StepLooks(step=step, **counts) for step, counts in summary.looks.items())
