"""`verify` of the list of examinations: each row is what its message and the decision on it say."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from central.keeping.verify_report import Expected, StoreReport
from central.store import decisions, exam_facts, exams, in_force, messages, scratch
from sync.contract.canonical import sha256_hex
from sync.contract.exam import ExamRecord
from sync.contract.verify_report import Wrong


def check_exams(connection: Connection, _expected: Expected, report: StoreReport) -> None:
    """Every exam is what was received and decided, and every exam that was received is in the list."""
    for row, wire, received_at in exams.with_messages(connection, report.on_bad("exams")):
        report.exams += 1
        place = f"exam {row['exam_id']}"
        with report.checking(place):
            _check_message(row, wire, received_at, place)
        with report.checking(place):
            _check_state(connection, row, place)
        with report.checking(place):
            _check_facts(connection, row, wire, place)
    scratch.note_receipts(connection, _receipts(connection, report))
    for exam_id in scratch.unlisted_exams(connection):
        what = "a message of this exam was received, the exam is not in the list"
        report.fault("missing", f"exam {exam_id}", what)
    for exam_id in scratch.misdated_exams(connection):
        report.fault("changed", f"exam {exam_id}", "its waiting does not count from its first message")
    for exam_id in exam_facts.of_no_exam(connection, select(exams.exam.c.exam_id)):
        report.fault(
            "changed", f"exam {exam_id}", "it has facts that the journal is searched by, and is not in the list"
        )
    for exam_id in in_force.every_misnamed(connection):
        report.fault("changed", f"exam {exam_id}", "it does not name the decision that is in force on it")


def _check_message(row: RowMapping, wire: bytes | None, received_at: datetime | None, place: str) -> None:
    if wire is None:
        raise Wrong("missing", place, "the message that it was made from is not in the store")
    signed = json.loads(wire)
    record = ExamRecord.model_validate(signed["payload"])
    projected = exams.projection(record, signed["payload"], signed["terminal_id"], signed["generation"])
    projected |= {"message_sha256": sha256_hex(wire), "received_at": received_at}
    if changed := [name for name, value in projected.items() if row[name] != value]:
        raise Wrong("changed", place, f"{', '.join(changed)}: not what the message says")


def _check_state(connection: Connection, row: RowMapping, place: str) -> None:
    said: dict[str, Any] = {"state": None, "outcome": None, "medic_id": None, "decided_at": None}
    if row["decision_id"]:
        decided = decisions.find(connection, row["decision_id"])
        if decided is None:
            raise Wrong("missing", place, "the decision that it names is not in the store")
        said = {name: getattr(decided, name, "decided") for name in said}
    else:
        said["state"] = "waiting" if row["payload"]["state"] == "submitted" else "unfinished"
    if changed := [name for name, value in said.items() if row[name] != value]:
        raise Wrong("changed", place, f"{', '.join(changed)}: its state is not that of the decision on it")


def _check_facts(connection: Connection, row: RowMapping, wire: bytes | None, place: str) -> None:
    """What the journal is searched by: a fact that is gone hides the exam from who looks for it."""
    if wire is None:
        return
    found = exam_facts.facts_of_exam(json.loads(wire)["payload"])
    decided = decisions.find(connection, row["decision_id"]) if row["decision_id"] else None
    if decided is not None:
        said = (decided.reasons, decided.certificate_serial, decided.corrects, decided.record)
        found |= exam_facts.facts_of_decision(*said)
    wanted = list(exam_facts.rows_of(row["exam_id"], row["org"], row["finished_at"], found))
    if exam_facts.of_exam(connection, row["exam_id"]) != wanted:
        raise Wrong(
            "changed", place, "the facts that the journal is searched by are not what its message and decision say"
        )


def _receipts(connection: Connection, report: StoreReport) -> Iterator[tuple[str, datetime]]:
    for message_id, wire, received_at in messages.exam_receipts(connection, report.on_bad("exam messages")):
        exam_id = None
        with report.checking(f"message {message_id}"):
            exam_id = str(json.loads(wire or b"")["payload"]["exam_id"])
        if exam_id is not None:
            yield exam_id, received_at
