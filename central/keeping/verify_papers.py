"""`verify` of what medics have written on papers: the signed record, what stands beside it, its decision, the signature."""

import json
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509 import DuplicateExtension
from sqlalchemy import Connection

from central.keeping.verify_report import Expected, StoreReport
from central.signature.chain import SignatureError
from central.signature.verification import verify_detached
from central.store import decisions, paper_records
from central.store.paper_records import PaperRecord
from sync.contract.canonical import canonical, sha256_hex
from sync.contract.model import utc_text
from sync.contract.verify_report import Wrong


def check_papers(connection: Connection, expected: Expected, report: StoreReport) -> None:
    """Every certificate and protocol."""
    for item in paper_records.every(connection, report.on_bad("paper_record")):
        place = f"paper_record {item.record_id}"
        with report.checking(place):
            _check_record(connection, item, place)
        with report.checking(place):
            _check_signature(item, expected, place)


def _check_record(connection: Connection, item: PaperRecord, place: str) -> None:
    record = json.loads(item.record)
    if canonical(record) != item.record:
        raise Wrong("changed", place, "the record is not canonical JSON any more")
    stored = _columns(item)
    signed = {name: record[part][name] for name, part in _PLACES.items()}
    changed = [name for name in stored if stored[name] != signed[name]]
    if changed:
        raise Wrong("changed", place, f"{', '.join(changed)}: not what the signed record says")
    decision = decisions.find(connection, item.decision_id)
    if decision is None:
        raise Wrong("missing", place, "the decision that it rests on is not in the store")
    if sha256_hex(decision.record) != record["decision"]["sha256"]:
        raise Wrong("changed", place, "the decision that it rests on is not the one in the store")


_PLACES = {
    "record_id": "paper",
    "kind": "paper",
    "corrects": "paper",
    "written_at": "paper",
    "org": "organisation",
    "exam_id": "exam",
    "decision_id": "decision",
    "medic_id": "medic",
    "full_name": "medic",
    "certificate_serial": "medic",
}
"""Where the signed record has each column."""


def _columns(item: PaperRecord) -> dict[str, Any]:
    names = {name: name for name in _PLACES} | {"full_name": "medic_name"}
    return {
        name: utc_text(item.written_at) if column == "written_at" else getattr(item, column)
        for name, column in names.items()
    }


def _check_signature(item: PaperRecord, expected: Expected, place: str) -> None:
    if expected.anchors is None:
        return
    roots, lists = expected.anchors.roots, expected.anchors.revocation_lists
    try:
        verify_detached(item.cms, item.record, roots, at=item.written_at, revocation_lists=lists)
    except (SignatureError, DuplicateExtension, UnsupportedAlgorithm) as error:
        raise Wrong("wrongly_signed", place, str(error)) from error
