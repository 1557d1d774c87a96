"""A terminal's core under load: whole examinations through the real exam code and store, as fast as it is let.

Whatever it reports as shown was committed before, exactly as on the kiosk's screen.
"""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sync.contract.canonical import new_id, sha256_hex
from sync.contract.exam import Complaints, Consent, Device, FaceCheck, Measurement, MediaReference
from sync.contract.limits import LimitsBook, resolve
from terminal.clock import Clock
from terminal.exam import events
from terminal.exam.model import ExamState, Phase, Plan, Stamp
from terminal.open_exams import OpenExams
from terminal.store.store import TerminalStore

SOFTWARE = "torture"
_DEVICE = Device(device_id="d", driver="torture", maker="Acme", model="One", serial="7", medical_device=False)
_VALUES: dict[str, dict[str, Any]] = {
    "temperature": {"temperature_celsius": 36.6},
    "pressure": {"systolic_mmhg": 122, "diastolic_mmhg": 78, "pulse_bpm": 71},
    "breath": {"breath_alcohol_mg_per_l": 0.0},
}
_PHOTO_EVERY = 5


class JumpingClock:
    """A wall clock that somebody else turns; `offset_s` says by how much now. It calls itself right all the same."""

    def __init__(self, inner: Clock, offset_s: Callable[[], float]) -> None:
        self._inner, self._offset_s = inner, offset_s

    def now(self) -> Stamp:
        stamp = self._inner.now()
        return stamp.model_copy(update={"at": stamp.at + timedelta(seconds=self._offset_s()), "trusted": True})


class Player:
    """Plays exams on one store. `shown` is called with an exam's id once its record is committed."""

    def __init__(
        self, store: TerminalStore, org: str, clock: Clock, limits: LimitsBook, shown: Callable[[str, int], None]
    ) -> None:
        self._store, self._clock, self._limits, self._shown = store, clock, limits, shown
        self._exams = OpenExams(store, org, lambda _exam_id: 0.01)
        self.each_event: Callable[[], None] = lambda: None
        """Called with each event at hand, before anything is done about it."""
        self.each_commit: Callable[[], None] = lambda: None
        """Called after each event's commit, when the screen may show it."""
        self.photo_bytes = 20_000
        self._dice = random.Random()  # noqa: S311 - pixels of a photo

    def recover(self) -> None:
        """After a start: what was cut off is ended, what waits is decided, as reception and medic would do."""
        self._exams.recover()
        for state in list(self._exams.exams.values()):
            if state.phase in (Phase.WAITING, Phase.DECIDED):
                self._finish(state)
            else:
                self._do(events.ExamEnded, state.exam_id, reason="interrupted")
                self._tell(state.exam_id)

    def play(self, number: int) -> None:
        """One whole examination, each event committed on its own."""
        exam_id = new_id()
        self._do(
            events.ExamStarted,
            exam_id,
            exam_type="pre_shift",
            plan=Plan(),
            generation="test",
            software_version=SOFTWARE,
            config_version=SOFTWARE,
        )
        worker, employer = new_id(), new_id()
        limits = resolve(
            list(self._limits.entries), worker_id=worker, employer_id=employer, on=self._clock.now().at.date()
        )
        self._do(
            events.ExamineeIdentified,
            exam_id,
            worker_id=worker,
            employer_id=employer,
            identified_by="personnel_number",
            limits=limits,
        )
        self._do(events.IdentityConfirmed, exam_id)
        consent = Consent(given=True, version="1", text_sha256=sha256_hex(b"consent"), at=self._clock.now().at)
        self._do(events.ConsentAnswered, exam_id, consent=consent)
        self._take_photo(exam_id, with_photo=number % _PHOTO_EVERY == 0)
        self._do(events.ComplaintsAnswered, exam_id, complaints=Complaints(feels_well=True))
        for step in _VALUES:
            self._measure(exam_id, step)
        state = self._do(events.SummaryConfirmed, exam_id)
        self._tell(exam_id)
        self._finish(state)

    def _measure(self, exam_id: str, step: str) -> None:
        request_id = new_id()
        self._do(
            events.MeasurementStarted, exam_id, step=step, attempt=1, request_id=request_id, device_id=_DEVICE.device_id
        )
        measurement = Measurement(
            measurement_id=new_id(),
            step=step,  # type: ignore[arg-type]  # a key of _VALUES
            attempt=1,
            at=self._clock.now().at,
            values=_VALUES[step],
            device=_DEVICE,
            generation="test",
            raw_hex="00",
        )
        self._do(events.MeasurementTaken, exam_id, request_id=request_id, measurement=measurement)
        self._do(events.ResultSeen, exam_id)

    def _take_photo(self, exam_id: str, *, with_photo: bool) -> None:
        face = FaceCheck(outcome="not_compared", reason="no legal basis")
        if not with_photo:
            self._do(events.PhotoTaken, exam_id, face=face, photo=None)
            return
        content = self._dice.randbytes(self.photo_bytes)
        photo = MediaReference(
            sha256=self._store.media.write(content),
            kind="photo",
            content_type="image/jpeg",
            size_bytes=len(content),
            step="face",
            at=self._clock.now().at,
        )
        self._do(
            events.PhotoTaken,
            exam_id,
            with_transaction=lambda stamp: self._exams.queue_media(exam_id, content, photo, stamp),
            face=face,
            photo=photo,
        )

    def _finish(self, state: ExamState) -> None:
        if state.phase is Phase.WAITING:
            self._do(
                events.DecisionReceived,
                state.exam_id,
                decision_id=new_id(),
                outcome="admitted",
                medic_name="Зоя Луговая",
                decided_at=self._clock.now().at,
            )
        self._do(events.DecisionSeen, state.exam_id)

    def _tell(self, exam_id: str) -> None:
        if self._store.outbox.receipts_of(exam_id):
            self._shown(exam_id, self._store.log.range_of(exam_id).last_seq)

    def _do(
        self,
        kind: type[Any],
        exam_id: str,
        *,
        with_transaction: Callable[[Stamp], None] = lambda _: None,
        **fields: Any,
    ) -> ExamState:
        stamp = self._clock.now()
        event = kind(exam_id=exam_id, stamp=stamp, **fields)
        self.each_event()
        state, _ = self._exams.happen(event, with_transaction=lambda: with_transaction(stamp))
        self.each_commit()
        return state
