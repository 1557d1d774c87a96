"""One message or row that the program stumbles over is set aside by name; the others go on, on both ways and after a restart."""

import base64
import json
from typing import Any

import pytest

from central.link.outgoing import Outgoing, load_signing_key
from sync import metrics
from sync.contract.canonical import GENESIS_HASH, canonical, new_id
from sync.contract.receipt import RECEIPT_SCHEMA
from sync.contract.roster import REFERENCE_SCHEMA
from sync.contract.topics import Down
from sync.outbox import UNSENDABLE
from sync.publisher import Publisher
from tests.integration.sync.conftest import SyncedTerminal
from tests.waiting import until

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

NEVER = "0001-01-01T00:00:00+14:00"
"""A moment that has no place in UTC."""


def _resigned(terminal: SyncedTerminal, schema: str, payload: dict[str, Any], **changes: Any) -> bytes:
    """A message of the centre's own hand, with fields that no program of ours writes."""
    centre = terminal.centre
    fields = json.loads(Outgoing.from_config(centre.config).seal_unchained("kiosk-1", schema, payload).wire)
    fields |= changes
    del fields["signature"]
    key = load_signing_key(centre.config.keys.centre_signing_key_file)
    return canonical(fields | {"signature": base64.b64encode(key.sign(canonical(fields))).decode("ascii")})


@pytest.mark.parametrize("kind", ["reference", "receipt", "receipt of never"])
def test_a_message_that_we_stumble_over_is_refused_and_the_next_is_taken(terminal: SyncedTerminal, kind: str) -> None:
    terminal.start()
    assert until(lambda: terminal.is_connected)
    before = _refused()
    never = {"message_id": new_id(), "outcome": "accepted", "committed_at": NEVER}
    topic, wire = {
        "reference": (
            Down.REFERENCE,
            _resigned(terminal, REFERENCE_SCHEMA, {"name": "n", "version": "1", "content": {}}, created_at=NEVER),
        ),
        "receipt": (Down.RECEIPT, _resigned(terminal, RECEIPT_SCHEMA, {"receipts": []}, created_at=NEVER)),
        "receipt of never": (Down.RECEIPT, _resigned(terminal, RECEIPT_SCHEMA, {"receipts": [never]})),
    }[kind]
    terminal.centre.dispatcher._link.publish(terminal.address.down(topic), wire)
    assert until(lambda: _refused() > before)
    exam_id = terminal.exam()
    assert until(lambda: terminal.queued == 0)
    assert terminal.exams_at_centre() == [exam_id]


def test_a_message_that_no_code_foresees_is_told_to_the_centre_as_our_fault(
    terminal: SyncedTerminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sync.arrivals as arrivals

    own, payload = arrivals.open_sealed, {"name": "poison", "version": "1", "content": {}}

    def open_sealed(wire: bytes, key: Any) -> Any:
        if b"poison" in wire:
            raise ZeroDivisionError("a value of the payload")
        return own(wire, key)

    monkeypatch.setattr(arrivals, "open_sealed", open_sealed)
    terminal.start()
    assert until(lambda: terminal.is_connected)
    for name in ("poison", "good"):
        wire = _resigned(terminal, REFERENCE_SCHEMA, payload | {"name": name})
        terminal.centre.dispatcher._link.publish(terminal.address.down(Down.REFERENCE), wire)
    assert until(lambda: len(terminal.store.inbox.new()) == 1)
    assert until(lambda: len(terminal.store.inbox.refused_arrivals()) == 1)
    (told,) = terminal.store.inbox.refused_arrivals()
    assert (told.code, told.reason) == ("program_fault", "ZeroDivisionError")


def test_a_row_that_cannot_be_read_is_parked_and_the_others_go_out(terminal: SyncedTerminal) -> None:
    """As a newer program may leave one that was installed back."""
    terminal.store.db.execute(
        "INSERT INTO outbox (seq, message_id, kind, subject, priority, prev_hash, sha256, wire, created_at, state)"
        " VALUES (1, 'strange', 'hologram', 'x', 1, ?, ?, X'00', '2026-11-22T02:14:00.000Z', 'queued')",
        (GENESIS_HASH, "b" * 64),
    )
    exam_id = terminal.exam()
    terminal.start()
    assert until(lambda: terminal.exams_at_centre() == [exam_id])
    assert until(lambda: terminal.queued == 0)
    parked = terminal.store.db.execute("SELECT message_id, receipt_code FROM outbox WHERE state = 'parked'").fetchall()
    assert [tuple(row) for row in parked] == [("strange", UNSENDABLE)]


def test_a_row_that_cannot_be_published_is_parked_and_the_others_go_out(
    terminal: SyncedTerminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Publisher.publish
    first, second = terminal.exam(), terminal.exam()
    poison = terminal.store.outbox.next_queued(1)[0].wire

    def publish(self: Publisher, topic: str, payload: bytes, *, retain: bool = False) -> int | None:
        if payload == poison:
            raise ValueError("Payload too large.")
        return own(self, topic, payload, retain=retain)

    monkeypatch.setattr(Publisher, "publish", publish)
    terminal.start()
    assert until(lambda: terminal.exams_at_centre() == [second])
    assert until(lambda: terminal.queued == 0)
    assert terminal.store.outbox.backlog().parked == 1
    (message_id,) = terminal.store.db.execute("SELECT message_id FROM outbox WHERE state = 'parked'").fetchone()
    monkeypatch.undo()
    assert terminal.store.outbox.release_parked(message_id)
    assert until(lambda: sorted(terminal.exams_at_centre()) == sorted([first, second]))


def test_a_status_that_cannot_be_made_does_not_stop_the_records(terminal: SyncedTerminal) -> None:
    def status() -> Any:
        raise AttributeError("a bug of the kiosk's")

    before = metrics.thread_faults.labels("sync")._value.get()
    terminal.start(status=status)
    exam_id = terminal.exam()
    assert until(lambda: terminal.exams_at_centre() == [exam_id])
    assert metrics.thread_faults.labels("sync")._value.get() > before


def _refused() -> float:
    return sum(s.value for metric in metrics.refused.collect() for s in metric.samples if s.name.endswith("_total"))
