"""Reference photos between a centre and a terminal over a real broker: asked for, cut off, taken, withdrawn.

And never without a legal basis.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from central.core.media_files import MediaFiles
from central.keeping.verify import verify_store as verify_centre
from central.keeping.verify_report import Expected as CentreExpected
from central.link.outgoing import load_signing_key
from central.people.consents import Consents
from central.store import faces, outgoing
from central.store.engine import reading, writing
from central.store.faces import worker_face
from sync.contract.canonical import sha256_hex
from sync.contract.media import CHUNK_BYTES
from sync.contract.topics import Down
from terminal.clock import SystemClock
from terminal.decision_check import load_anchor
from terminal.face.assembly import templates_opener
from terminal.face.enroller import Portrait, PortraitJudged
from terminal.face.templates import TemplateStore
from terminal.incoming import IncomingMessages
from terminal.reference_faces import ReferenceFaces
from terminal.store.verify import verify_store as verify_terminal
from terminal.store.verify_report import Expected as TerminalExpected
from tests.broker import ORG, TestCentre
from tests.integration.sync.conftest import SyncedTerminal
from tests.waiting import until

PHOTO = b"\xff\xd8" + bytes(range(256)) * 1800
TEMPLATES_KEY = bytes(range(32))


@dataclass
class PatientJudge:
    """Keeps portraits until the test lets it judge them."""

    waiting: list[Portrait] = field(default_factory=list)

    def put(self, portrait: Portrait) -> None:
        self.waiting.append(portrait)


@dataclass
class Faces:
    """A terminal's core for faces: what came is applied, what is judged is kept."""

    synced: SyncedTerminal
    basis: str
    judge: PatientJudge = field(default_factory=PatientJudge)

    def __post_init__(self) -> None:
        self.begin()

    @property
    def centre(self) -> TestCentre:
        return self.synced.centre

    @property
    def folder(self) -> Path:
        return self.synced.folder / "templates"

    def begin(self) -> None:
        """As after a start of the kiosk."""
        centre, clock = self.centre, SystemClock()
        opener = templates_opener(self.folder, TEMPLATES_KEY)
        self.judge.waiting.clear()
        self.desk = ReferenceFaces(self.synced.store, clock, self.judge, opener, legal_basis=self.basis, engine="e1")
        self.incoming = IncomingMessages(
            self.synced.store,
            clock,
            load_signing_key(centre.config.keys.centre_signing_key_file).public_key(),
            load_anchor(centre.config.keys.authority_dir / "ca.pem"),
            lambda event, done: None,
            faces=self.desk,
        )
        self.incoming.apply_new()
        self.desk.start()

    def work(self) -> None:
        """One round of the core: apply what came, keep what was judged."""
        self.incoming.apply_new()
        while self.judge.waiting:
            portrait = self.judge.waiting.pop(0)
            assert sha256_hex(portrait.content) == portrait.photo_sha256
            numbers = np.full(128, 0.1, "<f4").tobytes()
            self.desk.judged(PortraitJudged(portrait.worker_id, portrait.photo_sha256, "e1", numbers))

    def until_centre_knows(self, state: str) -> None:
        def known() -> bool:
            self.work()
            return self.state() == state

        assert until(known), self.state()

    def until_applied(self, condition: Callable[[], bool]) -> None:
        def applied() -> bool:
            self.incoming.apply_new()
            return condition()

        assert until(applied)

    def state(self) -> str | None:
        """What the centre knows of the worker's face here."""
        with reading(self.centre.engine) as connection:
            return connection.execute(select(worker_face.c.state)).scalar_one_or_none()

    @property
    def templates(self) -> list[str]:
        if not self.folder.exists():
            return []
        return [one.worker_id for one in TemplateStore(self.folder, TEMPLATES_KEY).all_of("e1")]

    def photos_anywhere(self) -> bool:
        """Whether a part of the photo lies in any column of the terminal's store, or plainly in any of its files."""
        db = self.synced.store.db
        pieces = (PHOTO[:300], base64.b64encode(PHOTO[:300]), base64.b64encode(PHOTO[CHUNK_BYTES : CHUNK_BYTES + 300]))
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()]
        values = [value for table in tables for row in db.execute(f"SELECT * FROM {table}").fetchall() for value in row]  # noqa: S608 - our own names
        stored = [value.encode() if isinstance(value, str) else value for value in values]
        contents = [value for value in stored if isinstance(value, bytes)]
        contents += [path.read_bytes() for path in self.synced.folder.rglob("*") if path.is_file()]
        return any(piece in content for content in contents for piece in pieces)


def consent(centre: TestCentre, *, photo: bytes = PHOTO) -> str:
    """The worker's photo and consent; returns the consent's id."""
    sha256 = MediaFiles(centre.config.media_dir).keep(photo)
    consents = Consents(centre.registry)
    with writing(centre.engine) as connection:
        consents.add_text(
            connection, ORG, "biometric_comparison", "1", "Согласие", valid_from=date(2026, 1, 1), author="a"
        )
        centre.registry.set_photo(connection, ORG, centre.worker_id, sha256)
        given = consents.give(
            connection,
            centre.worker_id,
            "biometric_comparison",
            "1",
            given_on=date(2026, 2, 1),
            means="paper",
            basis="лист 1",
            author="a",
        )
    centre.dispatcher.wake()
    return given


def withdraw(centre: TestCentre, consent_id: str) -> None:
    with writing(centre.engine) as connection:
        Consents(centre.registry).withdraw(
            connection, consent_id, withdrawn_on=date(2026, 3, 1), means="paper", basis="заявление", author="a"
        )
    centre.dispatcher.wake()


def parts_at_centre(centre: TestCentre) -> set[tuple[str, bytes]]:
    """State and content of the parts of photos in the centre's outbox."""
    with reading(centre.engine) as connection:
        return {(row.state, row.wire) for row in outgoing.in_chain_order(connection) if row.kind == "photo"}


@pytest.fixture
def basis() -> str:
    return "Приказ № 7"


@pytest.fixture
def kiosk(terminal: SyncedTerminal, basis: str) -> Faces:
    terminal.start()
    assert until(lambda: terminal.is_connected)
    return Faces(terminal, basis)


def test_a_photo_comes_down_whole_through_a_line_that_is_cut_and_nothing_of_it_stays(kiosk: Faces) -> None:
    consent(kiosk.centre)
    kiosk.until_applied(lambda: kiosk.state() in ("wanted", "sent"))
    kiosk.until_applied(lambda: len(kiosk.synced.store.inbox.kept(Down.PHOTO)) >= 1)
    kiosk.synced.proxy.cut()
    kiosk.incoming.apply_new()
    kiosk.synced.proxy.heal()
    kiosk.until_centre_knows("taken")
    assert kiosk.templates == [kiosk.centre.worker_id]
    assert not kiosk.photos_anywhere()
    assert until(lambda: parts_at_centre(kiosk.centre) == {("acked", b"")})
    report = verify_terminal(
        kiosk.synced.store.db,
        TerminalExpected(kiosk.synced.store.public_key, kiosk.incoming._centre_key, kiosk.synced.store.media),
    )
    assert report.faults == []
    centre_key = load_signing_key(kiosk.centre.config.keys.centre_signing_key_file).public_key()
    assert verify_centre(kiosk.centre.engine, CentreExpected(centre_key, None, None)).faults == []


def test_a_consent_withdrawn_while_the_terminal_is_away_is_obeyed_and_confirmed_when_it_is_back(kiosk: Faces) -> None:
    given = consent(kiosk.centre)
    kiosk.until_centre_knows("taken")
    kiosk.synced.proxy.cut()
    withdraw(kiosk.centre, given)
    assert kiosk.templates == [kiosk.centre.worker_id]
    kiosk.synced.proxy.heal()
    kiosk.until_centre_knows("deleted")
    assert kiosk.templates == []
    assert list(kiosk.folder.iterdir()) == []
    with reading(kiosk.centre.engine) as connection:
        (row,) = faces.of_worker(connection, kiosk.centre.worker_id)
    assert row["legal_basis"] == kiosk.basis


def test_a_power_cut_after_the_template_and_before_its_report_has_it_made_once_more(kiosk: Faces) -> None:
    consent(kiosk.centre)
    kiosk.until_applied(lambda: len(kiosk.judge.waiting) == 1)
    portrait = kiosk.judge.waiting[0]
    numbers = np.full(128, 0.1, "<f4").tobytes()
    kiosk.desk._keep(PortraitJudged(portrait.worker_id, portrait.photo_sha256, "e1", numbers), numbers)
    assert kiosk.templates == [kiosk.centre.worker_id]
    kiosk.begin()
    assert kiosk.templates == []  # no report speaks for it
    assert len(kiosk.judge.waiting) == 1  # the photo is still there
    kiosk.until_centre_knows("taken")
    assert kiosk.templates == [kiosk.centre.worker_id]
    assert not kiosk.photos_anywhere()


def test_a_withdrawal_that_comes_while_the_photo_is_judged_leaves_nothing(kiosk: Faces) -> None:
    given = consent(kiosk.centre)
    kiosk.until_applied(lambda: len(kiosk.judge.waiting) == 1)
    withdraw(kiosk.centre, given)
    kiosk.until_applied(lambda: kiosk.state() == "deleted")
    kiosk.work()  # the judgement comes too late
    assert kiosk.templates == []
    assert not kiosk.photos_anywhere()


@pytest.mark.parametrize("basis", [""])
def test_a_terminal_without_a_basis_asks_for_nothing_and_gets_nothing(kiosk: Faces) -> None:
    consent(kiosk.centre)
    kiosk.until_applied(lambda: bool(kiosk.synced.store.roster.photos_to_compare()))
    kiosk.synced.exam()
    assert until(lambda: kiosk.synced.queued == 0)
    kiosk.work()
    assert parts_at_centre(kiosk.centre) == set()
    assert kiosk.state() is None
    assert not kiosk.folder.exists()
    assert not kiosk.photos_anywhere()
