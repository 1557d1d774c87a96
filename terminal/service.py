"""The core thread: the one owner of the exam and the one writer of its events.

Everything comes in by one queue (intents, devices, camera, link); everything goes out as a `TerminalSnapshot`, published
after the commit it tells of. Nothing here blocks but the disk.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from drivers.messages import DeviceMessage, DeviceStatusChanged
from drivers.relay_worker import RelayDone, RelayState
from sync.contract.exam import Complaints, ExamType
from sync.link_report import LinkReport
from sync.thread_faults import note_fault
from sync.transactions import STORE_TROUBLE, is_of_the_store
from terminal import intents
from terminal.account_link import account_link
from terminal.called_exams import CalledList
from terminal.camera.film import FilmFinished, Kept, Lost
from terminal.core import Core
from terminal.crashes import CrashNote
from terminal.exam.model import Phase
from terminal.exam.times import local_day
from terminal.face.capture import CameraChanged
from terminal.face.continuity import StrangerSeen
from terminal.face.enroller import PortraitJudged
from terminal.gate import GateOpenings
from terminal.health import HealthReporter
from terminal.identity import identify_read, identify_typed
from terminal.incoming import IncomingMessages
from terminal.mailbox import InboxNews, Mailbox, Message
from terminal.measuring import expired_devices
from terminal.reference_faces import ReferenceFaces
from terminal.session import KioskSession
from terminal.snapshot import LinkState, TerminalPlace, TerminalSnapshot
from terminal.stand_in import stand_in
from terminal.standing import Standing
from terminal.timeouts import ScreenTimeout
from terminal.touched import Touched, counting, shown_of
from terminal.typed_entry import typed_steps

log = logging.getLogger(__name__)

STORE_AGAIN_S = 5.0
"""While the store cannot be written, what the centre sent is tried again so often."""


class TerminalService:
    """Run `run()` in the core thread. `publish` is called from that thread with each new snapshot."""

    def __init__(
        self,
        core: Core,
        place: TerminalPlace,
        mailbox: Mailbox,
        session: KioskSession,
        incoming: IncomingMessages,
        faces: ReferenceFaces,
        publish: Callable[[TerminalSnapshot], None],
        *,
        centre_key: Ed25519PublicKey,
        snils_key: bytes | None = None,
        consent_texts: Mapping[str, str],
        health: HealthReporter | None = None,
        gate: GateOpenings | None = None,
    ) -> None:
        """Without `health` nothing is reported of the terminal's own state but its status."""
        self._core, self._place = core, place
        self._mailbox, self._session, self._incoming = mailbox, session, incoming
        self._publish, self._faces, self._health, self._gate = publish, faces, health, gate
        self._centre_key, self._snils_key, self._consent_texts = centre_key, snils_key, consent_texts
        self._called = CalledList(core.store.reference)
        self._stopping = threading.Event()
        self._link = LinkState()
        self._camera = CameraChanged("absent")
        self._timeout = ScreenTimeout(core.config.timeouts, core.clock)
        self._software_s: dict[str, float] = {}
        self._crashes = CrashNote(core.config.files.store)
        self.standing = Standing(core.store, core.config.files.store, core.clock)
        self.latest: TerminalSnapshot | None = None

    def software_s(self, exam_id: str) -> float:
        """The software's own share of an exam so far: what this thread spent on it, commits included, in seconds."""
        return self._software_s.get(exam_id, 0.0)

    def stop(self) -> None:
        self._stopping.set()
        self._mailbox.wake()

    def run(self) -> None:
        """Recover, then serve until stopped.

        What one message stumbles over is passed over where nothing was committed for it. Any other error is our own bug: it
        ends the process, systemd starts it again, and an exam that has ended it twice is set aside.
        """
        try:
            self._serve()
        except BaseException:
            self._crashes.note(self._session.front.active_id)
            raise

    def _serve(self) -> None:
        self._session.recover(set_aside=self._crashes.take_deadly())
        if self._gate is not None:
            self._gate.start()
        self._apply_new()
        self._begin_with_faces()
        self._core.park.start()
        self._show()
        while not self._stopping.is_set():
            message = self._mailbox.take(self._core.timers.next_in_s(1.0))
            began_s = self._core.clock.now().monotonic_s
            if message is not None:
                self._take(message)
            acted = self._core.timers.run_due() or message is not None
            self._check_timeout()
            self._session.observe()
            self._show()
            self._look_at_health()
            if acted and (exam_id := self._session.front.active_id):
                spent_s = self._core.clock.now().monotonic_s - began_s
                self._software_s[exam_id] = self._software_s.get(exam_id, 0.0) + spent_s

    def _take(self, message: Message) -> None:
        """Take one message; one that we stumble over is answered as if it had failed, unless it has changed something."""
        commits = self._core.store.commits
        try:
            self._handle(message)
        except Exception as error:
            if is_of_the_store(error) or self._core.store.commits != commits:
                raise
            note_fault("core", f"taking {type(message).__name__}", error)
            if (answer := stand_in(message)) is not None:
                self._handle(answer)

    def _apply_new(self) -> None:
        """Apply what the centre sent; while the store cannot be written it waits, and is tried again."""
        try:
            self._incoming.apply_new()
        except STORE_TROUBLE as error:
            log.error("what the centre sent waits, the store cannot be written now: %s", error)
            self._core.timers.after(STORE_AGAIN_S, self._apply_new)

    def _begin_with_faces(self) -> None:
        try:
            self._faces.start()
        except Exception as error:
            if is_of_the_store(error):
                raise
            note_fault("core", "looking after reference faces", error)

    def _look_at_health(self) -> None:
        if self._health is None or self.latest is None:
            return
        try:
            self._health.look(self.latest, self._camera)
        except Exception as error:
            if is_of_the_store(error):
                raise
            note_fault("core", "making the report of health", error)
            self._health.wait()

    def _handle(self, message: Message) -> None:
        match message:
            case LinkReport(connected, backlog, reason, code):
                # Where nobody else counts, what waits is counted here.
                backlog = backlog or self._core.store.outbox.backlog()
                self._link = LinkState(connected, backlog.queued, backlog.parked, reason, code, backlog.oldest_at)
            case InboxNews():
                self._apply_new()
            case RelayDone() | RelayState():
                self._take_relay(message)
            case CameraChanged():
                self._camera = message
            case PortraitJudged():
                self._faces.judged(message)
            case Kept() | Lost() | FilmFinished():
                self._session.observations.film(message)
            case StrangerSeen():
                self._session.observations.stranger(message)
            case DeviceStatusChanged():
                self._session.observations.device(message)
            case _:
                if isinstance(message, DeviceMessage):
                    if self._session.orders.device(message):
                        return
                    self._session.observations.device(message)
                elif isinstance(message, Touched):
                    front = self._session.front
                    exam = front.active or self._session.orders.shown
                    self._intend(counting(message, shown_of(exam, awaiting_resume=front.awaiting_resume)))
                elif isinstance(message, intents.Intent):
                    self._intend(message)
                else:
                    self._session.observations.face(message)

    def _take_relay(self, message: RelayDone | RelayState) -> None:
        if self._gate is None:
            return
        if isinstance(message, RelayDone):
            self._gate.done(message)
        else:
            self._gate.state(message)

    def _intend(self, intent: intents.Intent) -> None:
        """A person did something: the time-out starts anew."""
        self._timeout.begin_anew()
        if self._session.front.active is None and self._session.orders.shown is not None:
            self._intend_ordered(intent)
            return
        match intent:
            case intents.Begin(exam_type):
                self._begin(exam_type)
            case intents.SubmitNumber(text):
                self._session.identify(identify_typed(text, self._session.in_force(), self._snils_key))
            case intents.PresentCard(text):
                if self._session.front.active is None:
                    self._begin(self._core.config.exam.type)
                self._session.read(identify_read(text, self._session.in_force(), self._centre_key))
            case intents.SearchFace():
                self._session.search_face()
            case intents.StopSearch():
                self._session.stop_search()
            case intents.ChooseEmployment(number):
                self._session.choose_employment(number)
            case intents.AnswerIdentity(yes):
                self._session.answer_identity(yes)
            case intents.AnswerConsent(yes, language):
                self._session.answer_consent(yes, language, self._consent_texts[language])
            case intents.AnswerComplaints(feels_well, codes, text):
                self._session.answer_complaints(Complaints(feels_well=feels_well, codes=codes, text=text[:4000]))
                if self._session.front.active is not None and self._session.front.active.phase is Phase.URGENT:
                    self.standing.call_medic()
            case intents.StartMeasuring():
                self._session.start_measuring()
            case intents.EnterValues(values):
                self._session.enter_values(values)
            case intents.StopMeasuring():
                self._session.stop_measuring()
            case intents.Next():
                self._session.go_next()
            case intents.Leave():
                self._session.leave()
            case intents.CallMedic():
                self.standing.call_medic()
            case intents.ResumeExam():
                self._session.resume()
            case intents.DropExam():
                self._session.drop()
            case intents.Touch():
                pass

    def _intend_ordered(self, intent: intents.Intent) -> None:
        """What can be done with a measurement that a medic has prepared: begin, stop, leave. Anything else begins no exam."""
        match intent:
            case intents.StartMeasuring():
                self._session.orders.start()
            case intents.StopMeasuring():
                self._session.orders.stop()
            case intents.Next() | intents.Leave():
                self._session.orders.leave()
            case intents.CallMedic():
                self.standing.call_medic()
            case _:
                pass

    def _begin(self, exam_type: ExamType) -> None:
        """Whatever an exam begins by, the room for its end is set aside first."""
        if not self._start_refusal():
            self._core.store.reserve.keep()
            self._session.begin(exam_type)

    def _start_refusal(self) -> str:
        """Why no exam may begin now; empty if one may."""
        return self.standing.start_refusal() or ("verification_expired" if self._expired() else "")

    def _expired(self) -> tuple[str, ...]:
        return expired_devices(self._core.config, local_day(self._core.clock.now()))

    def _check_timeout(self) -> None:
        """Back to idle when nobody touches the screen; nothing measured is lost."""
        if self._timeout.is_over(self._session.front.active, self._session.front.awaiting_resume):
            if self._session.front.awaiting_resume:
                self._session.drop(timed_out=True)
            else:
                self._session.leave(timed_out=True)
            self._timeout.begin_anew()

    def _show(self) -> None:
        """Publish what is true now; everything in it is committed."""
        now, facts = self._core.clock.now(), self.standing.look()
        front, orders = self._session.front, self._session.orders
        shown = front.active or orders.shown
        refusal = "" if shown else self._start_refusal()
        snapshot = TerminalSnapshot(
            place=self._place,
            now=now,
            local_time=now.at.astimezone(),
            exam=shown,
            is_ordered=front.active is None and orders.shown is not None,
            worker=self._session.front.worker,
            employments=self._session.front.employments,
            awaiting_resume=self._session.front.awaiting_resume,
            devices=dict(self._core.park.statuses()),
            link=self._link,
            progress=front.progress if front.active else orders.progress,
            search_offered=self._session.search.is_offered,
            searching=self._session.search.is_running,
            typed_steps=typed_steps(self._core.config),
            timeout=self._timeout.running,
            start_refusal=refusal,
            refused_devices=self._expired() if refusal == "verification_expired" else (),
            help_called=facts.help_called_at is not None,
            notice=facts.notice,
            books=self._session.books(),
            gate=self._gate.shown_of(front.active) if self._gate is not None else "",
            account_link=account_link(self._core, front.active),
            called=self._called.of(front.active.exam_id) if front.active is not None else None,
            verified_until={d.id: d.verified_until.isoformat() for d in self._core.config.device if d.verified_until},
        )
        before = self.latest
        if before is not None and replace(snapshot, now=before.now, local_time=before.local_time) == before:
            same_second = snapshot.local_time.replace(microsecond=0) == before.local_time.replace(microsecond=0)
            if same_second:
                return
        self.latest = snapshot
        self._publish(snapshot)
