"""A whole terminal before a simulated camera: what it makes of a face with and without a legal basis and a consent."""

import base64
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from sqlite_utils import Database

from central.authority.pki import create_authority
from dopusk.terminal_app import Terminal
from dopusk.terminal_faces import RosterReader, templates_folder
from kiosk_ui.texts import LANGUAGES, texts_of
from simulators.camera import CameraSimulator
from sync.contract.canonical import GENESIS_HASH, new_id, sha256_hex
from sync.contract.envelope import ClockStamp, Envelope, read_unverified, seal
from sync.contract.exam import FaceCheck
from sync.contract.face import PHOTO_SCHEMA, FaceReport, PhotoPart
from sync.contract.media import CHUNK_BYTES
from sync.contract.roster import ROSTER_SCHEMA, Roster, RosterWorker
from sync.contract.topics import Down
from sync.inbox import Inbox
from terminal import intents
from terminal.clock import SystemClock
from terminal.config import TerminalConfig
from terminal.face.engines.dlib_engine import DlibEngine
from terminal.face.engines.names import TEMPLATE_NAMES
from terminal.face.framing import FramingLimits, judge
from terminal.face.law import BiometricsOff
from terminal.mailbox import InboxNews
from terminal.snapshot import TerminalSnapshot
from terminal.store.database import KeyFile, connect
from tests.integration.face.conftest import wait_until
from tests.unit.face.conftest import EILEEN, photo
from tests.unit.face.portraits import before_light_wall
from tests.unit.terminal.kiosk import make_config
from tests.unit.terminal.test_identity import worker

BASIS = "Приказ № 7"
CENTRE = Ed25519PrivateKey.generate()
WORKER_ID = new_id()


@pytest.fixture(scope="module")
def reference_photo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[bytes]:
    """Eileen's photo in the roster; the networks are loaded, so that no exam's time is spent on that."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOPUSK_CACHE", str(tmp_path_factory.mktemp("models")))
        judge(np.zeros((120, 160, 3), np.uint8), FramingLimits())
        yield before_light_wall(DlibEngine(), photo(EILEEN))


@dataclass
class Running:
    """A started terminal and what it showed."""

    terminal: Terminal
    config: TerminalConfig
    snapshots: list[TerminalSnapshot] = field(default_factory=list)

    @property
    def templates(self) -> Path:
        return templates_folder(self.config)

    def until(self, condition: Callable[[TerminalSnapshot], bool], what: str) -> TerminalSnapshot:
        wait_until(lambda: bool(self.snapshots) and condition(self.snapshots[-1]), what)
        return next(shown for shown in reversed(self.snapshots) if condition(shown))

    def go_to_the_camera(self) -> None:
        """A worker with number 1001 is before the camera and gets hints."""
        post = self.terminal.mailbox.post
        self.until(lambda shown: shown.exam is None and not shown.start_refusal, "the first screen")
        post(intents.Begin())
        post(intents.SubmitNumber("1001"))
        post(intents.AnswerIdentity(True))
        post(intents.AnswerConsent(True))

    def face_of_an_exam(self) -> FaceCheck:
        """A worker with number 1001 goes up to the complaints; what was made of the face by then."""
        self.go_to_the_camera()
        post = self.terminal.mailbox.post
        shown = self.until(lambda shown: shown.exam is not None and shown.exam.face is not None, "the photo")
        post(intents.Leave())
        self.until(lambda shown: shown.exam is None, "the end of the exam")
        assert shown.exam is not None
        assert shown.exam.face is not None
        return shown.exam.face

    def roster(self, version: int, person: RosterWorker) -> None:
        """A roster comes from the centre."""
        self.receive(Down.ROSTER, ROSTER_SCHEMA, Roster(version=version, workers=(person,)).model_dump(mode="json"))

    def photo(self, content: bytes, sha256: str = "", only: tuple[int, ...] = ()) -> None:
        """The parts of a reference photo come from the centre; `only` some of them."""
        pieces = [content[at : at + CHUNK_BYTES] for at in range(0, len(content), CHUNK_BYTES)]
        for index, piece in enumerate(pieces):
            part = PhotoPart(
                worker_id=WORKER_ID,
                sha256=sha256 or sha256_hex(content),
                index=index,
                count=len(pieces),
                part_sha256=sha256_hex(piece),
                content_base64=base64.b64encode(piece).decode("ascii"),
            )
            if not only or index in only:
                self.receive(Down.PHOTO, PHOTO_SCHEMA, part.model_dump(mode="json"))

    def receive(self, kind: Down, schema: str, payload: dict[str, Any]) -> None:
        """A message comes from the centre, as the sync side would bring it."""
        now = SystemClock().now()
        envelope = Envelope(
            message_id=new_id(),
            schema=schema,
            terminal_id=self.config.identity.terminal_id,
            seq=1,
            prev_hash=GENESIS_HASH,
            created_at=now.at,
            clock=ClockStamp(trusted=True, boot_id="c", monotonic_s=1.0),
            generation="test",
            payload=payload,
        )
        with self.database() as db:
            inbox = Inbox(db)
            inbox.store(envelope.message_id, kind, seal(envelope, CENTRE).wire)
            self.terminal.mailbox.post(InboxNews())
            wait_until(lambda: inbox.state_of(envelope.message_id) == "applied", f"the new {kind}")

    @contextmanager
    def database(self) -> Iterator[Database]:
        """Another connection to the terminal's store."""
        with closing(connect(self.config.files.store, KeyFile(self.config.files.master_key).master_key())) as db:
            yield db

    def told(self) -> list[tuple[str, tuple[str, ...]]]:
        """States that the centre is told of, with what is wrong, in order."""
        with self.database() as db:
            wires = [row[0] for row in db.execute("SELECT wire FROM outbox WHERE kind = 'face' ORDER BY seq")]
        reports = [FaceReport.model_validate(read_unverified(wire)[0].payload) for wire in wires]
        return [(note.state, note.problems) for report in reports for note in report.notes]

    def until_told(self, *states: str) -> None:
        """Wait until these were the last states told."""
        wait_until(lambda: tuple(state for state, _ in self.told()[-len(states) :]) == states, f"told {states}")

    def photos_kept(self) -> int:
        """Parts of reference photos in the store."""
        with self.database() as db:
            return len(Inbox(db).kept(Down.PHOTO))


def person(photo_sha256: str | None, *, consent: bool) -> RosterWorker:
    return worker(worker_id=WORKER_ID, biometric_consent=consent, photo_sha256=photo_sha256)


@contextmanager
def terminal_before(
    camera: CameraSimulator,
    folder: Path,
    *,
    basis: str,
    consent: bool,
    reference: bytes | None,
    liveness: bool = False,
) -> Iterator[Running]:
    """A terminal with its own threads, keys and store in `folder`; a second one finds what the first has left."""
    biometrics = {"legal_basis": basis, "liveness": liveness}
    config = make_config(folder, camera={"source": camera.url}, biometrics=biometrics)
    files = config.files
    if not files.signing_key.exists():
        files.signing_key.parent.mkdir(exist_ok=True)
        files.signing_key.write_bytes(
            Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        files.centre_key.write_bytes(CENTRE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        files.trust_anchor.write_bytes(create_authority(folder / "authority").ca_pem)
    snapshots: list[TerminalSnapshot] = []
    terminal = Terminal(config, snapshots.append, consent_texts={"ru": "текст"})
    try:
        sha256 = None if reference is None else sha256_hex(reference)
        version = terminal.store.roster.version() + 1
        terminal.store.roster.replace(Roster(version=version, workers=(person(sha256, consent=consent),)))
        terminal.start()
        running = Running(terminal, config, snapshots)
        if reference is not None and basis and consent and not running.templates.exists():
            running.until_told("wanted")
            running.photo(reference)
            running.until_told("taken")
        yield running
    finally:
        terminal.close()


@pytest.mark.parametrize(("basis", "consent"), [("", True), ("", False), (BASIS, False)])
def test_without_basis_or_consent_nothing_is_computed_or_stored(
    basis: str,
    consent: bool,
    simulator: CameraSimulator,
    tmp_path: Path,
    reference_photo: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    used: list[str] = []
    monkeypatch.setattr(DlibEngine, "embed", lambda *_, **__: used.append("embed"))
    with terminal_before(simulator, tmp_path, basis=basis, consent=consent, reference=reference_photo) as running:
        face = running.face_of_an_exam()
        assert (face.outcome, face.faces_found, face.score, face.engine) == ("not_compared", 1, None, "")
        assert not running.templates.exists()
        assert running.told() == []
        running.photo(reference_photo)  # nobody asked for it
        assert (running.photos_kept(), running.told()) == (0, [])
        assert not running.templates.exists()
    assert used == []


@pytest.mark.parametrize(("scene", "outcome"), [("person:eileen", "same"), ("person:grace", "not_same")])
def test_with_basis_consent_and_photo_the_face_is_compared(
    scene: str, outcome: str, simulator: CameraSimulator, tmp_path: Path, reference_photo: bytes
) -> None:
    simulator.scene(scene)
    with terminal_before(simulator, tmp_path, basis=BASIS, consent=True, reference=reference_photo) as running:
        face = running.face_of_an_exam()
        assert face.outcome == outcome
        assert face.score is not None
        assert face.threshold is not None
        assert (face.score >= face.threshold) == (outcome == "same")
        assert face.frames == 3
        assert [state for state, _ in running.told()] == ["wanted", "taken"]
        assert running.photos_kept() == 0
        assert len(list(running.templates.glob("*.face"))) == 1


def test_without_a_reference_photo_the_medic_looks(
    simulator: CameraSimulator, tmp_path: Path, reference_photo: bytes
) -> None:
    with terminal_before(simulator, tmp_path, basis=BASIS, consent=True, reference=None) as running:
        face = running.face_of_an_exam()
        assert (face.outcome, face.reason, face.score) == ("not_compared", "no_template", None)
        assert running.told() == []


def test_a_withdrawn_consent_deletes_the_template_with_the_roster_that_says_so_and_the_centre_is_told(
    simulator: CameraSimulator, tmp_path: Path, reference_photo: bytes
) -> None:
    sha256 = sha256_hex(reference_photo)
    with terminal_before(simulator, tmp_path, basis=BASIS, consent=True, reference=reference_photo) as running:
        assert running.face_of_an_exam().outcome == "same"
        running.roster(2, person(sha256, consent=True))
        assert len(list(running.templates.glob("*.face"))) == 1
        running.roster(3, person(sha256, consent=False))
        running.until_told("taken", "deleted")
        assert list(running.templates.iterdir()) == []
        assert running.face_of_an_exam().outcome == "not_compared"


def test_a_photo_in_flight_goes_with_the_consent_and_nothing_is_made_of_it(
    simulator: CameraSimulator, tmp_path: Path, reference_photo: bytes
) -> None:
    with terminal_before(simulator, tmp_path, basis=BASIS, consent=True, reference=None) as running:
        large = reference_photo + bytes(CHUNK_BYTES)
        running.roster(2, person(sha256_hex(large), consent=True))
        running.until_told("wanted")
        running.photo(large, only=(0,))
        assert running.photos_kept() == 1
        running.roster(3, person(sha256_hex(large), consent=False))
        running.until_told("wanted", "deleted")
        running.photo(large, only=(1,))
        assert running.photos_kept() == 0
        assert not running.templates.exists()


def test_another_photo_takes_the_place_of_the_first_and_a_poor_one_is_refused_with_what_to_change(
    simulator: CameraSimulator, tmp_path: Path, reference_photo: bytes
) -> None:
    picture = cv2.imdecode(np.frombuffer(reference_photo, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    dark = cv2.imencode(".jpg", (picture * 0.15).astype(np.uint8))[1].tobytes()
    with terminal_before(simulator, tmp_path, basis=BASIS, consent=True, reference=reference_photo) as running:
        running.roster(2, person(sha256_hex(dark), consent=True))
        running.until_told("deleted", "wanted")
        assert list(running.templates.iterdir()) == []
        running.photo(dark)
        running.until_told("wanted", "refused")
        assert "dark" in running.told()[-1][1]
        assert (running.photos_kept(), list(running.templates.iterdir())) == (0, [])
        assert running.face_of_an_exam().reason == "no_template"


def test_without_its_legal_basis_the_next_start_deletes_every_template(
    simulator: CameraSimulator, tmp_path: Path, reference_photo: bytes
) -> None:
    with terminal_before(simulator, tmp_path, basis=BASIS, consent=True, reference=reference_photo) as running:
        assert len(list(running.templates.glob("*.face"))) == 1
    with terminal_before(simulator, tmp_path, basis="", consent=True, reference=reference_photo) as running:
        running.until_told("taken", "deleted")
        assert list(running.templates.iterdir()) == []


def test_with_another_engine_the_photo_is_asked_for_again(
    simulator: CameraSimulator, tmp_path: Path, reference_photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with terminal_before(simulator, tmp_path, basis=BASIS, consent=True, reference=reference_photo) as running:
        assert running.told()[-1][0] == "taken"
    monkeypatch.setitem(TEMPLATE_NAMES, "dlib", "dlib-resnet-v2")
    with terminal_before(simulator, tmp_path, basis=BASIS, consent=True, reference=reference_photo) as running:
        running.until_told("taken", "deleted", "wanted")
        assert list(running.templates.iterdir()) == []


def test_a_template_that_no_row_speaks_for_goes_at_the_start_and_a_lost_photo_is_asked_for_again(
    simulator: CameraSimulator, tmp_path: Path, reference_photo: bytes
) -> None:
    at_first = terminal_before(simulator, tmp_path, basis=BASIS, consent=True, reference=reference_photo)
    with at_first as running, running.database() as db:
        db.execute("UPDATE reference_face SET state = 'wanted'")
    with terminal_before(simulator, tmp_path, basis=BASIS, consent=True, reference=reference_photo) as running:
        running.until_told("taken", "wanted")
        assert list(running.templates.iterdir()) == []
        running.photo(reference_photo)
        running.until_told("wanted", "taken")


def test_an_unreadable_roster_stops_the_comparison(
    simulator: CameraSimulator, tmp_path: Path, reference_photo: bytes
) -> None:
    with terminal_before(simulator, tmp_path, basis=BASIS, consent=True, reference=reference_photo) as running:
        files = running.config.files
        assert RosterReader(files.store, KeyFile(files.master_key).master_key()).has_consent(WORKER_ID)
        with pytest.raises(BiometricsOff) as caught:
            RosterReader(files.store, bytes(32)).has_consent(WORKER_ID)
        assert caught.value.code == "no_roster"


def test_liveness_is_asked_for_where_the_configuration_says_so_in_both_languages(
    simulator: CameraSimulator, tmp_path: Path, reference_photo: bytes
) -> None:
    prompts = ("turn_left", "turn_right")
    simulator.scene("head:eileen")
    with terminal_before(simulator, tmp_path, basis="", consent=False, reference=None, liveness=True) as running:
        running.go_to_the_camera()

        def prompted() -> list[str]:
            states = [shown.progress.state for shown in tuple(running.snapshots)]
            return [state for state in states if state in prompts]

        wait_until(lambda: bool(prompted()), "a prompt")
        said = {texts_of(language).either(f"face.{prompted()[0]}", "face.start") for language in LANGUAGES}
        assert len(said) == 2
        assert not said & {texts_of(language)("face.start") for language in LANGUAGES}
