"""Whole exams before a simulated camera: the core thread, recorder and watch are real, the devices are played."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import cv2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509 import load_pem_x509_certificate

from central.authority.pki import create_authority
from dopusk.terminal_film import open_recorder
from simulators.camera import CameraSimulator
from sync.contract.envelope import open_sealed
from sync.contract.exam import ExamRecord
from terminal import intents
from terminal.camera import Camera
from terminal.camera.jpeg import encode_jpeg
from terminal.config import TerminalConfig
from terminal.exam.model import ExamState
from terminal.exam_film import FilmRecorder
from terminal.face.continuity import ContinuitySettings, ContinuityWatch
from terminal.face.engine import FaceEngine
from terminal.face.engines.choose import open_engine
from terminal.mailbox import Mailbox
from terminal.store.database import KeyFile
from tests.integration.face.conftest import wait_until
from tests.unit.terminal.kiosk import Kiosk, running_kiosk
from tests.waiting import LONGEST_S

BASIS = {"legal_basis": "Приказ № 7"}
MakeKiosk = Callable[..., AbstractContextManager[Kiosk]]


def never() -> FaceEngine:
    raise AssertionError("an engine was opened where nothing biometric may be computed")


@pytest.fixture
def camera(simulator: CameraSimulator) -> Iterator[Camera]:
    camera = Camera(simulator.url, stale_after_s=2.0)
    wait_until(lambda: camera.latest() is not None, "a picture")
    yield camera
    camera.close()


@pytest.fixture
def make_kiosk(
    camera: Camera, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> MakeKiosk:
    monkeypatch.setenv("DOPUSK_CACHE", str(tmp_path_factory.getbasetemp() / "models"))
    monkeypatch.setattr("terminal.exam_film.FINISH_WITHIN_S", LONGEST_S)
    authority = create_authority(tmp_path / "authority")
    anchor = load_pem_x509_certificate(authority.ca_pem)
    keys = {"centre_key": Ed25519PrivateKey.generate(), "signing_key": Ed25519PrivateKey.generate()}

    @contextmanager
    def make(*, engine: Callable[[], FaceEngine] = never, **options: object) -> Iterator[Kiosk]:
        opened: list[FilmRecorder | ContinuityWatch] = []

        def make_recorder(config: TerminalConfig, master: KeyFile, mailbox: Mailbox) -> FilmRecorder:
            recorder = open_recorder(config, master.master_key(), camera, mailbox.post)
            assert recorder is not None
            opened.append(recorder)
            return recorder

        def make_watch(mailbox: Mailbox) -> ContinuityWatch:
            watch = ContinuityWatch(camera, mailbox.post, engine, ContinuitySettings(every_s=0.3))
            opened.append(watch)
            return watch

        film = {"segment_s": 1.0, "frames_per_s": 5, "width_px": 320}
        given = {"film": film, "make_recorder": make_recorder, "make_watch": make_watch, **keys, **options}
        try:
            with running_kiosk(tmp_path / "terminal", anchor, **given) as kiosk:  # type: ignore[arg-type]
                yield kiosk
        finally:
            for part in opened:
                part.close()  # type: ignore[union-attr]

    return make


def record_of(kiosk: Kiosk) -> ExamRecord:
    rows = [row for row in kiosk.store.outbox.next_queued(10_000) if row.kind == "exam"]
    return ExamRecord.model_validate(open_sealed(rows[-1].wire, kiosk.store.public_key).payload)


def wait_for_media(kiosk: Kiosk, kind: str, count: int) -> ExamState:
    """Until the diary names so many pieces."""
    return kiosk.until_exam(lambda exam: sum(media.kind == kind for media in exam.media) >= count)


def finish(kiosk: Kiosk) -> None:
    """From the cuff to the queue of the medic."""
    kiosk.want(intents.StartMeasuring())
    kiosk.measure()
    kiosk.until_phase("breath")
    kiosk.measure()
    kiosk.until_phase("review")
    kiosk.want(intents.Next())
    kiosk.until_phase("waiting")


def seconds_of(content: bytes, folder: Path) -> float:
    path = folder / "played.webm"
    path.write_bytes(content)
    video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    frames = 0
    while video.read()[0]:
        frames += 1
    video.release()
    return frames / 5


def test_the_record_names_a_film_that_plays(make_kiosk: MakeKiosk, tmp_path: Path) -> None:
    with make_kiosk() as kiosk:
        kiosk.up_to("pressure")
        wait_for_media(kiosk, "video", 2)
        finish(kiosk)
        record = record_of(kiosk)
        assert record.film is not None
        # A machine with much else to do may lose pictures of the simulated camera; then the record must say so.
        assert {gap.reason for gap in record.film.gaps} <= {"no_camera"}
        assert (record.film.state == "complete") == (not record.film.gaps)
        films = [media for media in record.media if media.kind == "video"]
        played = sum(seconds_of(kiosk.store.media.read(film.sha256), tmp_path) for film in films)
        assert played == pytest.approx(record.film.seconds, abs=0.05)
        marks = [(mark.step, mark.moment) for film in films for mark in film.marks]
        assert marks[0] == ("face", "step")
        stills = [media for media in record.media if media.moment == "result"]
        missed = [gap.step for gap in record.film.gaps if gap.kind == "photo"]
        assert sorted([still.step for still in stills] + missed) == ["breath", "pressure", "temperature"]
        for still in stills:
            assert kiosk.store.media.read(still.sha256).startswith(b"\xff\xd8")


@pytest.mark.parametrize("scene", ["hang", "gone"])
def test_a_camera_that_goes_away_costs_the_film_and_not_the_exam(
    make_kiosk: MakeKiosk, simulator: CameraSimulator, camera: Camera, scene: str
) -> None:
    with make_kiosk() as kiosk:
        kiosk.up_to("pressure")
        wait_for_media(kiosk, "video", 1)
        simulator.scene(scene)
        wait_until(lambda: camera.latest() is None, "the camera to be gone")
        finish(kiosk)
        record = record_of(kiosk)
        assert record.state == "submitted"
        assert record.film is not None
        assert record.film.state == "incomplete"
        assert {(gap.kind, gap.reason) for gap in record.film.gaps} >= {("photo", "no_camera")}
        assert {gap.reason for gap in record.film.gaps} == {"no_camera"}


def test_a_black_picture_is_filmed_and_nobody_is_noted(
    make_kiosk: MakeKiosk, simulator: CameraSimulator, camera: Camera
) -> None:
    with make_kiosk(engine=never) as kiosk:
        kiosk.up_to("temperature")
        simulator.scene("black")
        wait_until(lambda: (frame := camera.latest()) is not None and frame.bgr.mean() < 20, "a black picture")
        wait_for_media(kiosk, "video", 1)
        kiosk.measure()
        kiosk.until_phase("pressure")
        wait_for_media(kiosk, "video", 3)
        finish(kiosk)
        record = record_of(kiosk)
        assert record.state == "submitted"
        assert record.continuity is not None
        assert not record.continuity.compared
        assert sum(looks.nobody for looks in record.continuity.looks) > 0


def test_another_person_who_steps_in_stops_the_exam(make_kiosk: MakeKiosk, simulator: CameraSimulator) -> None:
    with make_kiosk(engine=open_engine, consented=True, biometrics=BASIS) as kiosk:
        kiosk.up_to("pressure")
        wait_for_media(kiosk, "video", 3)
        assert kiosk.last is not None
        simulator.scene("person:grace")
        exam = kiosk.until_phase("not_today")
        assert exam.blocked_code == "person_changed"
        kiosk.want(intents.Leave())
        kiosk.until_idle()
        record = record_of(kiosk)
        assert (record.state, record.end_reason) == ("unfinished", "person_changed")
        assert record.continuity is not None
        change = record.continuity.change
        assert change is not None
        assert change.step == "pressure"
        assert change.score < change.threshold
        assert change.engine
        assert [media.moment for media in record.media].count("person_changed") == 1
        assert record.rule_verdict.suggestion == "incomplete", "not a refusal: nothing was measured too high"


def test_whoever_was_photographed_must_be_who_is_measured(
    make_kiosk: MakeKiosk, simulator: CameraSimulator, camera: Camera
) -> None:
    """The photo of the exam shows Eileen; already at the first measurement it is Grace."""
    frame = camera.latest()
    assert frame is not None
    photo = encode_jpeg(frame.bgr)
    simulator.scene("person:grace")
    seen = frame.seq
    wait_until(lambda: (now := camera.latest()) is not None and now.seq > seen + 3, "Grace to stand there")
    with make_kiosk(engine=open_engine, consented=True, biometrics=BASIS, photo=photo) as kiosk:
        kiosk.up_to("temperature")
        exam = kiosk.until_phase("not_today")
        assert exam.blocked_code == "person_changed"


@pytest.mark.parametrize(("consented", "biometrics"), [(False, BASIS), (True, {"legal_basis": ""})])
def test_without_basis_or_consent_nothing_is_compared(
    make_kiosk: MakeKiosk, simulator: CameraSimulator, consented: bool, biometrics: dict[str, str]
) -> None:
    with make_kiosk(engine=never, consented=consented, biometrics=biometrics) as kiosk:
        kiosk.up_to("pressure")
        simulator.scene("person:grace")
        wait_for_media(kiosk, "video", 3)
        finish(kiosk)
        record = record_of(kiosk)
        assert record.state == "submitted"
        assert record.continuity is not None
        assert not record.continuity.compared
        assert record.continuity.change is None
        assert sum(looks.present for looks in record.continuity.looks) > 0


def test_a_kiosk_that_was_killed_keeps_what_it_had_filmed(make_kiosk: MakeKiosk) -> None:
    with make_kiosk() as kiosk:
        kiosk.up_to("pressure")
        before = wait_for_media(kiosk, "video", 1)
    with make_kiosk() as kiosk:
        kiosk.until(lambda shown: shown.awaiting_resume)
        kiosk.want(intents.ResumeExam())
        kiosk.until_phase("pressure")
        wait_for_media(kiosk, "video", len([m for m in before.media if m.kind == "video"]) + 1)
        finish(kiosk)
        record = record_of(kiosk)
        assert record.film is not None
        assert record.film.state == "incomplete"
        reasons = [gap.reason for gap in record.film.gaps]
        assert reasons.count("restart") == 1
        assert set(reasons) <= {"restart", "no_camera"}
        films = [media.film for media in record.media if media.kind == "video"]
        assert {1, 2} <= set(films)
