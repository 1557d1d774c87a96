"""The exam on the screen: applies its events, runs their effects, and tells film and watch about them.

No thread of its own: `terminal.session` decides what is to happen, the core thread calls both.
"""

import logging
from collections.abc import Callable, Mapping

from terminal.core import Core
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
from terminal.exam.model import Activity, ExamState, Phase, Stamp
from terminal.exam.times import local_day, rest_left_s
from terminal.exam_film import ExamFilm, FilmRecorder
from terminal.exam_photo import ExamPhoto, PhotoOutcome
from terminal.face.capture import Photographer
from terminal.face.continuity import StrangerSeen
from terminal.measuring import RUN_OPTIONS, TIMEOUT_S, answer_event, expired, is_verification_expired, start_event
from terminal.person_continuity import PersonContinuity, PersonWatch
from terminal.reception import card_of, employment_card
from terminal.snapshot import EmploymentCard, LiveProgress, WorkerCard
from terminal.typed_entry import typed_steps

log = logging.getLogger(__name__)


class Foreground:
    """Owns which exam is active, who is shown, and what goes on for it: measurement, photo, film, watch."""

    def __init__(
        self,
        core: Core,
        photographer: Photographer | None,
        *,
        recorder: FilmRecorder | None,
        watch: PersonWatch | None,
        on_leave: Callable[[], None],
    ) -> None:
        """`on_leave` is called whenever the screen goes back to idle."""
        self._core, self._on_leave = core, on_leave
        self.photos = ExamPhoto(core.config, core.store, core.exams, photographer)
        self.films = ExamFilm(core.exams, recorder, core.clock, core.timers.after, self._may_film)
        self._watch = PersonContinuity(core.config, core.store, core.exams, watch, core.clock)
        self.active_id: str | None = None
        self.awaiting_resume = False
        self.worker: WorkerCard | None = None
        self.employments: tuple[EmploymentCard, ...] = ()
        self.progress = LiveProgress()
        self._stopped: tuple[str, Stamp] | None = None
        self._typed_steps = typed_steps(core.config)

    @property
    def active(self) -> ExamState | None:
        return self._core.exams.exams.get(self.active_id) if self.active_id else None

    def free(self) -> ExamState | None:
        """The active exam, unless its end only waits for its film: then nothing more happens to it."""
        state = self.active
        return None if state is None or self.films.is_holding(state.exam_id) else state

    def in_phase(self, phase: Phase) -> ExamState | None:
        """The active exam if it is in that phase and the person may act."""
        state = self.free()
        return state if state is not None and state.phase is phase and not self.awaiting_resume else None

    def happen(self, event: events.Event, *, with_transaction: Callable[[], None] = lambda: None) -> ExamState:
        """Commit an event of any open exam; what follows from it is done for the active one."""
        state, effects = self._core.exams.happen(event, with_transaction=with_transaction)
        if event.exam_id == self.active_id:
            self.progress = LiveProgress()
            if state.phase is Phase.ENDED:
                self.leave_screen()
            else:
                for effect in effects:
                    self._run(effect, state)
        return state

    def end(self, exam_id: str, reason: Callable[[ExamState], events.EndReason]) -> None:
        """End an exam without a decision, after its film; what is being measured stops at once."""

        def end() -> None:
            state = self._core.exams.exams[exam_id]
            self.happen(events.ExamEnded(exam_id=exam_id, stamp=self._core.clock.now(), reason=reason(state)))

        if exam_id == self.active_id:
            self._watch.end()
        self.films.when_finished(exam_id, end)
        held = self._core.exams.exams.get(exam_id)
        if held is not None and held.activity is Activity.MEASURING:
            self._core.park.cancel(held.request_id)

    def submit(self, exam_id: str) -> None:
        """Send the record, after the film."""

        def confirm() -> None:
            self.happen(events.SummaryConfirmed(exam_id=exam_id, stamp=self._core.clock.now()))

        self.films.when_finished(exam_id, confirm)

    def start(self, step: MeasuringStep, typed: Mapping[str, str] | None = None) -> None:
        """Order the step's device to measure; one whose verification has ended answers at once that it must not.

        One without a cable waits for what is `typed`.
        """
        state, device = self.active, self._core.config.device_for(step)
        if state is None or device is None or (step in self._typed_steps and typed is None):
            return
        started = start_event(state, device, step, self._core.clock.now())
        state = self.happen(started)
        if is_verification_expired(device, local_day(started.stamp)):
            answer = expired(device, started.request_id)
            self.happen(answer_event(answer, state, self._core.config, self._core.clock.now()))
            return
        self._core.park.measure(
            started.request_id, device.id, {**RUN_OPTIONS.get(step, {}), **(typed or {})}, TIMEOUT_S[step]
        )

    def stop(self, state: ExamState) -> None:
        """Tell the device to stop. A second touch does not make it later."""
        if self.stopped(state.request_id) is None:
            self._stopped = (state.request_id, self._core.clock.now())
        self._core.park.cancel(state.request_id)

    def stopped(self, request_id: str) -> Stamp | None:
        """When the worker stopped that try, if he did."""
        return self._stopped[1] if self._stopped is not None and self._stopped[0] == request_id else None

    def photo_done(self, outcome: PhotoOutcome | None) -> None:
        """Keep what became of a request for a photo, if it is decided."""
        if outcome is not None:
            self.happen(outcome.event, with_transaction=outcome.with_transaction)

    def activate(self, state: ExamState) -> None:
        """Bring an exam before the screen."""
        self.active_id = state.exam_id
        self.progress = LiveProgress()
        worker = self._core.store.roster.worker(state.examinee.worker_id) if state.examinee else None
        self.worker = card_of(worker) if worker else None
        self.show_employments(state)

    def show_employments(self, state: ExamState) -> None:
        """Have the employers ready among which the worker chooses; none for an exam that does not ask."""
        roster = self._core.store.roster
        self.employments = tuple(employment_card(roster.worker(one.worker_id)) for one in state.employments)

    def leave_screen(self) -> None:
        """Back to idle; whatever rests, rests on the disk."""
        self.photos.cancel()
        self._on_leave()
        self.active_id, self.worker, self.awaiting_resume, self.progress = None, None, False, LiveProgress()
        self.employments = ()

    def observe(self) -> None:
        """Let film and watch follow what is before the screen now; after everything that may have changed it."""
        active = None if self.awaiting_resume else self.active
        self.films.observe(active, self.progress.state)
        self._watch.observe(active)

    def stranger_seen(self, message: StrangerSeen) -> None:
        """Somebody else stands before the camera: the exam stops and the worker is sent to a medic."""
        if (stopped := self._watch.stranger(message)) is not None:
            state, effects = stopped
            self.progress = LiveProgress()
            for effect in effects:
                self._run(effect, state)

    def _may_film(self, state: ExamState) -> bool:
        """Whether the register has what the configuration asks for before a film."""
        if not self._core.config.film.registered_consent:
            return True
        worker = self._core.store.roster.worker(state.examinee.worker_id) if state.examinee else None
        return worker is not None and any(consent.kind == "video" for consent in worker.consents)

    def _run(self, effect: Effect, state: ExamState) -> None:
        match effect:
            case StartMeasurement(step):
                self.start(step)
            case CancelMeasurement(request_id):
                self._core.park.cancel(request_id)
            case LookAtFace():
                self.photo_done(self.photos.begin(state, self._core.clock.now()))
            case ShowResultFor(seconds):
                shown = len(state.measurements)
                self._core.timers.after(seconds, lambda: self._result_shown(state.exam_id, shown))
            case WakeAt():
                self._wake_after_rest(state)
            case SendRecord():
                log.debug("a record was queued")

    def _result_shown(self, exam_id: str, shown: int) -> None:
        state = self.active
        same = state is not None and state.exam_id == exam_id and len(state.measurements) == shown
        if same and state is not None and state.activity is Activity.RESULT:
            self.happen(events.ResultSeen(exam_id=exam_id, stamp=self._core.clock.now()))

    def _wake_after_rest(self, state: ExamState) -> None:
        self._core.timers.after(
            rest_left_s(state, self._core.clock.now()), lambda: self._rest_over(state.exam_id, state.rest_from)
        )

    def _rest_over(self, exam_id: str, began: Stamp | None) -> None:
        """Of the rest that began then; one that is not over yet is waited for."""
        state = self.active
        if state is None or state.exam_id != exam_id or began is None or state.rest_from != began:
            return
        if rest_left_s(state, self._core.clock.now()):
            self._wake_after_rest(state)
        else:
            self.happen(events.RestEnded(exam_id=exam_id, stamp=self._core.clock.now()))
