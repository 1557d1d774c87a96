"""`verify` of the decisions: the signed record, what stands beside it, the exam it is about, and the medic's signature."""

import json
from datetime import datetime

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509 import DuplicateExtension
from sqlalchemy import Connection

from central.deciding.decision_record import columns_of
from central.keeping.verify_report import Expected, StoreReport
from central.signature.chain import SignatureError
from central.signature.decision import verify_decision
from central.store import decisions, messages
from central.store.decisions import DecisionColumns, StoredDecision
from sync.contract.canonical import canonical
from sync.contract.decision import DecisionRecord
from sync.contract.model import utc_text
from sync.contract.verify_report import Wrong


def check_decisions(connection: Connection, expected: Expected, report: StoreReport) -> None:
    """Every decision; without the authority's roots the signatures are left out, and a remark says so."""
    for item in decisions.every(connection, report.on_bad("decisions")):
        report.decisions += 1
        place = f"decision {item.decision_id}"
        with report.checking(place):
            _check_record(item, place)
        with report.checking(place):
            _check_exam(connection, item, place)
        with report.checking(place):
            _check_signature(item, expected, place)
    if expected.anchors is None and report.decisions:
        report.remark("the authority's certificate is not at hand: the medics' signatures were not verified")


def _check_record(item: StoredDecision, place: str) -> None:
    record = json.loads(item.record)
    if canonical(record) != item.record:
        raise Wrong("changed", place, "the record is not canonical JSON any more")
    signed = columns_of(DecisionRecord.model_validate(record))
    changed = [name for name in DecisionColumns.__slots__ if not _is_same(getattr(item, name), getattr(signed, name))]
    if changed:
        raise Wrong("changed", place, f"{', '.join(changed)}: not what the signed record says")


def _is_same(stored: object, signed: object) -> bool:
    """Moments are signed to the millisecond, and some centres have stored them to the microsecond."""
    return stored == signed or _to_ms(stored) == _to_ms(signed)


def _to_ms(value: object) -> object:
    return utc_text(value) if isinstance(value, datetime) else value


def _check_exam(connection: Connection, item: StoredDecision, place: str) -> None:
    exam = messages.find(connection, item.exam_message_id)
    if exam is None or exam.wire is None:
        raise Wrong("missing", place, "the exam message that was decided on is not in the store")
    record = json.loads(item.record)
    if exam.sha256 != record["exam_message_sha256"] or json.loads(exam.wire)["payload"] != record["exam"]:
        raise Wrong("changed", place, "the exam that was decided on is not the one in the store")


def _check_signature(item: StoredDecision, expected: Expected, place: str) -> None:
    if expected.anchors is None:
        return
    roots, lists = expected.anchors.roots, expected.anchors.revocation_lists
    try:
        verify_decision(item.cms, item.record, roots, at=item.decided_at, revocation_lists=lists)
    except (SignatureError, DuplicateExtension, UnsupportedAlgorithm) as error:
        raise Wrong("wrongly_signed", place, str(error)) from error
