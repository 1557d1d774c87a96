"""A terminal for tests: the real core thread, store and session; a park and a photographer that the test plays."""

import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

import numpy as np
import tomli_w
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509 import Certificate

from drivers.messages import DeviceStatus, DeviceStatusChanged, MeasurementFailed, MeasurementTaken
from drivers.model import DeviceIdentity, DeviceState, Measures, Reading
from kiosk_ui.texts import SHIPPED_BOOKS
from sync.contract.exam import FaceSearch
from sync.contract.roster import Roster, RosterWorker, WorkerConsent
from sync.contract.topics import TerminalAddress
from terminal import intents
from terminal.books import BookShelf
from terminal.camera.jpeg import encode_jpeg
from terminal.clock import Clock, SystemClock
from terminal.config import TerminalConfig, load_config
from terminal.core import Core
from terminal.exam.model import ExamState
from terminal.exam_film import FilmRecorder
from terminal.face.capture import FaceFound, FaceNotFound, PhotoReady, PhotoUnusable
from terminal.face.enroller import Portrait
from terminal.incoming import IncomingMessages
from terminal.mailbox import Mailbox
from terminal.open_exams import OpenExams
from terminal.person_continuity import PersonWatch
from terminal.reference_faces import ReferenceFaces
from terminal.service import TerminalService
from terminal.session import KioskSession
from terminal.snapshot import TerminalPlace, TerminalSnapshot
from terminal.store.database import KeyFile
from terminal.store.store import TerminalStore
from terminal.timers import TimerHeap
from tests.unit.terminal.exams import VALUES
from tests.unit.terminal.test_identity import worker
from tests.waiting import LONGEST_S

EXAMPLE = Path(__file__).resolve().parents[3] / "config" / "terminal.toml"
JPEG_OF_A_FACE = encode_jpeg(np.full((120, 90, 3), 180, np.uint8))
JPEG_OF_A_WALL = encode_jpeg(np.full((120, 90, 3), 60, np.uint8))
JPEG_OF_ANOTHER = encode_jpeg(np.full((120, 90, 3), 120, np.uint8))
STEP_DEVICES = {"temperature": "thermometer", "pressure": "tonometer", "breath": "breathalyzer"}


@dataclass
class PlayedPark:
    """Devices that do what the test says."""

    post: Callable[[Any], None]
    asked: list[tuple[str, str]] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    states: dict[str, DeviceStatus] = field(default_factory=dict)

    def start(self) -> None:
        for step, device_id in STEP_DEVICES.items():
            self.set_state(device_id, step, DeviceState.READY)

    def set_state(self, device_id: str, step: str, state: DeviceState) -> None:
        status = DeviceStatus(device_id, Measures(step), state)
        self.states = {**self.states, device_id: status}
        self.post(DeviceStatusChanged(status))

    def measure(self, request_id: str, device_id: str, options: Mapping[str, str], timeout_s: float) -> None:
        self.asked.append((request_id, device_id))

    def cancel(self, request_id: str) -> None:
        self.cancelled.append(request_id)
        self.fail(kind="Cancelled", act="worker")

    def statuses(self) -> Mapping[str, DeviceStatus]:
        return self.states

    def close(self) -> None:
        return None

    def answer(self, **values: Any) -> None:
        """The device that was asked last gives a result."""
        request_id, device_id = self.asked[-1]
        step = next(s for s, d in STEP_DEVICES.items() if d == device_id)
        reading = Reading(values or VALUES[step], b"\x01\x02")
        self.post(MeasurementTaken(request_id, device_id, reading, DeviceIdentity("Acme", "One", "7")))

    def fail(self, *, kind: str = "Unavailable", act: str = "service", code: str = "gone") -> None:
        """The device that was asked last gives none."""
        request_id, device_id = self.asked[-1]
        self.post(MeasurementFailed(request_id, device_id, kind, code, "it is not there", act))


@dataclass
class PlayedPhotographer:
    """A photographer that finds what the test says."""

    post: Callable[[Any], None]
    begun: list[tuple[str, bool]] = field(default_factory=list)
    no_face_first: int = 0
    searches: list[str] = field(default_factory=list)
    cancelled: int = 0
    jpeg: bytes = JPEG_OF_A_FACE
    wall: bytes = JPEG_OF_A_WALL

    def begin(self, request_id: str, worker_id: str, *, may_compare: bool) -> None:
        from sync.contract.exam import FaceCheck

        self.begun.append((request_id, may_compare))
        if len(self.begun) <= self.no_face_first:
            self.post(PhotoUnusable(request_id, "no_face", self.wall))
        else:
            face = FaceCheck(outcome="not_compared", faces_found=1)
            self.post(PhotoReady(request_id, self.jpeg, face))

    def search(self, request_id: str) -> None:
        self.searches.append(request_id)

    def found(self, worker_id: str) -> None:
        """The search proposes this worker."""
        evidence = FaceSearch(engine="e1", score=0.63, threshold=0.48, next_score=0.31, enrolled=4, frames=3)
        self.post(FaceFound(self.searches[-1], worker_id, evidence))

    def missed(self, code: str) -> None:
        """The search proposes nobody."""
        self.post(FaceNotFound(self.searches[-1], code))

    def cancel(self) -> None:
        self.cancelled += 1

    def close(self) -> None:
        return None


class UntouchedEnroller:
    """Judges nothing, and must not be asked to."""

    def put(self, portrait: Portrait) -> None:
        raise AssertionError("a portrait came to a terminal without a legal basis")


def faceless(store: TerminalStore, clock: Clock) -> ReferenceFaces:
    """Reference faces of a terminal without a legal basis."""
    return ReferenceFaces(store, clock, UntouchedEnroller(), lambda _: None, legal_basis="", engine="e1")


@dataclass
class Kiosk:
    """A running terminal. `until` waits for a snapshot; nothing sleeps."""

    config: TerminalConfig
    store: TerminalStore
    park: PlayedPark
    photographer: PlayedPhotographer
    mailbox: Mailbox
    snapshots: "SimpleQueue[TerminalSnapshot]"
    thread: Thread
    last: TerminalSnapshot | None = None

    @property
    def is_dead(self) -> bool:
        """Whether the core thread has ended by itself."""
        return not self.thread.is_alive()

    def want(self, *wishes: intents.Intent) -> None:
        for draft in wishes:
            self.mailbox.post(draft)

    def until(self, condition: Callable[[TerminalSnapshot], bool], timeout_s: float = LONGEST_S) -> TerminalSnapshot:
        if self.last is not None and condition(self.last):
            return self.last
        deadline_s = (
            time.monotonic() + timeout_s
        )  # of the whole wait: snapshots that show something else come on and on
        while True:
            self.last = self.snapshots.get(timeout=max(0.0, deadline_s - time.monotonic()))
            if condition(self.last):
                return self.last

    def until_exam(self, condition: Callable[[ExamState], bool]) -> ExamState:
        exam = self.until(lambda s: s.exam is not None and condition(s.exam)).exam
        assert exam is not None
        return exam

    def until_phase(self, phase: str) -> ExamState:
        return self.until_exam(lambda exam: exam.phase == phase)

    def until_idle(self) -> TerminalSnapshot:
        return self.until(lambda s: s.exam is None)

    def up_to(self, phase: str) -> ExamState:
        """A healthy worker with number 1001 goes through the exam until that phase."""
        self.until(lambda s: s.exam is None and not s.start_refusal)
        self.want(intents.Begin())
        return self.go_on_to(phase)

    def go_on_to(self, phase: str) -> ExamState:
        """The same for an exam that has begun."""
        moves: dict[str, Callable[[], None]] = {
            "identify": lambda: self.want(intents.SubmitNumber("1001")),
            "confirm": lambda: self.want(intents.AnswerIdentity(True)),
            "consent": lambda: self.want(intents.AnswerConsent(True)),
            "face": lambda: None,
            "complaints": lambda: self.want(intents.AnswerComplaints(True)),
            "temperature": self.measure,
            "pressure": lambda: (self.want(intents.StartMeasuring()), self.measure())[0],
            "breath": self.measure,
            "review": lambda: self.want(intents.Next()),
        }
        done: set[str] = set()
        while True:
            exam = self.until_exam(lambda e: e.phase == phase or str(e.phase) not in done)
            if exam.phase == phase:
                return exam
            done.add(str(exam.phase))
            moves[str(exam.phase)]()

    def measure(self, **values: Any) -> None:
        """Wait until a device is measuring and let it answer."""
        self.until_exam(lambda exam: exam.activity == "measuring")
        self.park.answer(**values)

    def measure_and_see(self, **values: Any) -> None:
        """Let the device answer with something out of limits, and touch it away."""
        self.measure(**values)
        self.until_exam(lambda exam: exam.activity == "result")
        self.want(intents.Next())


def make_config(folder: Path, **changes: Any) -> TerminalConfig:
    """The shipped example in a folder of the test's."""
    fields = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    fields["identity"]["generation"] = "test"
    fields["exam"]["show_result_s"] = 0.01
    fields["files"].pop("snils_key")
    fields |= changes.pop("whole", {})
    for name, value in changes.items():
        fields[name] = {**fields[name], **value}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "store").mkdir(exist_ok=True)
    path = folder / "terminal.toml"
    path.write_text(tomli_w.dumps(fields), encoding="utf-8")
    return load_config(path)


@contextmanager
def running_kiosk(
    folder: Path,
    anchor: Certificate,
    *,
    centre_key: Ed25519PrivateKey,
    signing_key: Ed25519PrivateKey,
    no_face_first: int = 0,
    roster: bool = True,
    workers: Sequence[RosterWorker] | None = None,
    consented: bool = False,
    video_consent: bool = False,
    photo: bytes = JPEG_OF_A_FACE,
    make_recorder: "Callable[[TerminalConfig, KeyFile, Mailbox], FilmRecorder] | None" = None,
    make_watch: "Callable[[Mailbox], PersonWatch] | None" = None,
    clock: Clock | None = None,
    **changes: Any,
) -> Iterator[Kiosk]:
    """A terminal on a store in `folder`; leaving the block stops it without a word, as a power cut would leave the disk."""
    config = make_config(folder, **changes)
    address = TerminalAddress(config.identity.org, config.identity.terminal_id)
    keys = KeyFile(config.files.master_key)
    store = TerminalStore(config.files.store, config.files.media, keys, signing_key, address, "test")
    if roster and store.roster.version() == 0:
        blocked = worker(
            personnel_number="1007", cards=(), snils_hmac=None, remote_allowed=False, block_text="Кабинет 4"
        )
        away = worker(personnel_number="1006", cards=(), snils_hmac=None, status="suspended")
        video = (WorkerConsent(kind="video", text_version="1"),) if video_consent else ()
        examined = worker(biometric_consent=consented, consents=video)
        known = (examined, blocked, away) if workers is None else tuple(workers)
        store.roster.replace(Roster(version=1, workers=known))
    mailbox, snapshots = Mailbox(), SimpleQueue[TerminalSnapshot]()
    clock = clock or SystemClock()
    park = PlayedPark(mailbox.post)
    photographer = PlayedPhotographer(mailbox.post, no_face_first=no_face_first, jpeg=photo)
    exams = OpenExams(store, config.identity.org, lambda _: 0.0)
    recorder = None if make_recorder is None else make_recorder(config, keys, mailbox)
    watch = None if make_watch is None else make_watch(mailbox)
    core = Core(config, store, exams, park, clock, TimerHeap(clock))
    session = KioskSession(
        core, photographer, "test", BookShelf(store.reference, SHIPPED_BOOKS), recorder=recorder, watch=watch
    )
    faces = faceless(store, clock)
    incoming = IncomingMessages(
        store,
        clock,
        centre_key.public_key(),
        anchor,
        session.decision,
        faces=faces,
        decision_refused=session.decision_refused,
        take_order=session.orders.take,
    )
    place = TerminalPlace("kiosk-01", "Заря", "Проходная", "1", "Кабинет", "test", "test")
    service = TerminalService(
        core,
        place,
        mailbox,
        session,
        incoming,
        faces,
        snapshots.put,
        centre_key=centre_key.public_key(),
        consent_texts={"ru": "текст", "en": "text"},
    )
    thread = Thread(target=service.run, name="core")
    thread.start()
    try:
        yield Kiosk(config, store, park, photographer, mailbox, snapshots, thread)
    finally:
        service.stop()
        thread.join(LONGEST_S)
        store.close()
        assert not thread.is_alive()


MakeKiosk = Callable[..., AbstractContextManager[Kiosk]]
"""What the fixture `make_kiosk` gives."""
