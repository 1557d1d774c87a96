"""Walking what is signed: the diary, the outbox with the receipts that closed it, and what the centre sent."""

import base64
import binascii
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError
from sqlite_utils import Database

from sync.contract.canonical import GENESIS_HASH, parse_canonical, sha256_hex
from sync.contract.envelope import MAX_MESSAGE_BYTES, ContractError, Envelope, open_sealed, read_unverified
from sync.contract.model import utc_text
from sync.contract.receipt import AckBatch, ReceiptBatch
from sync.contract.topics import Down, Up, kind_of_schema
from sync.contract.verify_report import FaultKind, ToldSeal, Wrong
from sync.inbox import refusal_text
from sync.outbox import EMPTIED as SENT_EMPTIED
from sync.outbox import OVERSIZED, UNSENDABLE, priority_of
from terminal.exam.moves import ImpossibleEvent
from terminal.store.verify_report import Expected, StoreReport

EMPTIED = (Down.PHOTO, Down.ROSTER)
"""What names people whom the terminal need not know any more is let go of once it was applied."""

UNREADABLE = (ContractError, ImpossibleEvent, ValidationError)
"""What reading a record here raises beside the plain errors."""

Told = tuple[str, str, str, str]
"""Outcome, code, reason and time of a receipt."""


def check_diary(db: Database, expected: Expected, report: StoreReport) -> None:
    """Numbers without gaps, each event naming the hash of the one before it, each signed by the terminal."""
    next_seq, before = 1, GENESIS_HASH
    rows = db.execute("SELECT seq, exam_id, type, prev_hash, body, sha256, signature FROM diary ORDER BY seq")
    for seq, exam_id, kind, prev_hash, body, sha256, signature in rows:
        place = f"event {seq}"
        if seq != next_seq:
            report.fault("missing", f"event {next_seq}", f"events {next_seq} to {seq - 1} are not there")
        elif prev_hash != before:
            report.fault("out_of_order", place, f"it does not name the hash of event {seq - 1}")
        report.events += 1
        report.exams += kind == "exam_started"
        next_seq, before = seq + 1, sha256
        with report.checking(place, *UNREADABLE):
            if sha256_hex(body) != sha256:
                raise Wrong("changed", place, "the event does not give its hash")
            _check_signature(expected.terminal_key, signature, body, place)
            fields = parse_canonical(body)
            event = fields["event"]
            if (fields["seq"], fields["prev_hash"], event["exam_id"], event["type"]) != (seq, prev_hash, exam_id, kind):
                raise Wrong("changed", place, "number, exam or type beside the event are not those in it")


def check_outbox(db: Database, expected: Expected, report: StoreReport) -> None:
    """The chain as the centre gets it, each message signed; for each closed row the receipt of the centre that closed it."""
    next_seq, before = 1, GENESIS_HASH
    for row in db.query("SELECT * FROM outbox ORDER BY seq"):
        seq, place = row["seq"], f"message {row['seq']}"
        if seq != next_seq:
            report.fault("missing", f"message {next_seq}", f"messages {next_seq} to {seq - 1} are not there")
        elif row["prev_hash"] != before:
            report.fault("out_of_order", place, f"it does not name the hash of message {seq - 1}")
        with report.checking(place, *UNREADABLE):
            if row["wire"] is not None:
                _check_message(row, expected.terminal_key, place)
            elif row["kind"] not in SENT_EMPTIED or row["state"] != "receipted":
                raise Wrong("missing", place, "the message has no body")
        with report.checking(place, *UNREADABLE):
            _check_delivery(db, row, expected.centre_key, place)
        report.messages += 1
        report.receipts += row["receipt_proof"] is not None
        next_seq, before = seq + 1, row["sha256"]


def check_proofs(db: Database, expected: Expected, report: StoreReport) -> None:
    """Every kept receipt is the centre's. The newest seal that they name is what the centre can be held against."""
    for number, wire in db.execute("SELECT id, wire FROM receipt_proof ORDER BY id"):
        place = f"receipt message {number}"
        with report.checking(place, *UNREADABLE):
            told = ReceiptBatch.model_validate(_opened(wire, expected.centre_key, place).payload).seal_head
            known = report.seal_head
            if told is None or (known is not None and told.seal_no < known.seal_no):
                continue
            if known is not None and told.seal_no == known.seal_no and told.sha256 != known.sha256:
                report.remark(
                    f"{place}: the centre named another seal {told.seal_no} before; its history was made anew"
                )
            report.seal_head = ToldSeal(told.seal_no, told.sha256)


def check_inbox(db: Database, expected: Expected, report: StoreReport) -> None:
    """What the centre sent: its signature on each message, and our acknowledgement of each that was applied."""
    rows = db.execute("SELECT rowid, message_id, kind, wire, state, reason FROM inbox ORDER BY rowid")
    for number, message_id, kind, wire, state, reason in rows:
        place = f"incoming message {number}"
        report.incoming += 1
        with report.checking(place, *UNREADABLE):
            if kind in EMPTIED and not wire:  # may not be kept; our signed acknowledgement of it is
                if _answered(db, message_id, wire) != (state, reason) or state != "applied":
                    raise Wrong("changed", place, f"an emptied {kind} that was never acknowledged")
                continue
            envelope = _opened(wire, expected.centre_key, place)
            if (envelope.message_id, kind_of_schema(envelope.schema_)) != (message_id, kind):
                raise Wrong("changed", place, "id or kind beside the message are not those in it")
            if (state, reason) != _answered(db, message_id, wire):
                raise Wrong("changed", place, f"it is noted as {state}, and what was acknowledged says otherwise")


def _answered(db: Database, message_id: str, wire: bytes) -> tuple[str, str | None]:
    """State and reason of an incoming message as our own signed answer to the centre gives them."""
    answers = db.execute("SELECT wire FROM outbox WHERE kind = 'ack' AND subject = ?", (message_id,)).fetchall()
    for (answer,) in answers:
        batch = AckBatch.model_validate(read_unverified(answer)[0].payload)
        if batch.message_ids == (message_id,):
            return "applied", ""
        for refused in batch.refused:
            if (refused.message_id, refused.sha256) == (message_id, sha256_hex(wire)):
                return "refused", refusal_text(refused)
    return "new", None


def _check_message(row: dict[str, Any], key: Ed25519PublicKey, place: str) -> None:
    if sha256_hex(row["wire"]) != row["sha256"]:
        raise Wrong("changed", place, "the message does not give its hash")
    if row["receipt_code"] == OVERSIZED and len(row["wire"]) > MAX_MESSAGE_BYTES:
        return  # it was never fit for the wire, and cannot be read back by its rules
    envelope = _opened(row["wire"], key, place)
    kind = kind_of_schema(envelope.schema_)
    told = (envelope.seq, envelope.message_id, envelope.prev_hash, utc_text(envelope.created_at))
    beside = (row["seq"], row["message_id"], row["prev_hash"], row["created_at"])
    subject = row["subject"]
    if kind in (Up.EXAM, Up.MEDIA):
        subject = envelope.payload["exam_id"]
    elif kind == Up.ACK:
        subject = _subject_of(AckBatch.model_validate(envelope.payload), row["subject"])
    elif kind == Up.FACE:
        subject = envelope.payload["notes"][0]["worker_id"]
    elif kind == Up.MEASURED:
        subject = envelope.payload["order_id"]
    elif kind == Up.PASSAGE:
        subject = envelope.payload["passage_id"]
    elif kind == Up.HEALTH:
        subject = envelope.terminal_id
    is_filed_right = kind == row["kind"] and row["priority"] == priority_of(Up(kind), envelope.payload)
    if told != beside or subject != row["subject"] or not is_filed_right:
        raise Wrong("changed", place, "what stands beside the message is not what is in it")


def _subject_of(ack: AckBatch, noted: str) -> str:
    """What an acknowledgement is about: a message's id, or the hash of one that was not even stored."""
    if ack.message_ids:
        return ack.message_ids[0]
    (refused,) = ack.refused
    return noted if noted in (refused.message_id, refused.sha256) else refused.sha256


def _check_delivery(db: Database, row: dict[str, Any], key: Ed25519PublicKey | None, place: str) -> None:
    state, code = row["state"], row["receipt_code"]
    told = tuple(row[name] or "" for name in ("receipt_outcome", "receipt_code", "receipt_reason", "receipt_at"))
    if row["receipt_proof"] is None:
        is_parked_by_us = state == "parked" and code in (OVERSIZED, UNSENDABLE)
        if not is_parked_by_us and (state != "queued" or any(told)):
            raise Wrong("missing", place, f"it is {state}, and no receipt of the centre says so")
        return
    found = db.execute("SELECT wire FROM receipt_proof WHERE id = ?", (row["receipt_proof"],)).fetchone()
    proved = _receipts(found[0], key, place, row["message_id"]) if found else []
    if not proved:
        raise Wrong("missing", place, "the receipt that closed it is not there")
    states = ("parked", "queued") if told[0] == "refused" else ("receipted",)  # queued: released by staff
    if told not in proved or state not in states:
        raise Wrong("changed", place, "what is noted of its receipt is not what the centre signed")


def _receipts(wire: bytes, key: Ed25519PublicKey | None, place: str, message_id: str) -> list[Told]:
    """What the centre said of one message; more than once where it came twice in one of its batches."""
    batch = ReceiptBatch.model_validate(_opened(wire, key, place).payload)
    return [
        (one.outcome, one.code, one.reason, utc_text(one.committed_at))
        for one in batch.receipts
        if one.message_id == message_id
    ]


def _opened(wire: bytes, key: Ed25519PublicKey | None, place: str) -> Envelope:
    try:
        return read_unverified(wire)[0] if key is None else open_sealed(wire, key)
    except ContractError as error:
        kind: FaultKind = "wrongly_signed" if error.code == "wrong_signature" else "changed"
        raise Wrong(kind, place, str(error)) from error


def _check_signature(key: Ed25519PublicKey, signature: str, body: bytes, place: str) -> None:
    try:
        raw = base64.b64decode(signature, validate=True)
        key.verify(raw, body)
    except (InvalidSignature, ValueError, binascii.Error) as error:
        raise Wrong("wrongly_signed", place, "the signature is not this terminal's over these bytes") from error
    if base64.b64encode(raw).decode("ascii") != signature:
        raise Wrong("changed", place, "the signature is not written as it was")
