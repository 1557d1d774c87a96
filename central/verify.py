"""`verify` of the centre's store: is everything that was received and decided still what it was?

Looks at the form of every cell, walks all messages terminal by terminal in the order of their chain, then the examinations,
the decisions, what went down, the media, and the seals over what the centre itself wrote. Stops at the first fault of each walk
and names it. What only *might* be a loss (a message that the chain awaits, a decision whose authority is not at hand) is a remark
and no fault.

Out of reach: working tables that nobody seals (registers as they stand now, whose history is sealed; accounts; sessions; the
schedule of deliveries). `docs/reliability.md` lists them column by column.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509 import DuplicateExtension
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DatabaseError

from central.signature.chain import SignatureError
from central.signature.verification import verify_detached
from central.store import decisions, exams, in_force, media, messages
from central.store.decisions import StoredDecision
from central.store.engine import reading
from central.store.workers import photo_hashes
from central.verify_chains import check_messages
from central.verify_forms import check_forms
from central.verify_outgoing import check_outgoing
from central.verify_report import Expected, StoreReport
from central.verify_seals import check_seals
from sync.contract.canonical import canonical, sha256_hex
from sync.contract.exam import ExamRecord
from sync.contract.model import utc_text
from sync.contract.verify_report import Fault, Wrong


def verify_store(engine: Engine, expected: Expected) -> StoreReport:
    """Check a whole store in one consistent view. Reads only; memory does not grow with the store."""
    report = StoreReport()
    with reading(engine) as connection:
        for walk in (
            _check_file,
            check_forms,
            check_messages,
            _check_exams,
            _check_decisions,
            check_outgoing,
            _check_media,
            check_seals,
        ):
            try:
                walk(connection, expected, report)
            except Wrong as wrong:
                report.faults.append(wrong.fault)
            except DatabaseError as error:
                report.faults.append(Fault("database", _name(walk), str(error.orig)))
            except (ValueError, KeyError, TypeError) as error:
                what = f"a value that no program of ours writes: {error}"
                report.faults.append(Fault("damaged", _name(walk), what))
    return report


def _name(walk: Callable[[Connection, Expected, StoreReport], None]) -> str:
    return walk.__name__.removeprefix("_").removeprefix("check_")


def _check_file(connection: Connection, _expected: Expected, _report: StoreReport) -> None:
    if connection.dialect.name != "sqlite":
        return
    answer = connection.execute(text("PRAGMA integrity_check(1)")).scalar_one()
    if answer != "ok":
        raise Wrong("database", "file", str(answer))


def _check_exams(connection: Connection, _expected: Expected, report: StoreReport) -> None:
    seen = set()
    first_of: dict[str, datetime] = {}
    for row, wire, received_at in exams.with_messages(connection):
        report.exams += 1
        place = f"exam {row['exam_id']}"
        seen.add(row["exam_id"])
        if wire is None:
            raise Wrong("missing", place, "the message that it was made from is not in the store")
        signed = json.loads(wire)
        record = ExamRecord.model_validate(signed["payload"])
        projected = exams.projection(record, signed["payload"], signed["terminal_id"], signed["generation"])
        for name, value in projected.items():
            if row[name] != value:
                raise Wrong("changed", place, f"{name} is not what the message says")
        if (row["message_sha256"], row["received_at"]) != (sha256_hex(wire), received_at):
            raise Wrong("changed", place, "it names another hash or time than its message has")
        if row["revision"] > 1 or row["first_received_at"] != received_at:
            first_of[row["exam_id"]] = row["first_received_at"]
        decided = decisions.find(connection, row["decision_id"]) if row["decision_id"] else None
        if row["decision_id"] and decided is None:
            raise Wrong("missing", place, "the decision that it names is not in the store")
        undecided = "waiting" if record.state == "submitted" else "unfinished"
        said: tuple[object, ...] = (undecided, None, None, None)
        if decided:
            said = ("decided", decided.outcome, decided.medic_id, decided.decided_at)
        if said != (row["state"], row["outcome"], row["medic_id"], row["decided_at"]):
            raise Wrong("changed", place, "its state is not that of the decision on it")
    _check_receipts(connection, seen, first_of)
    if (misnamed := in_force.misnamed(connection)) is not None:
        raise Wrong("changed", f"exam {misnamed}", "it does not name the decision that is in force on it")


def _check_receipts(connection: Connection, listed: set[str], first_of: Mapping[str, datetime]) -> None:
    """`first_of`: since when those exams are said to wait that more than one message may have come of."""
    came: dict[str, datetime] = {}
    for exam_id, at in messages.exam_receipts(connection):
        if exam_id not in listed:
            raise Wrong(
                "missing", f"exam {exam_id}", "a message of this exam was received, the exam is not in the list"
            )
        if exam_id in first_of:
            came[exam_id] = min(at, came.get(exam_id, at))
    for exam_id, at in first_of.items():
        if came.get(exam_id) != at:
            raise Wrong("changed", f"exam {exam_id}", "its waiting does not count from its first message")


def _check_decisions(connection: Connection, expected: Expected, report: StoreReport) -> None:
    for item in decisions.every(connection):
        report.decisions += 1
        place = f"decision {item.decision_id}"
        record = json.loads(item.record)
        if canonical(record) != item.record:
            raise Wrong("changed", place, "the record is not canonical JSON any more")
        if _stored_of(item) != _signed_of(record):
            raise Wrong("changed", place, "its columns say something else than the signed record")
        exam = messages.find(connection, item.exam_message_id)
        if exam is None or exam.wire is None:
            raise Wrong("missing", place, "the exam message that was decided on is not in the store")
        if exam.sha256 != record["exam_message_sha256"] or json.loads(exam.wire)["payload"] != record["exam"]:
            raise Wrong("changed", place, "the exam that was decided on is not the one in the store")
        if expected.anchors is None:
            continue
        try:
            verify_detached(item.cms, item.record, expected.anchors.roots, at=item.decided_at)
        except (SignatureError, DuplicateExtension, UnsupportedAlgorithm) as error:
            raise Wrong("wrongly_signed", place, str(error)) from error
    if expected.anchors is None and report.decisions:
        report.remarks.append("the authority's certificate is not at hand: the medics' signatures were not verified")


def _stored_of(item: StoredDecision) -> tuple[object, ...]:
    return (
        item.decision_id,
        item.exam_id,
        item.exam_message_id,
        item.exam_revision,
        item.org,
        item.worker_id,
        item.medic_id,
        item.medic_name,
        item.certificate_serial,
        item.outcome,
        list(item.reasons),
        item.corrects,
        utc_text(item.decided_at),
        item.valid_until and utc_text(item.valid_until),
    )


def _signed_of(record: dict[str, Any]) -> tuple[object, ...]:
    exam, verdict, medic = record["exam"], record["decision"], record["medic"]
    return (
        verdict["decision_id"],
        exam["exam_id"],
        record["exam_message_id"],
        exam["revision"],
        record["organisation"]["org"],
        (exam.get("examinee") or {}).get("worker_id"),
        medic["medic_id"],
        medic["full_name"],
        medic["certificate_serial"],
        verdict["outcome"],
        verdict["reasons"],
        verdict.get("corrects"),
        verdict["decided_at"],
        verdict.get("valid_until"),
    )


def _check_media(connection: Connection, expected: Expected, report: StoreReport) -> None:
    if expected.files is None:
        return
    for sha256 in (*media.completed(connection), *photo_hashes(connection)):
        report.media += 1
        path = expected.files.path(sha256)
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise Wrong("missing", f"media {sha256}", f"the file cannot be read: {error.strerror}") from error
        if digest != sha256:
            raise Wrong("changed", f"media {sha256}", "the file does not give its hash")
