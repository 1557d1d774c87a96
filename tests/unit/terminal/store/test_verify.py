"""`verify` finds every single change: in every column of every row, and in every byte of the encrypted file."""

import json
import random
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlcipher3
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from sqlite_utils import Database
from typer.testing import CliRunner

from dopusk.cli import build
from sync.contract.canonical import GENESIS_HASH, new_id, sha256_hex
from sync.contract.envelope import ClockStamp, Envelope, seal
from sync.contract.face import FACE_SCHEMA, PHOTO_SCHEMA, FaceNote, FaceReport
from sync.contract.receipt import RECEIPT_SCHEMA, AckBatch, ReceiptBatch, RefusedMessage, SealHead
from sync.contract.roster import REFERENCE_SCHEMA, ROSTER_SCHEMA, Reference, Roster, RosterWorker
from sync.contract.topics import Up
from sync.contract.verify_report import ToldSeal
from sync.inbox import refusal_text
from terminal.store.database import StoreError, connect, derive_key
from terminal.store.media_files import MediaFiles
from terminal.store.store import TerminalStore
from terminal.store.verify import verify_store
from terminal.store.verify_report import Expected, StoreReport
from tests.unit.terminal.store.scene import ADDRESS, STAMP, Scene, flip, play_exam, receipt

CENTRE = Ed25519PrivateKey.generate()
NO_RECORDS = {"refused_arrival", "repeated_arrival", "gate_opening"}
"""Queues to the terminal's writer, empty whenever nothing is to be told."""
STEP_OF_BLOB = 97
"""A prime: bytes of long values are tried at this distance, the first and the last always."""


@dataclass
class Written:
    """A closed store with exams, receipts, a roster and a book, and the keys to check it."""

    scene: Scene
    expected: Expected

    def verify(self, path: Path) -> StoreReport:
        db = connect(path, self.scene.master)
        try:
            return verify_store(db, self.expected)
        finally:
            db.close()


def _from_centre(schema: str, payload: dict[str, Any], seq: int = 1) -> tuple[str, bytes]:
    envelope = Envelope(
        message_id=new_id(),
        schema=schema,
        terminal_id=ADDRESS.terminal,
        seq=seq,
        prev_hash=GENESIS_HASH,
        created_at=STAMP.at,
        clock=ClockStamp(trusted=True, boot_id="c", monotonic_s=1.0),
        generation="test",
        payload=payload,
    )
    return envelope.message_id, seal(envelope, CENTRE).wire


def _apply(store: TerminalStore, kind: str, message_id: str, wire: bytes) -> None:
    store.inbox.store(message_id, kind, wire)
    store.inbox.mark(message_id, "applied")
    store.queue(Up.ACK, "dopusk.ack/1", {"message_ids": [message_id]}, subject=message_id, stamp=STAMP)


def _refuse(store: TerminalStore, message_id: str, wire: bytes) -> None:
    store.inbox.store(message_id, "reference", wire)
    refused = RefusedMessage(
        message_id=message_id, sha256=sha256_hex(wire), code="invalid_payload", reason="name: missing"
    )
    store.inbox.mark(message_id, "refused", refusal_text(refused))
    payload = AckBatch(refused=(refused,)).model_dump(mode="json")
    store.queue(Up.ACK, "dopusk.ack/1", payload, subject=message_id, stamp=STAMP)


def _report_faces(store: TerminalStore) -> None:
    """One photo taken, one refused, one asked for and given up."""
    first, second, third = new_id(), new_id(), new_id()
    states = ((first, "wanted"), (second, "wanted"), (third, "wanted"), (first, "taken"), (second, "refused"))
    for worker_id, state in (*states, (third, "deleted")):
        problems = ("blurred", "dark") if state == "refused" else ()
        fields = {"worker_id": worker_id, "photo_sha256": "a" * 64, "state": state, "engine": "e1", "at": STAMP.at}
        report = FaceReport(legal_basis="Приказ № 7", notes=(FaceNote.model_validate(fields | {"problems": problems}),))
        store.faces.apply(report.notes)
        store.queue(Up.FACE, FACE_SCHEMA, report.model_dump(mode="json"), subject=worker_id, stamp=STAMP)


def _fill(store: TerminalStore) -> None:
    play_exam(store, photo=b"\xff\xd8 photo" * 30)
    play_exam(store)
    worker = RosterWorker(
        worker_id=new_id(),
        personnel_number="1001",
        cards=("A1",),
        full_name="Ветров Степан Ильич",
        position="водитель",
        employer_id=new_id(),
        employer_name="ООО «Ромашка-Транс»",
    )
    roster = Roster(version=3, workers=(worker,))
    book = Reference(name="complaints", version="1", content={"headache": "голова"})
    with store.transaction():
        _apply(store, "roster", *_from_centre(ROSTER_SCHEMA, roster.model_dump(mode="json")))
        store.roster.replace(roster)
        part = Roster(version=4, part=1, parts=2, sha256="0" * 64, workers=())
        message_id, wire = _from_centre(ROSTER_SCHEMA, part.model_dump(mode="json"))
        _apply(store, "roster", message_id, wire)
        store.roster_parts.take(part, message_id)
        _apply(store, "reference", *_from_centre(REFERENCE_SCHEMA, book.model_dump(mode="json"), seq=2))
        store.reference.put(book.name, book.version, book.content, 2)
        _refuse(store, *_from_centre(REFERENCE_SCHEMA, {}))
        message_id, wire = _from_centre(REFERENCE_SCHEMA, {"name": "limits"})
        store.inbox.store(message_id, "reference", wire)
        message_id, wire = _from_centre(PHOTO_SCHEMA, {})
        _apply(store, "photo", message_id, wire)
        store.inbox.empty(message_id)
        _report_faces(store)
    ids = [row.message_id for row in store.outbox.next_queued(3)]
    told = SealHead(seal_no=7, sha256="7" * 64)
    batch = ReceiptBatch(receipts=(receipt(ids[0]), receipt(ids[1], "refused", "unknown_schema")), seal_head=told)
    store.outbox.close(batch.receipts, _from_centre(RECEIPT_SCHEMA, batch.model_dump(mode="json"))[1])
    play_exam(store, phase="waiting")
    play_exam(store, phase="pressure")


@pytest.fixture
def written(scene: Scene) -> Written:
    store = scene.open()
    _fill(store)
    store.close()
    media = MediaFiles(scene.folder / "media", derive_key(scene.master, "media"))
    return Written(scene, Expected(scene.key.public_key(), CENTRE.public_key(), media))


def test_an_untouched_store_is_in_order(written: Written) -> None:
    report = written.verify(written.scene.path)
    assert report.faults == []
    assert (report.exams, report.receipts, report.incoming, report.media) == (4, 2, 6, 1)


def test_a_message_that_the_centre_met_twice_in_one_batch_is_in_order(scene: Scene) -> None:
    """One message of receipts may say `accepted` and `duplicate` of the same record; the first one counts."""
    store = scene.open()
    play_exam(store)
    (row,) = store.outbox.next_queued(2)
    first = receipt(row.message_id)
    again = first.model_copy(update={"outcome": "duplicate", "committed_at": STAMP.at})
    batch = ReceiptBatch(receipts=(first, again))
    store.outbox.close(batch.receipts, _from_centre(RECEIPT_SCHEMA, batch.model_dump(mode="json"))[1])
    report = verify_store(store.db, Expected(scene.key.public_key(), CENTRE.public_key(), store.media))
    store.close()
    assert report.faults == []


def _other(value: Any, at: int) -> Any:
    match value:
        case None:
            return "x"
        case int():
            return value + 1
        case bytes():
            return flip(value, at) if value else b"x"
        case _:
            changed = value[:at] + ("0" if value[at : at + 1] != "0" else "1") + value[at + 1 :]
            return changed if value else "x"


def _places(value: Any) -> list[int]:
    if not isinstance(value, str | bytes) or not value:
        return [0]
    return sorted({*range(0, len(value), STEP_OF_BLOB), len(value) - 1})


def test_every_fault_is_reported_and_not_the_first_alone(written: Written) -> None:
    copy = written.scene.folder / "several.db"
    shutil.copy(written.scene.path, copy)
    db = connect(copy, written.scene.master)
    for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")
    changed = [row[0] for row in db.execute("SELECT seq FROM diary ORDER BY seq").fetchall()][1::3]
    for seq in changed:
        db.execute("UPDATE diary SET signature = 'AAAA' WHERE seq = ?", (seq,))
    db.execute("UPDATE media SET size_bytes = size_bytes + 1")
    db.close()
    places = [fault.place for fault in written.verify(copy).faults]
    assert {f"event {seq}" for seq in changed} <= set(places)
    assert any(place.startswith("media ") for place in places)


def test_the_newest_seal_of_the_centre_is_shown(written: Written) -> None:
    report = written.verify(written.scene.path)
    assert report.seal_head == ToldSeal(7, "7" * 64)
    assert report.as_json()["seal_head"] == {"seal_no": 7, "sha256": "7" * 64}


def test_every_change_of_every_column_of_every_row_is_found(written: Written) -> None:
    """Triggers and checks are out of the way, as for somebody who writes the file by hand."""
    db = connect(written.scene.path, written.scene.master)
    for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")
    db.execute("PRAGMA ignore_check_constraints = ON")
    db.execute("PRAGMA foreign_keys = OFF")
    tables = [
        row[0]
        for row in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%sqlite%' ORDER BY name"
        ).fetchall()
    ]
    tried, unfound = 0, []
    for table in tables:
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})").fetchall()]
        rows = db.execute(f"SELECT rowid, {', '.join(columns)} FROM {table}").fetchall()  # noqa: S608 - our own names
        if table in ("diary", "outbox"):
            rows = [*rows[:3], *rows[-3:]]
        assert bool(rows) != (table in NO_RECORDS), f"{len(rows)} rows in {table}"
        for rowid, *values in rows:
            for column, value in zip(columns, values, strict=True):
                for at in _places(value):
                    changed = _other(value, at)
                    db.execute("SAVEPOINT change")
                    try:
                        db.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (changed, rowid))  # noqa: S608 - our own names
                    except (sqlcipher3.IntegrityError, sqlite3.IntegrityError):
                        continue  # a column that refuses it: STRICT types, unique numbers
                    finally:
                        found = _is_found(db, written.expected)
                        db.execute("ROLLBACK TO change")
                        db.execute("RELEASE change")
                    tried += 1
                    if not found:
                        unfound.append((table, rowid, column, at, changed))
    db.close()
    assert unfound == []
    assert tried > 400


def _is_found(db: Database, expected: Expected) -> bool:
    from terminal.store import verify

    report = StoreReport()
    for walk in verify._WALKS[1:]:  # the seals of pages hold, for it was written with the key
        try:
            walk(db, expected, report)
        except Exception:  # noqa: BLE001 - verify_store turns each of them into a fault
            return True
        if not report.ok:
            return True
    return False


def test_a_missing_row_is_found(written: Written) -> None:
    for table in ("diary", "outbox", "receipt_proof", "inbox", "exam_span", "media", "roster_key", "reference"):
        copy = written.scene.folder / "copy.db"
        shutil.copy(written.scene.path, copy)
        db = connect(copy, written.scene.master)
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute(f"DELETE FROM {table} WHERE rowid = (SELECT min(rowid) FROM {table})")  # noqa: S608 - our own names
        db.close()
        report = written.verify(copy)
        assert report.faults, table
        copy.unlink()


def test_the_first_fault_is_named(written: Written) -> None:
    db = connect(written.scene.path, written.scene.master)
    db.execute("DROP TRIGGER diary_no_update")
    body = db.execute("SELECT body FROM diary WHERE seq = 5").fetchone()[0]
    db.execute("UPDATE diary SET body = ? WHERE seq IN (5, 9)", (body.replace(b'"type"', b'"Type"'),))
    db.close()
    (fault, *_) = written.verify(written.scene.path).faults
    assert (fault.kind, fault.place) == ("changed", "event 5")


def test_events_signed_by_another_key_are_found(written: Written) -> None:
    expected = Expected(Ed25519PrivateKey.generate().public_key(), CENTRE.public_key(), None)
    db = connect(written.scene.path, written.scene.master)
    faults = verify_store(db, expected).faults
    db.close()
    assert ("wrongly_signed", "event 1") in {(fault.kind, fault.place) for fault in faults}


def test_every_changed_byte_of_the_file_is_found(written: Written) -> None:
    """Every 4 KiB page carries its own seal: bytes of every page are tried, at random places and at its ends."""
    content = written.scene.path.read_bytes()
    copy = written.scene.folder / "copy.db"
    dice = random.Random(7)
    page = 4096
    places = set()
    for start in range(0, len(content), page):
        places |= {start, start + page - 1, *(start + dice.randrange(page) for _ in range(3))}
    for at in sorted(places):
        copy.write_bytes(flip(content, at))
        assert _is_file_refused(written, copy), f"byte {at} of {len(content)}"


def _is_file_refused(written: Written, path: Path) -> bool:
    try:
        db = connect(path, written.scene.master)
    except StoreError:
        return True
    try:
        return bool(db.execute("PRAGMA cipher_integrity_check").fetchall()) or not verify_store(db, written.expected).ok
    except sqlcipher3.DatabaseError:
        return True
    finally:
        db.close()


def test_the_command_tells_and_its_exit_code_too(written: Written, tmp_path: Path) -> None:
    app, runner = build(["verify"]), CliRunner()
    pem = CENTRE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "centre.pub").write_bytes(pem)
    private = written.scene.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "signing.key").write_bytes(private)
    good = runner.invoke(app, ["verify", str(written.scene.path), "--json"])
    assert (good.exit_code, json.loads(good.stdout)["ok"]) == (0, True)
    assert json.loads(good.stdout)["remarks"] == []
    content = written.scene.path.read_bytes()
    written.scene.path.write_bytes(flip(content, len(content) - 2000))
    bad = runner.invoke(app, ["verify", str(written.scene.path)])
    assert bad.exit_code == 1
    assert "FAULT" in bad.stdout
    (tmp_path / "master.key").rename(tmp_path / "elsewhere.key")
    unknown = runner.invoke(app, ["verify", str(written.scene.path)])
    assert unknown.exit_code == 2
    assert "--key-file" in unknown.stderr
