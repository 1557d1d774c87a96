"""The exam in front of the screen: intents of the person and news of the devices become events, effects are run.

No thread of its own: `terminal.service` calls it from the core thread and owns time.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from drivers.messages import DeviceStatusChanged, MeasurementFailed, MeasurementProgress, MeasurementTaken
from drivers.model import DeviceState
from drivers.park import Park
from sync.contract.canonical import new_id, sha256_hex
from sync.contract.exam import Complaints, Consent, ExamType
from terminal.camera.film import FilmMessage
from terminal.clock import Clock
from terminal.config import TerminalConfig
from terminal.desk import ExamDesk
from terminal.exam import events
from terminal.exam.effects import (
    CancelMeasurement,
    Effect,
    LookAtFace,
    MeasuringStep,
    SendRecord,
    ShowResultFor,
    StartMeasurement,
    WakeAt,
)
from terminal.exam.limits import LimitEntry, LimitsBook
from terminal.exam.model import Activity, ExamState, Phase
from terminal.face.capture import FaceFound, FaceHint, FaceNotFound, Photographer, SessionFace
from terminal.face.continuity import StrangerSeen
from terminal.film_desk import FilmDesk, FilmRecorder
from terminal.identity import Found, NotFound
from terminal.measuring import RUN_OPTIONS, TIMEOUT_S, answer_event, expired, is_verification_expired, start_event
from terminal.photo_desk import PhotoDesk, PhotoOutcome
from terminal.reception import card_of, cut_off_reason, end_reason, reception_event
from terminal.search_desk import SearchDesk
from terminal.snapshot import LiveProgress, WorkerCard
from terminal.store.store import TerminalStore
from terminal.watch_desk import PersonWatch, WatchDesk

log = logging.getLogger(__name__)


class Timers(Protocol):
    """Where the session asks to be called back."""

    def after(self, seconds: float, call: Callable[[], None]) -> None: ...


class Session:
    """Owns which exam is active and what is being measured for it."""

    def __init__(
        self,
        config: TerminalConfig,
        store: TerminalStore,
        desk: ExamDesk,
        park: Park,
        photographer: Photographer | None,
        clock: Clock,
        timers: Timers,
        software_version: str,
        *,
        recorder: FilmRecorder | None = None,
        watch: PersonWatch | None = None,
    ) -> None:
        self._config, self._store, self._desk = config, store, desk
        self._park, self._clock, self._timers = park, clock, timers
        self._photos = PhotoDesk(config, store, desk, photographer)
        self._search = SearchDesk(config, photographer)
        self._films = FilmDesk(desk, recorder, clock, timers.after)
        self._watch = WatchDesk(config, store, desk, watch, clock)
        self._software_version = software_version
        self.active_id: str | None = None
        self.awaiting_resume = False
        self.worker: WorkerCard | None = None
        self.progress = LiveProgress()

    @property
    def search_is_offered(self) -> bool:
        return self._search.is_offered

    @property
    def is_searching(self) -> bool:
        return self._search.is_running

    @property
    def active(self) -> ExamState | None:
        return self._desk.exams.get(self.active_id) if self.active_id else None

    def recover(self) -> None:
        """After a start: an exam that was cut off is offered for resuming; those that wait for a medic rest on."""
        self._desk.recover()
        self._films.recover()
        cut_off = [state for state in self._desk.exams.values() if not state.is_waiting and state.decision is None]
        for state in cut_off[:-1]:
            self._end(state.exam_id, cut_off_reason)
        if cut_off:
            self._activate(cut_off[-1])
            self.awaiting_resume = True

    def begin(self, exam_type: ExamType) -> None:
        """A touch on the idle screen starts an exam."""
        if self.active is not None:
            return
        exam_id = new_id()
        self.active_id = exam_id
        self._happen(
            events.ExamStarted(
                exam_id=exam_id,
                stamp=self._clock.now(),
                exam_type=exam_type,
                plan=self._config.plan(),
                generation=self._config.identity.generation,
                software_version=self._software_version,
                config_version=self._config.version,
            )
        )

    def identify(self, found: Found | NotFound) -> None:
        """What the roster said to a number, a card or a QR code."""
        state = self._in(Phase.IDENTIFY)
        if state is None:
            return
        self._search.stop()
        stamp = self._clock.now()
        if isinstance(found, NotFound):
            self._happen(reception_event(found, state.exam_id, stamp, ()))
            return
        worker = found.worker
        earlier = self._desk.open_exam_of(worker.worker_id, but=state.exam_id)
        if earlier is not None:
            self._happen(events.ExamEnded(exam_id=state.exam_id, stamp=stamp, reason="continued_elsewhere"))
            self._activate(earlier)
            self._go_on(earlier)
            return
        self.worker = card_of(worker)
        self._happen(reception_event(found, state.exam_id, stamp, self._limits()))

    def answer_identity(self, yes: bool) -> None:
        if state := self._in(Phase.CONFIRM):
            stamp = self._clock.now()
            if yes:
                self._happen(events.IdentityConfirmed(exam_id=state.exam_id, stamp=stamp))
            else:
                self.worker = None
                self._happen(events.IdentityDenied(exam_id=state.exam_id, stamp=stamp))

    def answer_consent(self, yes: bool, language: str, text: str) -> None:
        """`text` is the whole consent text of the configured version and language; its hash is kept with the answer."""
        if state := self._in(Phase.CONSENT):
            stamp = self._clock.now()
            consent = Consent(
                given=yes,
                version=self._config.exam.consent_version,
                language=language,
                text_sha256=sha256_hex(text.encode("utf-8")),
                at=stamp.at,
            )
            self._happen(events.ConsentAnswered(exam_id=state.exam_id, stamp=stamp, consent=consent))

    def answer_complaints(self, complaints: Complaints) -> None:
        if state := self._in(Phase.COMPLAINTS):
            self._happen(
                events.ComplaintsAnswered(exam_id=state.exam_id, stamp=self._clock.now(), complaints=complaints)
            )

    def start_measuring(self) -> None:
        """The cuff is on, or another try."""
        state = self._free()
        if state is None or state.activity not in (Activity.READY, Activity.TRY_AGAIN, Activity.TROUBLE):
            return
        match state.phase:
            case Phase.TEMPERATURE:
                self._start("temperature")
            case Phase.PRESSURE:
                self._start("pressure")
            case Phase.BREATH:
                self._start("breath")
            case _:
                return

    def stop_measuring(self) -> None:
        """Stop at once; the device answers with `Cancelled`, which is kept as a failed try."""
        if (state := self.active) and state.activity is Activity.MEASURING:
            self._park.cancel(state.request_id)

    def go_next(self) -> None:
        """Seen: on from a value, from the summary, from a decision, from a rest (back to idle)."""
        state = self._free()
        if state is None:
            return
        stamp = self._clock.now()
        if state.activity is Activity.RESULT:
            self._happen(events.ResultSeen(exam_id=state.exam_id, stamp=stamp))
        elif state.phase is Phase.REVIEW:
            self._films.when_finished(state.exam_id, lambda: self._submit(state.exam_id))
        elif state.phase is Phase.DECIDED:
            self._happen(events.DecisionSeen(exam_id=state.exam_id, stamp=stamp))
        elif state.is_waiting:
            self._leave_screen()

    def leave(self, *, timed_out: bool = False) -> None:
        """Leave the screen. An exam that waits rests on; any other ends, with what was measured."""
        state = self._free()
        if state is None:
            return
        if (
            state.phase is Phase.DECIDED
            or (timed_out and state.phase is Phase.REVIEW)
            or state.activity is Activity.RESULT
        ):
            self.go_next()
        elif state.is_waiting:
            self._leave_screen()
        else:
            self._end(state.exam_id, lambda state: end_reason(state, timed_out=timed_out))

    def resume(self) -> None:
        """Go on with the exam that was cut off."""
        if self.awaiting_resume and (state := self._free()):
            self.awaiting_resume = False
            self._happen(events.ExamResumed(exam_id=state.exam_id, stamp=self._clock.now()))

    def drop(self) -> None:
        """Close the exam that was cut off."""
        if self.awaiting_resume and (state := self._free()):
            self._end(state.exam_id, cut_off_reason)

    def device_news(
        self, message: DeviceStatusChanged | MeasurementProgress | MeasurementTaken | MeasurementFailed
    ) -> None:
        """Take what a worker thread posted; an answer to another start than the current one belongs to nobody."""
        state = self._free()
        if isinstance(message, DeviceStatusChanged):
            status = message.status
            in_trouble = state is not None and state.activity is Activity.TROUBLE
            if state and in_trouble and status.device_id == state.device_id and status.state is DeviceState.READY:
                self._happen(
                    events.DeviceReturned(exam_id=state.exam_id, stamp=self._clock.now(), device_id=status.device_id)
                )
            return
        if state is None or state.activity is not Activity.MEASURING or message.request_id != state.request_id:
            return
        stamp = self._clock.now()
        if isinstance(message, MeasurementProgress):
            self.progress = LiveProgress(message.state, dict(message.details), stamp.monotonic_s)
        else:
            self._happen(answer_event(message, state, self._config, stamp))

    def search_face(self) -> None:
        """Look who of the enrolled workers stands before the camera, where that is offered."""
        if self._in(Phase.IDENTIFY) and self._search.begin():
            self.progress = LiveProgress()

    def stop_search(self) -> None:
        """Back to the number."""
        self._search.stop()
        self.progress = LiveProgress()

    def face_news(self, message: SessionFace) -> None:
        """Take what the photographer found."""
        if self._search.is_current(message):
            self._search_news(message)
            return
        if isinstance(message, FaceFound | FaceNotFound):
            return
        state = self._in(Phase.FACE)
        if state is None or not self._photos.is_current(message):
            return
        stamp = self._clock.now()
        if isinstance(message, FaceHint):
            self.progress = LiveProgress(message.code, {}, stamp.monotonic_s)
        else:
            self._photo_done(self._photos.outcome(state, stamp, message))

    def _search_news(self, message: SessionFace) -> None:
        """A hit is proposed to the worker; anything else leads to the number, and costs no try."""
        moment_s = self._clock.now().monotonic_s
        if isinstance(message, FaceHint):
            self.progress = LiveProgress(message.code, {}, moment_s)
            return
        self._search.done()
        code = message.code if isinstance(message, FaceNotFound) else "no_match"
        if isinstance(message, FaceFound):
            worker = self._store.roster.worker(message.worker_id)
            rests = self._desk.open_exam_of(message.worker_id, but=self.active_id or "")
            if worker is not None and rests is None:
                self.identify(Found(worker, "face", message.evidence))
                return
            # An exam that rests would go on without the question "is it you?": for that a number is needed.
            code = "number_needed" if rests is not None else code
        self.progress = LiveProgress(f"search_{code}", {}, moment_s)

    def film_news(self, message: FilmMessage) -> None:
        """Take what the recorder kept, lost or finished."""
        self._films.take(message)

    def stranger_seen(self, message: StrangerSeen) -> None:
        """Somebody else stands before the camera: the exam stops and the worker is sent to a medic."""
        if (stopped := self._watch.stranger(message)) is not None:
            state, effects = stopped
            self.progress = LiveProgress()
            for effect in effects:
                self._run(effect, state)

    def observe(self) -> None:
        """Let film and watch follow what is before the screen now; after everything that may have changed it."""
        active = None if self.awaiting_resume else self.active
        self._films.observe(active, self.progress.state)
        self._watch.observe(active)

    def decision(self, event: events.DecisionReceived, with_transaction: Callable[[], None]) -> None:
        """A checked decision of a medic. Raises `ImpossibleEvent` when the exam does not wait for one."""
        self._happen(event, with_transaction=with_transaction)

    def _submit(self, exam_id: str) -> None:
        self._happen(events.SummaryConfirmed(exam_id=exam_id, stamp=self._clock.now()))

    def _end(self, exam_id: str, reason: Callable[[ExamState], events.EndReason]) -> None:
        """End an exam without a decision, after its film; what is being measured stops at once."""

        def end() -> None:
            state = self._desk.exams[exam_id]
            self._happen(events.ExamEnded(exam_id=exam_id, stamp=self._clock.now(), reason=reason(state)))

        if exam_id == self.active_id:
            self._watch.end()
        self._films.when_finished(exam_id, end)
        held = self._desk.exams.get(exam_id)
        if held is not None and held.activity is Activity.MEASURING:
            self._park.cancel(held.request_id)

    def _photo_done(self, outcome: PhotoOutcome | None) -> None:
        if outcome is not None:
            self._happen(outcome.event, with_transaction=outcome.with_transaction)

    def _start(self, step: MeasuringStep) -> None:
        state, device = self.active, self._config.device_for(step)
        if state is None or device is None:
            return
        started = start_event(state, device, step, self._clock.now())
        state = self._happen(started)
        if is_verification_expired(device, started.stamp.at.date()):
            answer = expired(device, started.request_id)
            self._happen(answer_event(answer, state, self._config, self._clock.now()))
            return
        self._park.measure(started.request_id, device.id, RUN_OPTIONS.get(step, {}), TIMEOUT_S[step])

    def _happen(self, event: events.Event, *, with_transaction: Callable[[], None] = lambda: None) -> ExamState:
        state, effects = self._desk.happen(event, with_transaction=with_transaction)
        if event.exam_id == self.active_id:
            self.progress = LiveProgress()
            if state.phase is Phase.ENDED:
                self._leave_screen()
            else:
                for effect in effects:
                    self._run(effect, state)
        return state

    def _run(self, effect: Effect, state: ExamState) -> None:
        match effect:
            case StartMeasurement(step):
                self._start(step)
            case CancelMeasurement(request_id):
                self._park.cancel(request_id)
            case LookAtFace():
                self._photo_done(self._photos.begin(state, self._clock.now()))
            case ShowResultFor(seconds):
                shown = len(state.measurements)
                self._timers.after(seconds, lambda: self._result_shown(state.exam_id, shown))
            case WakeAt(moment):
                left_s = max(0.0, (moment - datetime.now(UTC)).total_seconds())
                self._timers.after(left_s, lambda: self._rest_over(state.exam_id, moment))
            case SendRecord():
                log.debug("a record was queued")

    def _result_shown(self, exam_id: str, shown: int) -> None:
        state = self.active
        same = state is not None and state.exam_id == exam_id and len(state.measurements) == shown
        if same and state is not None and state.activity is Activity.RESULT:
            self._happen(events.ResultSeen(exam_id=exam_id, stamp=self._clock.now()))

    def _rest_over(self, exam_id: str, moment: datetime) -> None:
        state = self.active
        if state is not None and state.exam_id == exam_id and state.rest_until == moment:
            self._happen(events.RestEnded(exam_id=exam_id, stamp=self._clock.now()))

    def _activate(self, state: ExamState) -> None:
        self.active_id = state.exam_id
        self.progress = LiveProgress()
        worker = self._store.roster.worker(state.examinee.worker_id) if state.examinee else None
        self.worker = card_of(worker) if worker else None

    def _go_on(self, state: ExamState) -> None:
        """Take up an exam that rested: after the rest the next attempt, after a restart whatever was to do."""
        stamp = self._clock.now()
        if state.activity is Activity.RESTING and state.rest_until is not None and state.rest_until <= stamp.at:
            self._happen(events.RestEnded(exam_id=state.exam_id, stamp=stamp))
        else:
            self._happen(events.ExamResumed(exam_id=state.exam_id, stamp=stamp))

    def _leave_screen(self) -> None:
        self._photos.cancel()
        self._search.stop()
        self.active_id, self.worker, self.awaiting_resume, self.progress = None, None, False, LiveProgress()

    def _free(self) -> ExamState | None:
        """The active exam, unless its end only waits for its film: then nothing more happens to it."""
        state = self.active
        return None if state is None or self._films.is_holding(state.exam_id) else state

    def _in(self, phase: Phase) -> ExamState | None:
        state = self._free()
        return state if state is not None and state.phase is phase and not self.awaiting_resume else None

    def _limits(self) -> tuple[LimitEntry, ...]:
        sent = self._store.reference.latest("limits")
        return (LimitsBook.model_validate(sent) if sent else self._config.limits).entries
