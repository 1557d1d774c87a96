"""The open exams: where an event happens. Decides purely, commits event, record and media together, then names the effects.

One of them may be active, that is, in front of the screen.
"""

import base64
import logging
from collections.abc import Callable

from sync.contract.canonical import sha256_hex
from sync.contract.exam import EXAM_SCHEMA, MediaReference
from sync.contract.media import CHUNK_BYTES, MEDIA_SCHEMA, MediaChunk
from sync.contract.topics import Up
from sync.transactions import is_of_the_store
from terminal.exam.decide import decide, fold
from terminal.exam.effects import Effect, SendRecord
from terminal.exam.events import Event
from terminal.exam.model import ExamState, Phase, Stamp
from terminal.exam.record import record_of
from terminal.store.store import TerminalStore

log = logging.getLogger(__name__)


class OpenExams:
    """Open exams of one terminal. Only the core thread may use it."""

    def __init__(self, store: TerminalStore, org: str, software_s: Callable[[str], float]) -> None:
        self._store = store
        self._org = org
        self._software_s = software_s
        self.exams: dict[str, ExamState] = {}

    def recover(self) -> None:
        """Fold the open exams from the diary after a start."""
        for exam in self._store.log.open_exams():
            try:
                state = fold(self._store.log.events_of(exam.exam_id))
            except Exception as error:
                if is_of_the_store(error):
                    raise
                # One exam of another version's rules must not keep the kiosk from starting; `status` lists it as open.
                log.error("exam %s cannot be gone on with and stays as it is: %s", exam.exam_id, type(error).__name__)
                continue
            if state is not None:
                self.exams[exam.exam_id] = state

    def happen(
        self, event: Event, *, with_transaction: Callable[[], None] = lambda: None
    ) -> tuple[ExamState, tuple[Effect, ...]]:
        """Commit an event and everything that belongs to it in one transaction; returns the new state and what is left to do.

        `with_transaction` runs inside the transaction (marking an inbox row, queueing media). Raises `ImpossibleEvent`
        before anything is written.
        """
        before = self.exams.get(event.exam_id) or fold(self._store.log.events_of(event.exam_id))
        state, effects = decide(before, event)

        def write() -> None:
            seq = self._store.log.append(event)
            if before is None or not (before.is_open and state.is_open):
                self._store.log.note_span(state.exam_id, seq, is_open=state.is_open)
            if any(isinstance(effect, SendRecord) for effect in effects):
                self._queue_record(state, event.stamp)
            with_transaction()

        self._store.commit(write)
        if state.phase is Phase.ENDED:
            self.exams.pop(state.exam_id, None)
        else:
            self.exams[state.exam_id] = state
        return state, tuple(effect for effect in effects if not isinstance(effect, SendRecord))

    def open_exam_of(self, worker_id: str, *, but: str) -> ExamState | None:
        """Another exam of this worker that is still open, the newest first."""
        others = [
            state
            for state in self.exams.values()
            if state.exam_id != but and state.examinee is not None and state.examinee.worker_id == worker_id
        ]
        return others[-1] if others else None

    def queue_media(self, exam_id: str, content: bytes, media: MediaReference, stamp: Stamp) -> None:
        """Queue a file in chunks behind the exams.

        Call it inside the transaction of the event that names the file, with that event's stamp.
        """
        count = -(-len(content) // CHUNK_BYTES)
        for index in range(count):
            chunk = content[index * CHUNK_BYTES : (index + 1) * CHUNK_BYTES]
            payload = MediaChunk(
                exam_id=exam_id,
                sha256=media.sha256,
                content_type=media.content_type,
                index=index,
                count=count,
                chunk_sha256=sha256_hex(chunk),
                content_base64=base64.b64encode(chunk).decode("ascii"),
            )
            fields = payload.model_dump(mode="json")
            self._store.queue(Up.MEDIA, MEDIA_SCHEMA, fields, subject=exam_id, stamp=stamp)
        self._store.note_media(media.sha256, exam_id, media.content_type, media.size_bytes, stamp)

    def names_media(self, sha256: str) -> bool:
        """Whether the diary names a file of this hash."""
        return self._store.db.execute("SELECT 1 FROM media WHERE sha256 = ?", (sha256,)).fetchone() is not None

    def _queue_record(self, state: ExamState, stamp: Stamp) -> None:
        record = record_of(
            state,
            org=self._org,
            finished_at=stamp.at,
            diary=self._store.log.range_of(state.exam_id),
            software_s=round(self._software_s(state.exam_id), 3),
        )
        self._store.queue(Up.EXAM, EXAM_SCHEMA, record.model_dump(mode="json"), subject=state.exam_id, stamp=stamp)
