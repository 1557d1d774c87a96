"""What the person in front of the screen wants becomes events; `observations` does the same with what devices and camera tell.

No thread of its own: `terminal.service` calls it from the core thread and owns time.
"""

from collections.abc import Callable, Mapping

from drivers.park import Park
from sync.contract.canonical import new_id, sha256_hex
from sync.contract.exam import Complaints, Consent, ExamType
from terminal.clock import Clock
from terminal.config import TerminalConfig
from terminal.exam import events
from terminal.exam.limits import LimitEntry, LimitsBook
from terminal.exam.model import Activity, ExamState, Phase
from terminal.exam.times import rest_left_s
from terminal.exam_film import FilmRecorder
from terminal.face.capture import Photographer
from terminal.face_search import FaceSearch
from terminal.foreground import Foreground, Timers
from terminal.identity import Found, NotFound
from terminal.observations import Observations
from terminal.open_exams import OpenExams
from terminal.person_continuity import PersonWatch
from terminal.reception import card_of, cut_off_reason, end_reason, reception_event
from terminal.snapshot import LiveProgress, WorkerCard
from terminal.store.store import TerminalStore
from terminal.typed_entry import fault_of, typed_steps


class KioskSession:
    """The door for the core thread. Which exam is active, and its effects, are `terminal.foreground`'s."""

    def __init__(
        self,
        config: TerminalConfig,
        store: TerminalStore,
        exams: OpenExams,
        park: Park,
        photographer: Photographer | None,
        clock: Clock,
        timers: Timers,
        software_version: str,
        *,
        recorder: FilmRecorder | None = None,
        watch: PersonWatch | None = None,
    ) -> None:
        self._config, self._store, self._exams = config, store, exams
        self._park, self._clock = park, clock
        self._search = FaceSearch(config, photographer)
        self._front = Foreground(
            config,
            store,
            exams,
            park,
            photographer,
            clock,
            timers,
            recorder=recorder,
            watch=watch,
            on_leave=self._search.stop,
        )
        self.observations = Observations(config, store, exams, clock, self._front, self._search, self.identify)
        self._software_version = software_version

    @property
    def active_id(self) -> str | None:
        return self._front.active_id

    @property
    def active(self) -> ExamState | None:
        return self._front.active

    @property
    def awaiting_resume(self) -> bool:
        """An exam that was cut off is offered for going on."""
        return self._front.awaiting_resume

    @property
    def worker(self) -> WorkerCard | None:
        return self._front.worker

    @property
    def progress(self) -> LiveProgress:
        return self._front.progress

    @property
    def search_is_offered(self) -> bool:
        return self._search.is_offered

    @property
    def is_searching(self) -> bool:
        return self._search.is_running

    def recover(self, set_aside: str | None = None) -> None:
        """After a start: an exam that was cut off is offered for resuming; those that wait for a medic rest on.

        So do those that a medic wants repeated, but for the one that was before the screen last.
        `set_aside`: an exam that has ended the program again and again; it ends here, with what was measured.
        """
        self._exams.recover()
        self._front.films.recover()
        self._count_rests_anew()
        cut_off = sorted(
            (state for state in self._exams.exams.values() if not state.is_waiting),
            key=lambda state: state.last.at if state.last else state.started.at,
        )
        for state in cut_off:
            is_last = state is cut_off[-1]
            if state.exam_id == set_aside or (not is_last and state.decision is None):
                self._front.end(state.exam_id, cut_off_reason)
            elif is_last:
                self._front.activate(state)
                self._front.awaiting_resume = True

    def _count_rests_anew(self) -> None:
        """The machine was started again while somebody rests: from now on his rest can be counted for certain."""
        now = self._clock.now()
        for state in list(self._exams.exams.values()):
            known = {began.boot_id for began in (state.rest_from, state.rest_anew) if began is not None}
            if state.activity is Activity.RESTING and now.boot_id not in known:
                self._exams.happen(events.RestBeganAnew(exam_id=state.exam_id, stamp=now))

    def begin(self, exam_type: ExamType) -> None:
        """A touch on the idle screen starts an exam."""
        if self.active is not None:
            return
        exam_id = new_id()
        self._front.active_id = exam_id
        self._front.happen(
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
        state = self._front.in_phase(Phase.IDENTIFY)
        if state is None:
            return
        self._search.stop()
        stamp = self._clock.now()
        if isinstance(found, NotFound):
            self._front.happen(reception_event(found, state.exam_id, stamp, ()))
            return
        worker = found.worker
        earlier = self._exams.open_exam_of(worker.worker_id, but=state.exam_id)
        if earlier is not None:
            self._front.happen(events.ExamEnded(exam_id=state.exam_id, stamp=stamp, reason="continued_elsewhere"))
            self._front.activate(earlier)
            self._go_on(earlier)
            return
        self._front.worker = card_of(worker)
        self._front.happen(reception_event(found, state.exam_id, stamp, self._limits()))

    def answer_identity(self, yes: bool) -> None:
        if state := self._front.in_phase(Phase.CONFIRM):
            stamp = self._clock.now()
            if yes:
                self._front.happen(events.IdentityConfirmed(exam_id=state.exam_id, stamp=stamp))
            else:
                self._front.worker = None
                self._front.happen(events.IdentityDenied(exam_id=state.exam_id, stamp=stamp))

    def answer_consent(self, yes: bool, language: str, text: str) -> None:
        """`text` is the whole consent text of the configured version and language; its hash is kept with the answer."""
        if state := self._front.in_phase(Phase.CONSENT):
            stamp = self._clock.now()
            consent = Consent(
                given=yes,
                version=self._config.exam.consent_version,
                language=language,
                text_sha256=sha256_hex(text.encode("utf-8")),
                at=stamp.at,
            )
            self._front.happen(events.ConsentAnswered(exam_id=state.exam_id, stamp=stamp, consent=consent))

    def answer_complaints(self, complaints: Complaints) -> None:
        if state := self._front.in_phase(Phase.COMPLAINTS):
            self._front.happen(
                events.ComplaintsAnswered(exam_id=state.exam_id, stamp=self._clock.now(), complaints=complaints)
            )

    def start_measuring(self) -> None:
        """The cuff is on, or another try."""
        state = self._front.free()
        if state is None or state.activity not in (Activity.READY, Activity.TRY_AGAIN, Activity.TROUBLE):
            return
        if state.activity is Activity.TROUBLE and not state.has_tries(state.phase):
            return
        match state.phase:
            case Phase.TEMPERATURE:
                self._front.start("temperature")
            case Phase.PRESSURE:
                self._front.start("pressure")
            case Phase.BREATH:
                self._front.start("breath")
            case _:
                return

    def enter_values(self, values: Mapping[str, str]) -> None:
        """What an instrument without a cable shows. What no body can have is said and costs no try."""
        state = self._front.free()
        if state is None or state.activity not in (Activity.READY, Activity.TRY_AGAIN, Activity.TROUBLE):
            return
        step = str(state.phase)
        if step not in typed_steps(self._config) or not state.has_tries(step):
            return
        if fault_of(step, values):
            self._front.progress = LiveProgress("typed_wrong", {}, self._clock.now().monotonic_s)
            return
        match state.phase:
            case Phase.TEMPERATURE:
                self._front.start("temperature", values)
            case Phase.PRESSURE:
                self._front.start("pressure", values)
            case _:
                self._front.start("breath", values)

    def stop_measuring(self) -> None:
        """Stop at once; the device answers with `Cancelled`, which is kept as a failed try."""
        if (state := self.active) and state.activity is Activity.MEASURING:
            self._front.stop(state)

    def go_next(self) -> None:
        """Seen: on from a value, from the summary, from a decision, from a rest (back to idle)."""
        state = self._front.free()
        if state is None:
            return
        stamp = self._clock.now()
        if state.activity is Activity.RESULT:
            self._front.happen(events.ResultSeen(exam_id=state.exam_id, stamp=stamp))
        elif state.phase is Phase.REVIEW:
            self._front.submit(state.exam_id)
        elif state.phase is Phase.URGENT:
            self._front.happen(events.UrgencySeen(exam_id=state.exam_id, stamp=stamp))
        elif state.phase is Phase.DECIDED:
            self._front.happen(events.DecisionSeen(exam_id=state.exam_id, stamp=stamp))
        elif state.is_waiting:
            self._front.leave_screen()

    def leave(self, *, timed_out: bool = False) -> None:
        """Leave the screen. An exam that waits rests on; any other ends, with what was measured."""
        state = self._front.free()
        if state is None:
            return
        if (
            state.phase is Phase.DECIDED
            or (timed_out and state.phase is Phase.REVIEW)
            or state.activity is Activity.RESULT
        ):
            self.go_next()
        elif state.phase is Phase.URGENT:
            self._front.submit(state.exam_id)  # whoever is in pain or lies on the floor is in the medic's queue
        elif state.is_waiting:
            self._front.leave_screen()
        else:
            self._front.end(state.exam_id, lambda state: end_reason(state, timed_out=timed_out))

    def resume(self) -> None:
        """Go on with the exam that was cut off."""
        if self.awaiting_resume and (state := self._front.free()):
            self._front.awaiting_resume = False
            self._front.happen(events.ExamResumed(exam_id=state.exam_id, stamp=self._clock.now()))

    def drop(self, *, timed_out: bool = False) -> None:
        """Close the exam that was cut off. One that a medic wants repeated outlasts an empty place before the screen."""
        if not self.awaiting_resume or not (state := self._front.free()):
            return
        if timed_out and state.decision is not None:
            self._front.leave_screen()
        else:
            self._front.end(state.exam_id, cut_off_reason)

    def search_face(self) -> None:
        """Look who of the enrolled workers stands before the camera, where that is offered."""
        if self._front.in_phase(Phase.IDENTIFY) and self._search.begin():
            self._front.progress = LiveProgress()

    def stop_search(self) -> None:
        """Back to the number."""
        self._search.stop()
        self._front.progress = LiveProgress()

    def observe(self) -> None:
        """Let film and watch follow the screen; after everything that may have changed it."""
        self._front.observe()

    def decision(self, event: events.DecisionReceived, with_transaction: Callable[[], None]) -> None:
        """A checked decision of a medic. Raises `ImpossibleEvent` when the exam does not wait for one."""
        self._front.happen(event, with_transaction=with_transaction)

    def decision_refused(self, exam_id: str) -> None:
        """A decision on this exam whose signature did not stand the check; of an exam that does not wait nothing is said."""
        state = self._exams.exams.get(exam_id)
        if state is not None and state.phase is Phase.WAITING and not state.decision_refused:
            self._front.happen(events.DecisionRefused(exam_id=exam_id, stamp=self._clock.now()))

    def _go_on(self, state: ExamState) -> None:
        """Take up an exam that rested: after the rest the next attempt, after a restart whatever was to do."""
        stamp = self._clock.now()
        if state.activity is Activity.RESTING and not rest_left_s(state, stamp):
            self._front.happen(events.RestEnded(exam_id=state.exam_id, stamp=stamp))
        else:
            self._front.happen(events.ExamResumed(exam_id=state.exam_id, stamp=stamp))

    def _limits(self) -> tuple[LimitEntry, ...]:
        sent = self._store.reference.latest("limits")
        return (LimitsBook.model_validate(sent) if sent else self._config.limits).entries
