"""The photo of an exam: asks the photographer, keeps the picture on disk before the event that names it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from sync.contract.canonical import new_id
from sync.contract.exam import FaceCheck, MediaReference
from terminal.config import TerminalConfig
from terminal.exam import events
from terminal.exam.model import ExamState, Stamp
from terminal.face.capture import FaceHint, Photographer, PhotoReady, PhotoUnusable
from terminal.face.law import FaceLaw
from terminal.face.picture_file import photo_fault
from terminal.open_exams import OpenExams
from terminal.store.roster import RosterStore
from terminal.store.store import TerminalStore

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PhotoOutcome:
    """An event, and what has to be queued in its transaction."""

    event: events.PhotoTaken | events.PhotoRefused
    with_transaction: Callable[[], None]


def may_compare(config: TerminalConfig, roster: RosterStore, worker_id: str) -> bool:
    """The law's switch: a legal basis is configured and this worker's consent is on record."""

    def has_consent(worker_id: str) -> bool:
        worker = roster.worker(worker_id)
        return worker is not None and worker.biometric_consent

    return FaceLaw(config.biometrics.legal_basis, has_consent).permits(worker_id)


class ExamPhoto:
    """Owns the request that the photographer is working on. Only the core thread may use it."""

    def __init__(
        self, config: TerminalConfig, store: TerminalStore, exams: OpenExams, photographer: Photographer | None
    ) -> None:
        self._config, self._store, self._exams, self._photographer = config, store, exams, photographer
        self._request_id = ""

    def begin(self, state: ExamState, stamp: Stamp) -> PhotoOutcome | None:
        """Begin to look; without a camera the exam goes on at once and the medic is told."""
        if self._photographer is None or state.examinee is None:
            return self._keep(state, stamp, FaceCheck(outcome="not_compared", reason="no_camera"), None)
        worker_id = state.examinee.worker_id
        self._request_id = new_id()
        allowed = may_compare(self._config, self._store.roster, worker_id)
        self._photographer.begin(self._request_id, worker_id, may_compare=allowed)
        return None

    def cancel(self) -> None:
        if self._photographer is not None:
            self._photographer.cancel()

    def is_current(self, message: FaceHint | PhotoReady | PhotoUnusable) -> bool:
        """Whether this answers the request that stands."""
        return message.request_id == self._request_id

    def outcome(self, state: ExamState, stamp: Stamp, message: PhotoReady | PhotoUnusable) -> PhotoOutcome:
        """A good photo is kept; a bad one is refused a few times, then kept for the medic's eye."""
        if isinstance(message, PhotoReady):
            return self._keep(state, stamp, message.face, message.jpeg)
        if state.photo_attempts + 1 < state.plan.most_photos:
            return PhotoOutcome(
                events.PhotoRefused(exam_id=state.exam_id, stamp=stamp, code=message.code), lambda: None
            )
        return self._keep(state, stamp, FaceCheck(outcome="unclear", reason=message.code), message.jpeg)

    def _keep(self, state: ExamState, stamp: Stamp, face: FaceCheck, jpeg: bytes | None) -> PhotoOutcome:
        if jpeg is not None and (fault := photo_fault(jpeg)):
            log.error("exam %s: no photo, the camera gave %d bytes: %s", state.exam_id, len(jpeg), fault)
            face, jpeg = FaceCheck(outcome="not_compared", reason=fault), None
        if jpeg is None:
            event = events.PhotoTaken(exam_id=state.exam_id, stamp=stamp, face=face, photo=None)
            return PhotoOutcome(event, lambda: None)
        photo = MediaReference(
            sha256=self._store.media.write(jpeg),
            kind="photo",
            content_type="image/jpeg",
            size_bytes=len(jpeg),
            step="face",
            at=stamp.at,
        )
        event = events.PhotoTaken(exam_id=state.exam_id, stamp=stamp, face=face, photo=photo)
        return PhotoOutcome(event, lambda: self._exams.queue_media(state.exam_id, jpeg, photo, stamp))
