"""Turns the intents of the person at the kiosk into events; `observations` does the same for devices and camera.

No thread of its own: `terminal.service` calls it from the core thread and owns time.
"""

from collections.abc import Callable, Mapping

from sync.contract.canonical import new_id, sha256_hex
from sync.contract.exam import Complaints, Consent, ExamType
from sync.contract.limits import LimitEntry, LimitsBook
from sync.contract.person_code import BookCode
from terminal.books import BookShelf, KioskBooks
from terminal.core import Core
from terminal.exam import events
from terminal.exam.model import Activity, ExamState, Phase
from terminal.exam.times import local_day, rest_left_s
from terminal.exam_film import FilmRecorder
from terminal.face.capture import Photographer
from terminal.face_search import FaceSearch
from terminal.foreground import Foreground
from terminal.identity import Found, InForce, NotFound, Several
from terminal.observations import Observations
from terminal.person_continuity import PersonWatch
from terminal.reception import card_of, choice_event, cut_off_reason, end_reason, reception_event
from terminal.room_order import RoomOrders
from terminal.snapshot import LiveProgress
from terminal.typed_entry import fault_of, typed_steps


class KioskSession:
    """The door for the core thread. Which exam is active, and its effects, are `terminal.foreground`'s."""

    def __init__(
        self,
        core: Core,
        photographer: Photographer | None,
        software_version: str,
        books: BookShelf,
        *,
        recorder: FilmRecorder | None = None,
        watch: PersonWatch | None = None,
    ) -> None:
        self._core = core
        self.search = FaceSearch(core.config, photographer)
        self.front = Foreground(core, photographer, recorder=recorder, watch=watch, on_leave=self.search.stop)
        self.observations = Observations(core, self.front, self.search, self.identify, self.in_force)
        self._software_version, self._books = software_version, books
        self.orders = RoomOrders(core, software_version, lambda: self.front.active is not None)

    def recover(self, set_aside: str | None = None) -> None:
        """After a start: an exam that was cut off is offered for resuming; those that wait for a medic rest on.

        So do those that a medic wants repeated, but for the one that was before the screen last.
        `set_aside`: an exam that has ended the program again and again; it ends here, with what was measured.
        """
        self._core.exams.recover()
        self.front.films.recover()
        self._count_rests_anew()
        cut_off = sorted(
            (state for state in self._core.exams.exams.values() if not state.is_waiting),
            key=lambda state: state.last.at if state.last else state.started.at,
        )
        for state in cut_off:
            is_last = state is cut_off[-1]
            if state.exam_id == set_aside or (not is_last and state.decision is None):
                self.front.end(state.exam_id, cut_off_reason)
            elif is_last:
                self.front.activate(state)
                self.front.awaiting_resume = True

    def _count_rests_anew(self) -> None:
        """The machine was started again while somebody rests: from now on his rest can be counted for certain."""
        now = self._core.clock.now()
        for state in list(self._core.exams.exams.values()):
            known = {began.boot_id for began in (state.rest_from, state.rest_anew) if began is not None}
            if state.activity is Activity.RESTING and now.boot_id not in known:
                self._core.exams.happen(events.RestBeganAnew(exam_id=state.exam_id, stamp=now))

    def begin(self, exam_type: ExamType) -> None:
        """A touch on the idle screen starts an exam."""
        if self.front.active is not None or self.orders.shown is not None:
            return
        exam_id, stamp = new_id(), self._core.clock.now()
        self.front.active_id = exam_id
        self.front.happen(
            events.ExamStarted(
                exam_id=exam_id,
                stamp=stamp,
                exam_type=exam_type,
                plan=self._core.config.plan(),
                generation=self._core.config.identity.generation,
                software_version=self._software_version,
                config_version=self._core.config.version,
                books=self._books.versions(local_day(stamp)),
            )
        )

    def in_force(self) -> InForce:
        """The roster as it holds today."""
        return InForce(self._core.store.roster, local_day(self._core.clock.now()))

    def identify(self, found: Found | Several | NotFound) -> None:
        """What the roster said to a number, a card or a QR code."""
        state = self.front.in_phase(Phase.IDENTIFY)
        if state is None:
            return
        self.search.stop()
        if isinstance(found, Several):
            self.front.show_employments(self.front.happen(choice_event(found, state.exam_id, self._core.clock.now())))
        else:
            self._receive(state, found)

    def read(self, found: Found | Several | NotFound | BookCode) -> None:
        """What a reader of cards and codes gave. The code of a medical book is kept with the exam and names nobody."""
        if not isinstance(found, BookCode):
            self.identify(found)
        elif state := self.front.in_phase(Phase.IDENTIFY):
            stamp = self._core.clock.now()
            book = found.presented(local_day(stamp))
            self.front.happen(events.BookPresented(exam_id=state.exam_id, stamp=stamp, book=book))

    def choose_employment(self, number: int) -> None:
        """The worker says where they work today; `number` counts from 1. One that has gone meanwhile is not found."""
        state = self.front.in_phase(Phase.EMPLOYER)
        if state is None or not 1 <= number <= len(state.employments) or state.found_by is None:
            return
        worker = self._core.store.roster.worker(state.employments[number - 1].worker_id)
        still = self.in_force().of([worker] if worker is not None else [])
        self.front.employments = ()
        self._receive(state, Found(still[0], state.found_by, state.found_by_face) if still else NotFound("unknown"))

    def _receive(self, state: ExamState, found: Found | NotFound) -> None:
        """One employment or nobody: go on with it, or with the exam of it that rests."""
        stamp = self._core.clock.now()
        if isinstance(found, NotFound):
            self.front.happen(reception_event(found, state.exam_id, stamp, ()))
            return
        worker = found.worker
        earlier = self._core.exams.open_exam_of(worker.worker_id, but=state.exam_id)
        if earlier is not None:
            self.front.happen(events.ExamEnded(exam_id=state.exam_id, stamp=stamp, reason="continued_elsewhere"))
            self.front.activate(earlier)
            self._go_on(earlier)
            return
        self.front.worker = card_of(worker)
        self.front.happen(reception_event(found, state.exam_id, stamp, self._limits()))

    def answer_identity(self, yes: bool) -> None:
        if not yes and (state := self.front.in_phase(Phase.EMPLOYER)):
            self.front.employments = ()
            self.front.happen(events.IdentityDenied(exam_id=state.exam_id, stamp=self._core.clock.now()))
        elif state := self.front.in_phase(Phase.CONFIRM):
            stamp = self._core.clock.now()
            if yes:
                self.front.happen(events.IdentityConfirmed(exam_id=state.exam_id, stamp=stamp))
            else:
                self.front.worker = None
                self.front.happen(events.IdentityDenied(exam_id=state.exam_id, stamp=stamp))

    def books(self) -> KioskBooks:
        """What the screen shows: an exam keeps the books that it began with."""
        state = self.front.active
        today = local_day(self._core.clock.now())
        return self._books.of(state.books if state is not None else self._books.versions(today))

    def answer_consent(self, yes: bool, language: str, shipped: str) -> None:
        """The hash of the whole text that was shown is kept with the answer: that of the book, or the `shipped` one."""
        if state := self.front.in_phase(Phase.CONSENT):
            stamp, book = self._core.clock.now(), self.books().consent
            text = shipped if book is None else book.text(language)
            consent = Consent(
                given=yes,
                version=self._core.config.exam.consent_version if book is None else book.version,
                language=language if book is None else book.language_of(language),
                text_sha256=sha256_hex(text.encode("utf-8")),
                at=stamp.at,
            )
            self.front.happen(events.ConsentAnswered(exam_id=state.exam_id, stamp=stamp, consent=consent))

    def answer_complaints(self, complaints: Complaints) -> None:
        if state := self.front.in_phase(Phase.COMPLAINTS):
            self.front.happen(
                events.ComplaintsAnswered(exam_id=state.exam_id, stamp=self._core.clock.now(), complaints=complaints)
            )

    def start_measuring(self) -> None:
        """The cuff is on, or another try."""
        state = self.front.free()
        if state is None or state.activity not in (Activity.READY, Activity.TRY_AGAIN, Activity.TROUBLE):
            return
        if state.activity is Activity.TROUBLE and not state.has_tries(state.phase):
            return
        match state.phase:
            case Phase.TEMPERATURE:
                self.front.start("temperature")
            case Phase.PRESSURE:
                self.front.start("pressure")
            case Phase.BREATH:
                self.front.start("breath")
            case _:
                return

    def enter_values(self, values: Mapping[str, str]) -> None:
        """What an instrument without a cable shows. What no body can have is said and costs no try."""
        state = self.front.free()
        if state is None or state.activity not in (Activity.READY, Activity.TRY_AGAIN, Activity.TROUBLE):
            return
        step = str(state.phase)
        if step not in typed_steps(self._core.config) or not state.has_tries(step):
            return
        if fault_of(step, values):
            self.front.progress = LiveProgress("typed_wrong", {}, self._core.clock.now().monotonic_s)
            return
        match state.phase:
            case Phase.TEMPERATURE:
                self.front.start("temperature", values)
            case Phase.PRESSURE:
                self.front.start("pressure", values)
            case _:
                self.front.start("breath", values)

    def stop_measuring(self) -> None:
        """Stop at once; the device answers with `Cancelled`, which is kept as a failed try."""
        if (state := self.front.active) and state.activity is Activity.MEASURING:
            self.front.stop(state)

    def go_next(self) -> None:
        """Seen: on from a value, from the summary, from a decision, from a rest (back to idle)."""
        state = self.front.free()
        if state is None:
            return
        stamp = self._core.clock.now()
        if state.activity is Activity.RESULT:
            self.front.happen(events.ResultSeen(exam_id=state.exam_id, stamp=stamp))
        elif state.phase is Phase.REVIEW:
            self.front.submit(state.exam_id)
        elif state.phase is Phase.URGENT:
            self.front.happen(events.UrgencySeen(exam_id=state.exam_id, stamp=stamp))
        elif state.phase is Phase.DECIDED:
            self.front.happen(events.DecisionSeen(exam_id=state.exam_id, stamp=stamp))
        elif state.is_waiting:
            self.front.leave_screen()

    def leave(self, *, timed_out: bool = False) -> None:
        """Leave the screen. An exam that waits rests on; any other ends, with what was measured."""
        state = self.front.free()
        if state is None:
            return
        if (
            state.phase is Phase.DECIDED
            or (timed_out and state.phase is Phase.REVIEW)
            or state.activity is Activity.RESULT
        ):
            self.go_next()
        elif state.phase is Phase.URGENT:
            self.front.submit(state.exam_id)  # whoever is in pain or lies on the floor is in the medic's queue
        elif state.is_waiting:
            self.front.leave_screen()
        else:
            self.front.end(state.exam_id, lambda state: end_reason(state, timed_out=timed_out))

    def resume(self) -> None:
        """Go on with the exam that was cut off."""
        if self.front.awaiting_resume and (state := self.front.free()):
            self.front.awaiting_resume = False
            self.front.happen(events.ExamResumed(exam_id=state.exam_id, stamp=self._core.clock.now()))

    def drop(self, *, timed_out: bool = False) -> None:
        """Close the exam that was cut off. One that a medic wants repeated outlasts an empty place before the screen."""
        if not self.front.awaiting_resume or not (state := self.front.free()):
            return
        if timed_out and state.decision is not None:
            self.front.leave_screen()
        else:
            self.front.end(state.exam_id, cut_off_reason)

    def search_face(self) -> None:
        """Look who of the enrolled workers stands before the camera, where that is offered."""
        if self.front.in_phase(Phase.IDENTIFY) and self.search.begin():
            self.front.progress = LiveProgress()

    def stop_search(self) -> None:
        """Back to the number."""
        self.search.stop()
        self.front.progress = LiveProgress()

    def observe(self) -> None:
        """Let film and watch follow the screen; after everything that may have changed it."""
        self.front.observe()

    def decision(self, event: events.DecisionReceived, with_transaction: Callable[[], None]) -> None:
        """A checked decision of a medic. Raises `ImpossibleEvent` when the exam does not wait for one."""
        self.front.happen(event, with_transaction=with_transaction)

    def decision_refused(self, exam_id: str) -> None:
        """A decision on this exam whose signature did not stand the check; of an exam that does not wait nothing is said."""
        state = self._core.exams.exams.get(exam_id)
        if state is not None and state.phase is Phase.WAITING and not state.decision_refused:
            self.front.happen(events.DecisionRefused(exam_id=exam_id, stamp=self._core.clock.now()))

    def _go_on(self, state: ExamState) -> None:
        """Take up an exam that rested: after the rest the next attempt, after a restart whatever was to do."""
        stamp = self._core.clock.now()
        if state.activity is Activity.RESTING and not rest_left_s(state, stamp):
            self.front.happen(events.RestEnded(exam_id=state.exam_id, stamp=stamp))
        else:
            self.front.happen(events.ExamResumed(exam_id=state.exam_id, stamp=stamp))

    def _limits(self) -> tuple[LimitEntry, ...]:
        sent = self._core.store.reference.latest("limits")
        return (LimitsBook.model_validate(sent) if sent else self._core.config.limits).entries
