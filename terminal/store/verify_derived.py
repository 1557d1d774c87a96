"""Walking what is derived from signed things: each is derived again from its source and compared."""

import json

from sqlite_utils import Database

from sync.contract.canonical import sha256_hex
from sync.contract.envelope import ContractError, read_unverified
from sync.contract.face import FaceReport
from sync.contract.model import utc_text
from sync.contract.roster import Reference
from sync.contract.verify_report import Wrong
from terminal.exam.events import EVENTS, MediaKept, PhotoTaken
from terminal.store.faces import row_of
from terminal.store.media_files import MediaError, MediaFiles
from terminal.store.verify_report import Expected, StoreReport


def check_reference(db: Database, _expected: Expected, report: StoreReport) -> None:
    """Every reference book is one that the centre sent."""
    sent: dict[tuple[str, str], tuple[str, int]] = {}
    for (wire,) in db.execute("SELECT wire FROM inbox WHERE kind = 'reference' AND state = 'applied' ORDER BY rowid"):
        envelope = read_unverified(wire)[0]
        book = Reference.model_validate(envelope.payload)
        text = json.dumps(book.content, ensure_ascii=False)
        first, seq = sent.get((book.name, book.version), (text, 0))
        sent[book.name, book.version] = (first, max(seq, envelope.seq))
    rows = db.execute("SELECT id, name, version, content, sent_seq FROM reference ORDER BY id").fetchall()
    for place, (number, name, version, content, seq) in enumerate(rows, start=1):
        if number != place or sent.pop((name, version), None) != (content, seq):
            report.fault("changed", f"reference {number}", f"the centre sent no such book ({name} {version})")
    if sent:
        report.fault("missing", "reference", f"books that were applied are not there: {sorted(sent)}")


def check_faces(db: Database, _expected: Expected, _report: StoreReport) -> None:
    """The list of reference faces is what the last report of each worker says."""
    told: dict[str, tuple[str, ...]] = {}
    for (wire,) in db.execute("SELECT wire FROM outbox WHERE kind = 'face' ORDER BY seq"):
        for note in FaceReport.model_validate(read_unverified(wire)[0].payload).notes:
            told.pop(note.worker_id, None)
            if note.state != "deleted":
                told[note.worker_id] = row_of(note)
    rows = db.execute("SELECT worker_id, photo_sha256, state, engine, problems FROM reference_face").fetchall()
    if {row[0]: tuple(row) for row in rows} != told:
        raise Wrong("changed", "reference faces", "the list is not what was reported to the centre")


def check_media(db: Database, expected: Expected, report: StoreReport) -> None:
    """Photos and videos are those that the records name, and each file gives its hash.

    A file whose chunks were all receipted may be tidied away; one that was not must be there.
    """
    named = _named_media(db)
    rows = db.execute(
        "SELECT sha256, exam_id, content_type, size_bytes, stored_at FROM media ORDER BY rowid"
    ).fetchall()
    for sha256, *noted in rows:
        place = f"media {sha256[:12]}"
        if named.pop(sha256, None) != noted:
            report.fault("changed", place, "the diary knows of no such file")
        if expected.media is None:
            continue
        report.media += 1
        with report.checking(place):
            _check_file(db, expected.media, sha256, noted[0], noted[2], place)
    for sha256 in sorted(named):
        report.fault("missing", f"media {sha256[:12]}", "the diary names it, the list of media does not")


def _check_file(db: Database, files: MediaFiles, sha256: str, exam_id: str, size_bytes: int, place: str) -> None:
    if not files.exists(sha256):
        if _is_receipted(db, sha256, exam_id):
            return
        raise Wrong("missing", place, "the file is gone, and the centre has not receipted it")
    try:
        content = files.read(sha256)
    except MediaError as error:
        raise Wrong("changed", place, str(error)) from error
    if sha256_hex(content) != sha256 or len(content) != size_bytes:
        raise Wrong("changed", place, "the content does not give its hash or its size")


def check_identity(db: Database, _expected: Expected, report: StoreReport) -> None:
    """The owner that the store names is the one whose messages and events are in it."""
    owner = db.execute("SELECT terminal_id, org, generation FROM identity WHERE id = 1").fetchall()
    if len(owner) != 1:
        raise Wrong("missing", "identity", "the store does not say whose it is")
    terminal_id, org, generation = owner[0]
    for seq, wire in db.execute("SELECT seq, wire FROM outbox WHERE wire IS NOT NULL ORDER BY seq"):
        with report.checking(f"message {seq}", ContractError):
            envelope = read_unverified(wire)[0] if len(wire) else None
            if envelope is None or (envelope.terminal_id, envelope.generation) != (terminal_id, generation):
                raise Wrong("changed", "identity", f"message {seq} is of another terminal or kind")
            if envelope.payload.get("org", org) != org:
                raise Wrong("changed", "identity", f"message {seq} is of another organisation")


def _named_media(db: Database) -> dict[str, list[object]]:
    """Every file that the diary names, as it must stand in the list: exam, type, size, time. The first naming counts."""
    named: dict[str, list[object]] = {}
    for exam_id, body in db.execute("SELECT exam_id, body FROM diary ORDER BY seq"):
        event = EVENTS.validate_python(json.loads(body)["event"])
        kept = event.photo if isinstance(event, PhotoTaken) else event.media if isinstance(event, MediaKept) else None
        if kept is not None:
            noted: list[object] = [exam_id, kept.content_type, kept.size_bytes, utc_text(event.stamp.at)]
            named.setdefault(kept.sha256, noted)
    return named


def _is_receipted(db: Database, sha256: str, exam_id: str) -> bool:
    query = "SELECT count(*) FROM outbox WHERE kind = 'media' AND subject = ? AND state != 'receipted'"
    (open_chunks,) = db.execute(query, (exam_id,)).fetchone()
    return bool(open_chunks == 0)
