"""Whatever the program stumbles over costs itself alone: the thread goes on with the next, and somebody hears of it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509 import load_pem_x509_certificate
from sqlite_utils import Database

from central.authority.pki import create_authority
from sync import metrics
from sync.contract.envelope import ClockStamp, Envelope, seal
from sync.contract.exam import FaceCheck
from sync.contract.roster import REFERENCE_SCHEMA
from sync.contract.topics import Up
from sync.inbox import Inbox
from sync.thread_faults import count_of_faults
from terminal import intents
from terminal.camera import Camera
from terminal.camera.film import FilmFinished, FilmMessage, FilmSettings, Lost
from terminal.camera.film_take import Surroundings
from terminal.camera.recorder import Recorder
from terminal.camera.scratch import Scratch
from terminal.camera.source import Picture
from terminal.face.capture import FaceMessage, FaceNotFound, PhotoReady, PhotoUnusable
from terminal.face.continuity import ContinuitySettings, ContinuityWatch
from terminal.face.enroller import Enroller, Portrait, PortraitJudged
from terminal.face.framing import Framing
from terminal.face.photographer import PhotographerSettings, open_photographer
from terminal.incoming import IncomingMessages
from terminal.mailbox import InboxNews
from terminal.store.database import KeyFile, open_existing
from tests.unit.terminal.kiosk import Kiosk, running_kiosk
from tests.waiting import LONGEST_S, until

MakeKiosk = Callable[..., AbstractContextManager[Kiosk]]
CENTRE = Ed25519PrivateKey.generate()
EXAM = "019c0000-0000-7000-8000-000000000001"


@pytest.fixture
def make_kiosk(tmp_path: Path) -> MakeKiosk:
    anchor = load_pem_x509_certificate(create_authority(tmp_path / "authority").ca_pem)
    signing_key = Ed25519PrivateKey.generate()

    def make(**options: Any) -> AbstractContextManager[Kiosk]:
        folder = tmp_path / "terminal"
        return running_kiosk(folder, anchor, centre_key=CENTRE, signing_key=signing_key, **options)

    return make


class Lens:
    """A camera of the test's: gives grey pictures, and whatever else the test has put in."""

    def __init__(self, *raised: Exception) -> None:
        self.raised = list(raised)

    def open(self) -> None:
        return None

    def read(self) -> Picture:
        if self.raised:
            raise self.raised.pop(0)
        return np.full((240, 320, 3), 120, np.uint8)

    def interrupt(self) -> None:
        return None

    def close(self) -> None:
        return None


@pytest.fixture
def camera() -> Iterator[Camera]:
    made = Camera(Lens)
    assert until(lambda: made.latest() is not None)
    yield made
    made.close()


def _database(kiosk: Kiosk) -> Database:
    """A connection of its own, as the sync process has it: the kiosk's belongs to the core thread."""
    files = kiosk.config.files
    return open_existing(files.store, KeyFile(files.master_key))


def _inbox(kiosk: Kiosk) -> Inbox:
    return Inbox(_database(kiosk))


def _book(kiosk: Kiosk, name: str, kind: str = "reference") -> str:
    """A reference book of the centre's, in the inbox as the sync process leaves it."""
    envelope = Envelope(
        message_id=f"019c0000-0000-7000-8000-0000000000{len(name):02d}",
        schema=REFERENCE_SCHEMA,
        terminal_id=kiosk.store.address.terminal,
        seq=len(name),
        prev_hash="0" * 64,
        created_at="2026-11-22T02:14:00.000Z",
        clock=ClockStamp(trusted=False, boot_id="b", monotonic_s=1.0),
        generation="test",
        payload={"name": name, "version": "1", "content": {}},
    )
    _inbox(kiosk).store(envelope.message_id, kind, seal(envelope, CENTRE).wire)
    return envelope.message_id


def _let_it_rest(kiosk: Kiosk) -> None:
    """Wait until the core thread is done with what it was sent before: it takes one after the other."""
    kiosk.want(intents.CallMedic())
    kiosk.until(lambda s: s.help_called)


def test_a_message_of_the_centre_that_we_stumble_over_is_set_aside_and_the_next_is_applied(
    make_kiosk: MakeKiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = IncomingMessages._check_time

    def check_time(self: IncomingMessages, envelope: Envelope) -> None:
        if envelope.payload["name"] == "poison":
            raise OverflowError("date value out of range")
        own(self, envelope)

    monkeypatch.setattr(IncomingMessages, "_check_time", check_time)
    before = count_of_faults()
    with make_kiosk() as kiosk:
        kiosk.until(lambda s: not s.start_refusal)
        poison, good = _book(kiosk, "poison"), _book(kiosk, "good")
        kiosk.mailbox.post(InboxNews())
        # Not by the store, whose connection is the core thread's own while it works.
        assert until(lambda: count_of_faults() == before + 1)
        _let_it_rest(kiosk)
        assert _inbox(kiosk).state_of(good) == "applied"
        assert _inbox(kiosk).state_of(poison) == "refused"
        # The centre is told, so that its row closes; of the value nothing is said.
        told = _database(kiosk).execute("SELECT wire FROM outbox WHERE subject = ?", (poison,)).fetchone()[0]
        assert b'"code":"program_fault"' in bytes(told)
        assert b"out of range" not in bytes(told)
    with make_kiosk() as again:
        again.until(lambda s: not s.start_refusal)


def test_a_message_of_a_kind_that_nobody_knows_is_refused_and_the_next_is_applied(make_kiosk: MakeKiosk) -> None:
    """As a newer centre may send one."""
    with make_kiosk() as kiosk:
        kiosk.until(lambda s: not s.start_refusal)
        strange, good = _book(kiosk, "strange", "hologram"), _book(kiosk, "good")
        kiosk.mailbox.post(InboxNews())
        _let_it_rest(kiosk)
        assert _inbox(kiosk).state_of(good) == "applied"
        assert _inbox(kiosk).state_of(strange) == "refused"


def test_a_picture_of_nothing_costs_the_photo_and_not_the_kiosk(make_kiosk: MakeKiosk) -> None:
    with make_kiosk(photo=b"") as kiosk:
        exam = kiosk.up_to("complaints")
        assert exam.face is not None
        assert exam.face.outcome != "same"
        assert not exam.media


def test_an_answer_that_we_stumble_over_is_a_failed_try(make_kiosk: MakeKiosk, monkeypatch: pytest.MonkeyPatch) -> None:
    import terminal.observations as news
    from drivers.messages import MeasurementTaken

    own, stumbles = news.answer_event, [ZeroDivisionError("once")]

    def answer(message: Any, *rest: Any, **named: Any) -> Any:
        if isinstance(message, MeasurementTaken) and stumbles:
            raise stumbles.pop()
        return own(message, *rest, **named)

    monkeypatch.setattr(news, "answer_event", answer)
    with make_kiosk() as kiosk:
        kiosk.up_to("temperature")
        kiosk.measure()
        exam = kiosk.until_exam(lambda e: bool(e.failures))
        assert (exam.failures[-1].code, exam.failures[-1].act) == ("internal", "service")
        assert not exam.measurements
        kiosk.want(intents.StartMeasuring())
        kiosk.measure()
        assert kiosk.until_phase("pressure").measurements


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_exam_that_ends_the_program_again_and_again_is_set_aside(
    make_kiosk: MakeKiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault after the commit, with an effect half done: the process ends, and systemd starts it again."""

    def die(self: Any, *_: Any) -> None:
        raise RuntimeError("a bug in the park")

    with monkeypatch.context() as buggy:
        buggy.setattr("tests.unit.terminal.kiosk.PlayedPark.measure", die)
        for start in range(2):
            with make_kiosk() as kiosk:
                if start == 0:
                    kiosk.up_to("complaints")
                    kiosk.want(intents.AnswerComplaints(True))
                else:
                    exam = kiosk.until(lambda s: s.awaiting_resume).exam
                    assert exam is not None
                    kiosk.want(intents.ResumeExam())
                assert until(lambda kiosk=kiosk: kiosk.is_dead)
    with make_kiosk() as kiosk:
        kiosk.until(lambda s: not s.start_refusal and s.exam is None and not s.awaiting_resume)
        (record,) = [row for row in kiosk.store.outbox.next_queued(10) if row.kind is Up.EXAM]
        assert b'"end_reason":' in record.wire
        kiosk.up_to("complaints")


def test_a_camera_that_sends_what_cannot_be_read_is_opened_anew() -> None:
    made: list[Lens] = []
    before = metrics.thread_faults.labels("camera-reader")._value.get()

    def factory() -> Lens:
        made.append(Lens(*([ZeroDivisionError("a strange frame")] if not made else [])))
        return made[-1]

    camera = Camera(factory)
    assert until(lambda: camera.latest() is not None)
    camera.close()
    assert len(made) == 2
    assert metrics.thread_faults.labels("camera-reader")._value.get() == before + 1


def test_a_frame_that_we_stumble_over_costs_one_request(camera: Camera, monkeypatch: pytest.MonkeyPatch) -> None:
    import terminal.face.framing as framing

    stumbles = [ValueError("one"), ValueError("two")]

    def judge(*_: Any) -> Framing:
        if stumbles:
            raise stumbles.pop()
        return Framing((), "", 1.0)

    monkeypatch.setattr(framing, "judge", judge)
    posted: list[FaceMessage] = []
    settings = PhotographerSettings(give_up_s=LONGEST_S, good_frames=1)
    photographer = open_photographer(camera, posted.append, settings)
    photographer.begin("r1", "w1", may_compare=False)
    assert until(lambda: PhotoUnusable("r1", "no_good_frame", None) in posted)
    photographer.search("r2")
    assert until(lambda: FaceNotFound("r2", "no_engine") in posted)
    photographer.begin("r3", "w1", may_compare=False)
    assert until(lambda: any(isinstance(one, PhotoReady) and one.request_id == "r3" for one in posted))
    photographer.close()
    assert FaceCheck(outcome="not_compared", faces_found=1) in [
        one.face for one in posted if isinstance(one, PhotoReady)
    ]


def test_a_look_that_we_stumble_over_does_not_end_the_watch(camera: Camera, monkeypatch: pytest.MonkeyPatch) -> None:
    import terminal.face.detection as detection

    stumbles = [RuntimeError("one look")]

    def find(_: Any) -> list[Any]:
        if stumbles:
            raise stumbles.pop()
        return []

    monkeypatch.setattr(detection, "find_faces", find)

    def no_engine() -> Any:
        raise NotImplementedError

    watch = ContinuityWatch(camera, lambda _: None, no_engine, ContinuitySettings(every_s=0.05))
    watch.begin("exam", may_compare=False)
    watch.step("breath")
    seen = watch._exam
    assert seen is not None
    assert until(lambda: seen.summary.looks.get("breath", {}).get("nobody", 0) >= 2)
    watch.close()


def test_a_film_and_a_still_that_fail_are_named_as_missing(
    camera: Camera, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    posted: list[FilmMessage] = []

    def keep(_: bytes) -> str:
        raise ArithmeticError("a bug of ours")

    scratch = Scratch(tmp_path / "store.db", memory=tmp_path)
    around = Surroundings(
        camera, scratch, keep, lambda _: None, posted.append, lambda: "", FilmSettings(segment_s=0.6, width_px=160)
    )
    recorder = Recorder(around)
    recorder.begin(EXAM, 1, "consent")
    recorder.still(EXAM, "breath", 1, "blow")
    recorder.still(EXAM, "breath", 1, "result")
    assert until(lambda: sum(isinstance(one, Lost) and one.kind == "photo" for one in posted) == 2)
    assert until(lambda: metrics.thread_faults.labels("film")._value.get() > 0)
    recorder.end()
    assert until(lambda: FilmFinished(EXAM, 1) in posted)
    assert any(isinstance(one, Lost) and one.kind == "video" for one in posted)
    recorder.close()


def test_a_reference_photo_that_we_stumble_over_does_not_stop_the_next() -> None:
    posted: list[PortraitJudged] = []

    def judge(portrait: Portrait) -> PortraitJudged:
        if portrait.worker_id == "poison":
            raise KeyError("embedding")
        return PortraitJudged(portrait.worker_id, portrait.photo_sha256, "e1", b"1234")

    enroller = Enroller(judge, posted.append)
    for worker_id in ("poison", "good"):
        enroller.put(Portrait(worker_id, "0" * 64, b"jpeg"))
    assert until(lambda: len(posted) == 2)
    enroller.close()
    assert posted[0].failure
    assert posted[1].embedding == b"1234"
