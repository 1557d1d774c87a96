"""What the centre sends and the terminal refuses: closed at the centre with its code, and the next good message is applied."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select, update

import central.link.outgoing
import central.store.outgoing
import terminal.incoming
from central.core.clock import now_utc
from central.link.outgoing import DownKind, Outgoing, load_signing_key
from central.store.chain_heads import next_down_link
from central.store.engine import reading, writing
from central.store.outgoing import add, centre_outbox
from sync import metrics
from sync.contract.canonical import new_id, sha256_hex
from sync.contract.envelope import MAX_MESSAGE_BYTES, Sealed
from sync.contract.roster import REFERENCE_SCHEMA
from sync.contract.topics import Down
from terminal.clock import SystemClock
from terminal.decision_check import load_anchor
from terminal.exam.model import Stamp
from terminal.incoming import IncomingMessages
from terminal.store.verify import verify_store
from terminal.store.verify_report import Expected
from tests.broker import TestCentre
from tests.integration.sync.conftest import SyncedTerminal
from tests.unit.terminal.kiosk import faceless
from tests.waiting import until

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

BOOK = {"name": "texts", "version": "1", "content": {"hello": "здравствуйте"}}
ANSWERED = ("acked", "refused")


class TrustedClock:
    """The machine's clock, and a machine that says it is right."""

    def now(self) -> Stamp:
        return SystemClock().now().model_copy(update={"trusted": True})


@dataclass
class Kiosk:
    """The terminal's one writer, played by the test's thread."""

    synced: SyncedTerminal
    incoming: IncomingMessages

    def until_answered(self, message_id: str) -> tuple[str, str | None]:
        """Apply what comes until the centre has the answer; its state there and the code."""

        def answered() -> bool:
            self.incoming.apply_new()
            return _row(self.synced.centre, message_id)[0] in ANSWERED

        assert until(answered)
        return _row(self.synced.centre, message_id)


@pytest.fixture
def kiosk(terminal: SyncedTerminal) -> Kiosk:
    centre = terminal.centre
    incoming = IncomingMessages(
        terminal.store,
        TrustedClock(),
        load_signing_key(centre.config.keys.centre_signing_key_file).public_key(),
        load_anchor(centre.config.keys.authority_dir / "ca.pem"),
        lambda event, done: None,
        faces=faceless(terminal.store, TrustedClock()),
    )
    terminal.start()
    assert until(lambda: terminal.is_connected)
    return Kiosk(terminal, incoming)


def _row(centre: TestCentre, message_id: str) -> tuple[str, str | None]:
    query = select(centre_outbox.c.state, centre_outbox.c.refusal_code).where(centre_outbox.c.message_id == message_id)
    with reading(centre.engine) as connection:
        state, code = connection.execute(query).one()
        return state, code


def _queue(
    centre: TestCentre,
    pen: Outgoing | None = None,
    kind: DownKind = "reference",
    schema: str = REFERENCE_SCHEMA,
    payload: dict[str, Any] | None = None,
) -> str:
    with writing(centre.engine) as connection:
        message_id = (pen or Outgoing.from_config(centre.config)).queue(
            connection, "kiosk-1", kind, schema, BOOK if payload is None else payload
        )
    centre.dispatcher.wake()
    return message_id


def _raw(centre: TestCentre, wire: bytes) -> str:
    """A message as no program of ours writes it."""
    message_id = new_id()
    with writing(centre.engine) as connection:
        link = next_down_link(connection, "kiosk-1")
        add(connection, link, message_id, "reference", Sealed(wire, sha256_hex(wire)), now=now_utc())
    centre.dispatcher.wake()
    return message_id


def _foreign_key(centre: TestCentre, patch: pytest.MonkeyPatch) -> str:
    return _queue(centre, Outgoing(Ed25519PrivateKey.generate(), "test"))


def _future(centre: TestCentre, patch: pytest.MonkeyPatch) -> str:
    with patch.context() as later:
        later.setattr(central.link.outgoing, "now_utc", lambda: now_utc() + timedelta(days=3))
        return _queue(centre)


def _newer_schema(centre: TestCentre, patch: pytest.MonkeyPatch) -> str:
    return _queue(centre, schema="dopusk.reference/2")


def _wrong_payload(centre: TestCentre, patch: pytest.MonkeyPatch) -> str:
    return _queue(centre, payload={"name": 7})


def _forged_decision(centre: TestCentre, patch: pytest.MonkeyPatch) -> str:
    payload = {"exam_id": new_id(), "decision_id": new_id(), "record_json": "{}", "cms_base64": "AAAA"}
    return _queue(centre, kind="decision", schema="dopusk.decision/1", payload=payload)


def _malformed(centre: TestCentre, patch: pytest.MonkeyPatch) -> str:
    return _raw(centre, b'{"message_id": "nonsense"')


def _oversized(centre: TestCentre, patch: pytest.MonkeyPatch) -> str:
    with patch.context() as wider:
        wider.setattr(central.store.outgoing, "MAX_MESSAGE_BYTES", 2 * MAX_MESSAGE_BYTES)
        return _queue(centre, payload=BOOK | {"content": {"text": "x" * MAX_MESSAGE_BYTES}})


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (_foreign_key, "wrong_signature"),
        (_future, "future_dated"),
        (_newer_schema, "unknown_schema"),
        (_wrong_payload, "invalid_payload"),
        (_forged_decision, "untrusted_decision"),
        (_malformed, "malformed"),
        (_oversized, "oversized"),
    ],
)
def test_a_refused_message_is_closed_with_its_code_and_the_next_is_applied(
    kiosk: Kiosk,
    make: Callable[[TestCentre, pytest.MonkeyPatch], str],
    code: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    centre = kiosk.synced.centre
    assert kiosk.until_answered(make(centre, monkeypatch)) == ("refused", code)
    assert kiosk.until_answered(_queue(centre)) == ("acked", None)
    assert kiosk.synced.store.reference.latest("texts") == BOOK["content"]


def test_a_replayed_message_is_applied_and_answered_once(kiosk: Kiosk) -> None:
    centre, store = kiosk.synced.centre, kiosk.synced.store
    message_id = _queue(centre)
    assert kiosk.until_answered(message_id) == ("acked", None)
    with reading(centre.engine) as connection:
        wire = connection.execute(
            select(centre_outbox.c.wire).where(centre_outbox.c.message_id == message_id)
        ).scalar_one()
    for _ in range(3):
        centre.dispatcher._link.publish(kiosk.synced.address.down(Down.REFERENCE), wire)
    assert kiosk.until_answered(_queue(centre, payload=BOOK | {"version": "2"})) == ("acked", None)
    assert len(store.outbox.receipts_of(message_id)) == 1


def test_a_centre_that_has_lost_the_answer_gets_it_again(kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a restore from a backup that is older than the acknowledgement."""
    centre, store = kiosk.synced.centre, kiosk.synced.store
    message_id = _queue(centre)
    assert kiosk.until_answered(message_id) == ("acked", None)
    assert until(lambda: kiosk.synced.queued == 0)
    with writing(centre.engine) as connection:
        connection.execute(
            update(centre_outbox)
            .where(centre_outbox.c.message_id == message_id)
            .values(state="queued", acked_at=None, sent_at=None)
        )
    monkeypatch.setattr(terminal.incoming, "ANSWER_AGAIN_AFTER", timedelta(0))
    centre.dispatcher.wake()
    assert kiosk.until_answered(message_id) == ("acked", None)
    assert len(store.outbox.receipts_of(message_id)) == 2
    key = load_signing_key(centre.config.keys.centre_signing_key_file).public_key()
    assert verify_store(store.db, Expected(store.public_key, key, store.media)).faults == []


def test_a_copy_on_a_wrong_topic_costs_the_genuine_message_nothing(kiosk: Kiosk) -> None:
    """Whoever can write on the terminal's topics can copy a message; he cannot make it count as refused."""
    centre = kiosk.synced.centre
    counter = metrics.refused.labels("foreign_topic")
    before = counter._value.get()
    pen = Outgoing.from_config(centre.config)
    wire = pen.seal_unchained("kiosk-1", REFERENCE_SCHEMA, BOOK).wire
    centre.dispatcher._link.publish(kiosk.synced.address.down(Down.DECISION), wire)
    assert until(lambda: counter._value.get() == before + 1)
    assert kiosk.synced.store.inbox.refused_arrivals() == []
    assert kiosk.until_answered(_queue(centre)) == ("acked", None)


def test_a_store_with_refusals_verifies(kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch) -> None:
    centre, store = kiosk.synced.centre, kiosk.synced.store
    for make in (_foreign_key, _wrong_payload):
        kiosk.until_answered(make(centre, monkeypatch))
    key = load_signing_key(centre.config.keys.centre_signing_key_file).public_key()
    assert verify_store(store.db, Expected(store.public_key, key, store.media)).faults == []
