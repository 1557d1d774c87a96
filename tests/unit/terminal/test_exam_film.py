"""The film in the core thread: what is named before the record is made, and what happens when a recorder hangs."""

import hashlib
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509 import load_pem_x509_certificate

import terminal.exam_film
from central.authority.pki import create_authority
from drivers.messages import MeasurementProgress
from sync.contract.envelope import open_sealed
from sync.contract.exam import ExamRecord
from sync.contract.topics import Up
from sync.outbox import FILM_PRIORITY, PRIORITY
from terminal import intents
from terminal.camera.film import PHOTO_TYPE, VIDEO_TYPE, FilmFinished, Kept, Lost
from terminal.config import TerminalConfig
from terminal.exam.decide import fold
from terminal.face.continuity import ContinuitySummary, StrangerSeen
from terminal.mailbox import Mailbox
from terminal.store.database import KeyFile, derive_key
from terminal.store.media_files import MediaFiles
from terminal.store.verify import verify_store
from terminal.store.verify_report import Expected
from tests.unit.terminal.kiosk import JPEG_OF_A_FACE, JPEG_OF_ANOTHER, Kiosk, running_kiosk

MakeKiosk = Callable[..., AbstractContextManager[Kiosk]]


@dataclass
class PlayedRecorder:
    """A recorder that the test plays: `finishes` is what it does when it is told to end."""

    mailbox: Mailbox
    media: MediaFiles
    finishes: bool = True
    gives_stills: bool = True
    refuses: str = ""
    begun: list[tuple[str, int, str]] = field(default_factory=list)
    marked: list[tuple[str, int | None, str]] = field(default_factory=list)
    stills: list[tuple[str, int | None, str]] = field(default_factory=list)
    salvaged: list[tuple[str, int]] = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)

    def refusal(self) -> str:
        return self.refuses

    def begin(self, exam_id: str, film: int, step: str) -> None:
        self.begun.append((exam_id, film, step))

    def mark(self, step: str, attempt: int | None, moment: str) -> None:
        self.marked.append((step, attempt, moment))

    def end(self) -> None:
        if self.finishes:
            self.finish()

    def finish(self) -> None:
        """Hand over one segment and the end of the film that was begun last."""
        exam_id, film, _ = self.begun[-1]
        self.keep(exam_id, film, f"film {film} of {exam_id}".encode())
        self.mailbox.post(FilmFinished(exam_id, film))

    def keep(self, exam_id: str, film: int | None, content: bytes, step: str = "face", moment: str = "") -> None:
        kind, content_type = ("photo", PHOTO_TYPE) if film is None else ("video", VIDEO_TYPE)
        sha256, now_s = self.media.write(content), time.monotonic()
        self.mailbox.post(
            Kept(exam_id, film, kind, content_type, content, sha256, step, 1, moment, now_s - 1, now_s, scratch=sha256)  # type: ignore[arg-type]
        )

    def still(self, exam_id: str, step: str, attempt: int | None, moment: str) -> None:
        self.stills.append((step, attempt, moment))
        if self.gives_stills:
            self.keep(exam_id, None, f"{step} {moment}".encode(), step, moment)

    def salvage(self, exam_id: str, film: int, known: frozenset[str]) -> None:
        self.salvaged.append((exam_id, film))
        self.keep(exam_id, film, b"what was left in memory")
        self.mailbox.post(FilmFinished(exam_id, film))

    def sweep(self, open_exams: frozenset[str]) -> None:
        return None

    def release(self, kept: Kept) -> None:
        self.released.append(kept.sha256)

    def drop(self, kept: Kept) -> None:
        self.dropped.append(kept.sha256)
        self.media.remove(kept.sha256)


@dataclass
class PlayedWatch:
    """Looks that the test plays."""

    begun: list[tuple[str, bool, bytes | None]] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    forbidden: int = 0

    def begin(self, exam_id: str, *, may_compare: bool, photo: bytes | None = None) -> None:
        self.begun.append((exam_id, may_compare, photo))

    def step(self, label: str) -> None:
        self.steps.append(label)

    def forbid_comparison(self) -> None:
        self.forbidden += 1

    def end(self) -> ContinuitySummary | None:
        exam_id, may_compare, _ = self.begun[-1]
        summary = ContinuitySummary(exam_id)
        for step in self.steps:
            summary.count(step, "same" if may_compare else "present")
            summary.count(step, "nobody")
        return summary


@dataclass
class Filmed:
    """A running kiosk with its played recorder and watch."""

    kiosk: Kiosk
    recorder: PlayedRecorder
    watch: PlayedWatch

    def finish_exam(self) -> None:
        """Go on from the cuff: pressure, breath, and send."""
        self.kiosk.want(intents.StartMeasuring())
        self.kiosk.measure()
        self.kiosk.until_phase("breath")
        self.kiosk.measure()
        self.kiosk.until_phase("review")
        self.kiosk.want(intents.Next())
        self.kiosk.until_phase("waiting")

    def record(self) -> ExamRecord:
        """The last record that was queued."""
        rows = [row for row in self.kiosk.store.outbox.next_queued(1000) if row.kind == "exam"]
        return ExamRecord.model_validate(open_sealed(rows[-1].wire, self.kiosk.store.public_key).payload)


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., AbstractContextManager[Filmed]]:
    from contextlib import contextmanager

    authority = create_authority(tmp_path / "authority")
    anchor = load_pem_x509_certificate(authority.ca_pem)
    keys = {"centre_key": Ed25519PrivateKey.generate(), "signing_key": Ed25519PrivateKey.generate()}

    @contextmanager
    def filmed(*, recorder: dict[str, object] | None = None, **options: object):  # type: ignore[no-untyped-def]
        made: list[PlayedRecorder] = []
        watch = PlayedWatch()

        def make_recorder(config: TerminalConfig, master: KeyFile, mailbox: Mailbox) -> PlayedRecorder:
            media = MediaFiles(config.files.media, derive_key(master.master_key(), "media"))
            made.append(PlayedRecorder(mailbox, media, **(recorder or {})))  # type: ignore[arg-type]
            return made[0]

        with running_kiosk(
            tmp_path / "terminal",
            anchor,
            make_recorder=make_recorder,
            make_watch=lambda _: watch,
            **{**keys, **options},  # type: ignore[arg-type]
        ) as kiosk:
            yield Filmed(kiosk, made[0], watch)

    return filmed


def test_the_record_names_the_film_and_a_still_of_each_result(
    make: Callable[..., AbstractContextManager[Filmed]],
) -> None:
    with make() as filmed:
        exam = filmed.kiosk.up_to("waiting")
        assert [step for _, _, step in filmed.recorder.begun] == ["face"]
        assert filmed.recorder.stills == [(step, 1, "result") for step in ("temperature", "pressure", "breath")]
        assert ("pressure", 1, "start") in filmed.recorder.marked
        record = filmed.record()
        assert record.film is not None
        assert (record.film.state, record.film.gaps) == ("complete", ())
        assert [(m.kind, m.step, m.attempt, m.moment) for m in record.media if m.moment] == [
            ("photo", step, 1, "result") for step in ("temperature", "pressure", "breath")
        ]
        (segment,) = [m for m in record.media if m.kind == "video"]
        assert hashlib.sha256(filmed.kiosk.store.media.read(segment.sha256)).hexdigest() == segment.sha256
        assert sorted(filmed.recorder.released) == sorted(m.sha256 for m in record.media if m.step != "face" or m.film)
        assert fold(filmed.kiosk.store.log.events_of(exam.exam_id)) == exam
        queued = filmed.kiosk.store.db.execute("SELECT priority, kind FROM outbox ORDER BY priority, seq").fetchall()
        assert next(kind for _, kind in queued) == "exam"
        assert {priority for priority, kind in queued if kind == "media"} == {PRIORITY[Up.MEDIA], FILM_PRIORITY}
        store = filmed.kiosk.store
        report = verify_store(store.db, Expected(store.public_key, None, store.media))
        assert {fault.place for fault in report.faults} <= {"roster"}, "no centre has sent one here"
        assert report.media == 5


def test_a_blow_gives_a_still_of_its_own_moment(make: Callable[..., AbstractContextManager[Filmed]]) -> None:
    with make() as filmed:
        filmed.kiosk.up_to("breath")
        exam = filmed.kiosk.until_exam(lambda e: e.activity == "measuring")
        for state in ("waiting", "blowing", "blowing", "analysing"):
            filmed.kiosk.mailbox.post(MeasurementProgress(exam.request_id, "breathalyzer", state, {}))
        filmed.kiosk.measure()
        filmed.kiosk.until_phase("review")
        assert filmed.recorder.stills[-2:] == [("breath", 1, "blow"), ("breath", 1, "result")]


def test_a_rest_ends_the_film_and_going_on_begins_another(make: Callable[..., AbstractContextManager[Filmed]]) -> None:
    repeats = {"pressure": {"most": 1, "rest_s": 0.2}}
    with make(exam={"repeats": repeats}) as filmed:
        filmed.kiosk.up_to("pressure")
        filmed.kiosk.want(intents.StartMeasuring())
        filmed.kiosk.measure_and_see(systolic_mmhg=181, diastolic_mmhg=110, pulse_bpm=80)
        filmed.kiosk.until_exam(lambda e: e.activity == "resting")
        filmed.kiosk.until_exam(lambda e: e.activity == "ready" and len(e.measurements) == 2)
        filmed.finish_exam()
        assert [(film, step) for _, film, step in filmed.recorder.begun] == [(1, "face"), (2, "pressure")]
        record = filmed.record()
        assert record.film is not None
        assert record.film.state == "complete"
        assert [m.film for m in record.media if m.kind == "video"] == [1, 2]


def test_without_consent_nothing_is_filmed(make: Callable[..., AbstractContextManager[Filmed]]) -> None:
    with make() as filmed:
        filmed.kiosk.up_to("consent")
        filmed.kiosk.want(intents.AnswerConsent(False))
        filmed.kiosk.until_phase("not_today")
        filmed.kiosk.want(intents.Leave())
        filmed.kiosk.until_idle()
        assert filmed.recorder.begun == []
        assert filmed.record().film is None


def test_the_last_segment_is_in_the_record_of_an_exam_that_was_left(
    make: Callable[..., AbstractContextManager[Filmed]],
) -> None:
    with make(recorder={"finishes": False}) as filmed:
        filmed.kiosk.up_to("pressure")
        filmed.kiosk.want(intents.StartMeasuring())
        filmed.kiosk.until_exam(lambda e: e.activity == "measuring")
        filmed.kiosk.want(intents.Leave(), intents.Touch(), intents.Leave())
        filmed.kiosk.until(lambda _: bool(filmed.kiosk.park.cancelled))
        exam = filmed.kiosk.until_exam(lambda e: True)
        assert exam.phase == "pressure", "it has not ended before its film is there"
        assert exam.failures == (), "what the device answered to our own cancelling is no failed try"
        filmed.recorder.finish()
        filmed.kiosk.until_idle()
        record = filmed.record()
        assert (record.state, record.end_reason) == ("unfinished", "interrupted")
        assert record.film is not None
        assert record.film.state == "complete"
        assert [m.kind for m in record.media].count("video") == 1


def test_a_recorder_that_hangs_costs_the_exam_a_bounded_wait_and_the_record_says_so(
    make: Callable[..., AbstractContextManager[Filmed]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal.exam_film, "FINISH_WITHIN_S", 0.2)
    with make(recorder={"finishes": False, "gives_stills": False}) as filmed:
        exam = filmed.kiosk.up_to("waiting")
        record = filmed.record()
        assert record.film is not None
        assert record.film.state == "none"
        assert {gap.reason for gap in record.film.gaps} == {"not_finished"}
        assert [(gap.kind, gap.step) for gap in record.film.gaps] == [
            ("video", ""),
            ("photo", "temperature"),
            ("photo", "pressure"),
            ("photo", "breath"),
        ]
        filmed.recorder.finish()  # it wakes up too late: the record has gone, and named it as missing
        filmed.kiosk.want(intents.Touch())
        filmed.kiosk.until(lambda _: bool(filmed.recorder.dropped))
        assert not filmed.kiosk.store.media.exists(filmed.recorder.dropped[0]), "nobody names it: it does not stay"
        assert fold(filmed.kiosk.store.log.events_of(exam.exam_id)) == exam


@pytest.mark.parametrize("reason", ["disk_low", "no_recorder"])
def test_film_gives_way_and_the_exam_goes_on(make: Callable[..., AbstractContextManager[Filmed]], reason: str) -> None:
    with make(recorder={"refuses": reason}) as filmed:
        filmed.kiosk.up_to("waiting")
        assert filmed.recorder.begun == []
        record = filmed.record()
        assert record.film is not None
        assert (record.film.state, [gap.reason for gap in record.film.gaps]) == ("none", [reason])
        assert [m.step for m in record.measurements] == ["temperature", "pressure", "breath"]


@pytest.mark.parametrize("registered", [True, False])
def test_where_the_register_is_asked_only_its_consents_are_filmed(
    make: Callable[..., AbstractContextManager[Filmed]], registered: bool
) -> None:
    with make(film={"registered_consent": True}, video_consent=registered) as filmed:
        filmed.kiosk.up_to("waiting")
        record = filmed.record()
        assert record.film is not None
        assert bool(filmed.recorder.begun) == bool(filmed.recorder.stills) == registered
        expected = ("complete", []) if registered else ("none", ["no_consent"])
        assert (record.film.state, [gap.reason for gap in record.film.gaps]) == expected


def test_a_segment_that_comes_when_the_disk_is_low_gives_way(
    make: Callable[..., AbstractContextManager[Filmed]],
) -> None:
    with make() as filmed:
        filmed.kiosk.up_to("pressure")
        filmed.recorder.refuses = "disk_low"
        filmed.finish_exam()
        record = filmed.record()
        assert record.film is not None
        assert (record.film.state, {gap.reason for gap in record.film.gaps}) == ("none", {"disk_low"})
        assert len(filmed.recorder.dropped) == 1
        assert [m.moment for m in record.media if m.moment] == ["result"] * 3, "stills are as small as the photo"


def test_what_the_disk_refused_is_named(make: Callable[..., AbstractContextManager[Filmed]]) -> None:
    with make() as filmed:
        filmed.kiosk.up_to("pressure")
        exam_id, film, _ = filmed.recorder.begun[-1]
        now_s = time.monotonic()
        filmed.kiosk.mailbox.post(Lost(exam_id, film, "video", "not_stored", "pressure", None, now_s - 10, now_s))
        filmed.finish_exam()
        record = filmed.record()
        assert record.film is not None
        assert record.film.state == "incomplete"
        (gap,) = record.film.gaps
        assert (gap.reason, gap.step) == ("not_stored", "pressure")
        assert gap.ended_at is not None
        assert (gap.ended_at - gap.began_at).total_seconds() == pytest.approx(10, abs=1)


def test_after_a_power_cut_what_is_left_is_kept_and_the_rest_is_named(
    make: Callable[..., AbstractContextManager[Filmed]],
) -> None:
    with make(recorder={"finishes": False}) as filmed:
        exam = filmed.kiosk.up_to("pressure")
    with make() as filmed:
        filmed.kiosk.until(lambda s: s.awaiting_resume)
        assert filmed.recorder.salvaged == [(exam.exam_id, 1)]
        filmed.kiosk.want(intents.ResumeExam())
        filmed.kiosk.until_exam(lambda e: e.phase == "pressure")
        filmed.finish_exam()
        record = filmed.record()
        assert record.film is not None
        assert (record.film.state, [gap.reason for gap in record.film.gaps]) == ("incomplete", ["restart"])
        assert [m.film for m in record.media if m.kind == "video"] == [1, 2]


def test_an_exam_that_nobody_goes_on_with_is_closed_with_what_was_left_of_its_film(
    make: Callable[..., AbstractContextManager[Filmed]],
) -> None:
    with make(recorder={"finishes": False}) as filmed:
        filmed.kiosk.up_to("temperature")
    with make() as filmed:
        filmed.kiosk.until(lambda s: s.awaiting_resume)
        filmed.kiosk.want(intents.DropExam())
        filmed.kiosk.until_idle()
        record = filmed.record()
        assert record.end_reason == "interrupted"
        assert record.film is not None
        assert [gap.reason for gap in record.film.gaps] == ["restart"]


@pytest.mark.parametrize("basis", ["Приказ № 7", ""])
@pytest.mark.parametrize("consented", [True, False])
def test_faces_are_compared_only_with_basis_and_consent(
    make: Callable[..., AbstractContextManager[Filmed]], basis: str, consented: bool
) -> None:
    with make(consented=consented, biometrics={"legal_basis": basis}) as filmed:
        exam = filmed.kiosk.up_to("waiting")
        allowed = bool(basis) and consented
        assert filmed.watch.begun == [(exam.exam_id, allowed, JPEG_OF_A_FACE if allowed else None)]
        assert filmed.watch.steps == ["temperature", "pressure", "breath"]
        seen = filmed.record().continuity
        assert seen is not None
        assert seen.compared == allowed
        assert [(look.step, look.nobody) for look in seen.looks] == [
            (s, 1) for s in ("temperature", "pressure", "breath")
        ]
        assert filmed.record().state == "submitted", "nobody in sight is a note and no refusal"


def test_another_person_stops_the_exam_with_scores_in_the_record(
    make: Callable[..., AbstractContextManager[Filmed]],
) -> None:
    with make(consented=True, biometrics={"legal_basis": "Приказ № 7"}) as filmed:
        filmed.kiosk.up_to("pressure")
        filmed.kiosk.want(intents.StartMeasuring())
        exam = filmed.kiosk.until_exam(lambda e: e.activity == "measuring")
        stranger = StrangerSeen(exam.exam_id, "pressure", 0.123456, 0.41, "dlib", JPEG_OF_ANOTHER, time.monotonic())
        filmed.kiosk.mailbox.post(stranger)
        exam = filmed.kiosk.until_phase("not_today")
        assert exam.blocked_code == "person_changed"
        assert filmed.kiosk.park.cancelled
        filmed.kiosk.want(intents.Leave())
        filmed.kiosk.until_idle()
        record = filmed.record()
        assert (record.state, record.end_reason) == ("unfinished", "person_changed")
        assert record.continuity is not None
        change = record.continuity.change
        assert change is not None
        assert (change.step, change.score, change.threshold, change.engine) == ("pressure", 0.1235, 0.41, "dlib")
        (picture,) = [m for m in record.media if m.moment == "person_changed"]
        assert filmed.kiosk.store.media.read(picture.sha256) == JPEG_OF_ANOTHER
        assert record.film is not None
        assert record.film.state == "complete"


def test_a_look_that_comes_after_the_measurements_changes_nothing(
    make: Callable[..., AbstractContextManager[Filmed]],
) -> None:
    with make(consented=True, biometrics={"legal_basis": "Приказ № 7"}) as filmed:
        exam = filmed.kiosk.up_to("review")
        stranger = StrangerSeen(exam.exam_id, "breath", 0.1, 0.41, "dlib", b"late", time.monotonic())
        filmed.kiosk.mailbox.post(stranger)
        filmed.kiosk.want(intents.Next())
        exam = filmed.kiosk.until_phase("waiting")
        assert exam.continuity is not None
        assert exam.continuity.change is None
