"""A whole terminal before a simulated camera: what it makes of a face with and without a legal basis and a consent."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from central.pki import create_authority
from dopusk.terminal_app import Terminal
from dopusk.terminal_faces import RosterReader, templates_folder
from kiosk_ui.texts import LANGUAGES, texts_of
from simulators.camera import CameraSimulator
from sync.contract.canonical import GENESIS_HASH, new_id
from sync.contract.envelope import ClockStamp, Envelope, seal
from sync.contract.exam import FaceCheck
from sync.contract.roster import ROSTER_SCHEMA, Roster, RosterWorker
from sync.contract.topics import Down
from sync.inbox import Inbox
from terminal import intents
from terminal.clock import SystemClock
from terminal.config import TerminalConfig
from terminal.face.engines.dlib_engine import DlibEngine
from terminal.face.framing import FramingLimits, judge
from terminal.face.law import BiometricsOff
from terminal.service import InboxNews
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

    def receive(self, roster: Roster) -> None:
        """A roster comes from the centre, as the sync side would bring it."""
        now = SystemClock().now()
        envelope = Envelope(
            message_id=new_id(),
            schema=ROSTER_SCHEMA,
            terminal_id=self.config.identity.terminal_id,
            seq=roster.version,
            prev_hash=GENESIS_HASH,
            created_at=now.at,
            clock=ClockStamp(trusted=True, boot_id="c", monotonic_s=1.0),
            generation="test",
            payload=roster.model_dump(mode="json"),
        )
        with closing(connect(self.config.files.store, KeyFile(self.config.files.master_key).master_key())) as db:
            inbox = Inbox(db)
            inbox.store(envelope.message_id, Down.ROSTER, seal(envelope, CENTRE).wire)
            self.terminal.mailbox.post(InboxNews())
            wait_until(lambda: inbox.state_of(envelope.message_id) == "applied", "the new roster")


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
        sha256 = None if reference is None else terminal.store.media.write(reference)
        version = terminal.store.roster.version() + 1
        terminal.store.roster.replace(Roster(version=version, workers=(person(sha256, consent=consent),)))
        terminal.start()
        yield Running(terminal, config, snapshots)
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
        assert len(list(running.templates.glob("*.face"))) == 1


def test_without_a_reference_photo_the_medic_looks(
    simulator: CameraSimulator, tmp_path: Path, reference_photo: bytes
) -> None:
    with terminal_before(simulator, tmp_path, basis=BASIS, consent=True, reference=None) as running:
        face = running.face_of_an_exam()
        assert (face.outcome, face.reason, face.score) == ("not_compared", "no_template", None)
        assert list(running.templates.iterdir()) == []


def test_a_withdrawn_consent_deletes_the_template_with_the_roster_that_says_so(
    simulator: CameraSimulator, tmp_path: Path, reference_photo: bytes
) -> None:
    with terminal_before(simulator, tmp_path, basis=BASIS, consent=True, reference=reference_photo) as running:
        assert running.face_of_an_exam().outcome == "same"
        running.receive(Roster(version=2, workers=(person(None, consent=True),)))
        assert len(list(running.templates.glob("*.face"))) == 1
        running.receive(Roster(version=3, workers=(person(None, consent=False),)))
        wait_until(lambda: list(running.templates.iterdir()) == [], "the template's end")
        assert running.face_of_an_exam().outcome == "not_compared"


def test_without_its_legal_basis_the_next_start_deletes_every_template(
    simulator: CameraSimulator, tmp_path: Path, reference_photo: bytes
) -> None:
    with terminal_before(simulator, tmp_path, basis=BASIS, consent=True, reference=reference_photo) as running:
        assert running.face_of_an_exam().outcome == "same"
    with terminal_before(simulator, tmp_path, basis="", consent=True, reference=reference_photo) as running:
        assert list(running.templates.iterdir()) == []


def test_a_changed_photo_is_left_out_and_an_unreadable_roster_stops_the_comparison(
    simulator: CameraSimulator, tmp_path: Path, reference_photo: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with terminal_before(simulator, tmp_path, basis=BASIS, consent=True, reference=reference_photo) as running:
        files, media = running.config.files, running.terminal.store.media
        reader = RosterReader(files.store, KeyFile(files.master_key).master_key(), media)
        assert reader.has_consent(WORKER_ID)
        assert reader.photo_of(WORKER_ID) == reference_photo
        (stored,) = files.media.iterdir()
        stored.write_bytes(stored.read_bytes()[:-1])
        assert reader.photo_of(WORKER_ID) is None
        assert "missing or changed" in caplog.text
        with pytest.raises(BiometricsOff) as caught:
            RosterReader(files.store, bytes(32), media).has_consent(WORKER_ID)
        assert caught.value.code == "no_roster"


def test_liveness_is_asked_for_where_the_configuration_says_so_in_both_languages(
    simulator: CameraSimulator, tmp_path: Path, reference_photo: bytes
) -> None:
    prompts = ("turn_left", "turn_right")
    simulator.scene("head:eileen")
    with terminal_before(simulator, tmp_path, basis="", consent=False, reference=None, liveness=True) as running:
        running.go_to_the_camera()
        shown = running.until(lambda shown: shown.progress.state in prompts, "a prompt")
        said = {texts_of(language).either(f"face.{shown.progress.state}", "face.start") for language in LANGUAGES}
        assert len(said) == 2
        assert not said & {texts_of(language)("face.start") for language in LANGUAGES}
