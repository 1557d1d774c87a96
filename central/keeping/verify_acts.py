"""Acts: canonical records whose columns say what was drafted, each signature verifies, no two of one person."""

import json

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509 import DuplicateExtension
from sqlalchemy import Connection

from central.keeping.verify_report import Expected, StoreReport
from central.signature.chain import SignatureError
from central.signature.verification import verify_detached
from central.store import acts
from central.store.acts import Act, ActSignature
from sync.contract.canonical import canonical
from sync.contract.model import utc_text
from sync.contract.verify_report import Wrong


def check_acts(connection: Connection, expected: Expected, report: StoreReport) -> None:
    """Every act with its signatures."""
    for item in acts.every(connection, report.on_bad("act")):
        place = f"act {item.act_id}"
        with report.checking(place):
            _check_record(item, place)
        given = acts.signatures_of(connection, [item.act_id]).get(item.act_id, [])
        with report.checking(place):
            _check_people(given, place)
        for one in given:
            with report.checking(f"act_signature {one.signature_id}"):
                _check_signature(item, one, expected)


def _check_record(item: Act, place: str) -> None:
    record = json.loads(item.record)
    if canonical(record) != item.record:
        raise Wrong("changed", place, "the record is not canonical JSON any more")
    drafted = record["act"]
    said = {
        "act_id": (item.act_id, drafted["act_id"]),
        "org": (item.org, record["organisation"]["org"]),
        "kind": (item.kind, drafted["kind"]),
        "year": (item.year, drafted["year"]),
        "number": (item.number, drafted["number"]),
        "drafted_at": (utc_text(item.drafted_at), drafted["drafted_at"]),
        "drafted_by": (item.drafted_by, drafted["drafted_by"]),
    }
    changed = [name for name, (stored, drawn_up) in said.items() if stored != drawn_up]
    if changed:
        raise Wrong("changed", place, f"{', '.join(changed)}: not what the act's record says")


def _check_people(given: list[ActSignature], place: str) -> None:
    people = {one.medic_id for one in given}, {one.account_id for one in given}
    if any(len(one) != len(given) for one in people):
        raise Wrong("wrongly_signed", place, "both signatures are of one person")


def _check_signature(item: Act, given: ActSignature, expected: Expected) -> None:
    place = f"act_signature {given.signature_id}"
    if given.org != item.org:
        raise Wrong("changed", place, "org: not that of the act")
    if expected.anchors is None:
        return
    roots, lists = expected.anchors.roots, expected.anchors.revocation_lists
    try:
        found = verify_detached(given.cms, item.record, roots, at=given.signed_at, revocation_lists=lists)
    except (SignatureError, DuplicateExtension, UnsupportedAlgorithm) as error:
        raise Wrong("wrongly_signed", place, str(error)) from error
    if f"{found.certificate.serial_number:x}" != given.certificate_serial:
        raise Wrong("changed", place, "certificate_serial: not that of the certificate that signed")
