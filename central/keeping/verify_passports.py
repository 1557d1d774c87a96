"""Signed sanitary passports: canonical records whose columns say what was signed, each with a signature that verifies."""

import json

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509 import DuplicateExtension
from sqlalchemy import Connection

from central.keeping.verify_report import Expected, StoreReport
from central.signature.chain import SignatureError
from central.signature.verification import verify_detached
from central.store import passport_records
from central.store.passport_records import PassportRecord
from sync.contract.canonical import canonical
from sync.contract.model import utc_text
from sync.contract.verify_report import Wrong


def check_passports(connection: Connection, expected: Expected, report: StoreReport) -> None:
    """Every passport."""
    for item in passport_records.every(connection, report.on_bad("passport_record")):
        place = f"passport_record {item.record_id}"
        with report.checking(place):
            _check_record(item, place)
        with report.checking(place):
            _check_signature(item, expected, place)


def _check_record(item: PassportRecord, place: str) -> None:
    record = json.loads(item.record)
    if canonical(record) != item.record:
        raise Wrong("changed", place, "the record is not canonical JSON any more")
    passport, medic = record["passport"], record["medic"]
    signed = {
        "record_id": (item.record_id, passport["record_id"]),
        "worker_id": (item.worker_id, passport["worker_id"]),
        "signed_at": (utc_text(item.signed_at), passport["signed_at"]),
        "org": (item.org, record["organisation"]["org"]),
        "medic_id": (item.medic_id, medic["medic_id"]),
        "medic_name": (item.medic_name, medic["full_name"]),
        "certificate_serial": (item.certificate_serial, medic["certificate_serial"]),
    }
    changed = [name for name, (stored, said) in signed.items() if stored != said]
    if changed:
        raise Wrong("changed", place, f"{', '.join(changed)}: not what the signed record says")


def _check_signature(item: PassportRecord, expected: Expected, place: str) -> None:
    if expected.anchors is None:
        return
    roots, lists = expected.anchors.roots, expected.anchors.revocation_lists
    try:
        verify_detached(item.cms, item.record, roots, at=item.signed_at, revocation_lists=lists)
    except (SignatureError, DuplicateExtension, UnsupportedAlgorithm) as error:
        raise Wrong("wrongly_signed", place, str(error)) from error
