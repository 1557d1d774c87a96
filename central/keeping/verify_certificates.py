"""`verify` of the certificates of signers: is each in the state that the newest row of its history says?

The state changes, so no seal names it; the rows of the history are sealed.
"""

from sqlalchemy import Connection, select

from central.keeping.verify_report import Expected, StoreReport
from central.store.certificates import MUTABLE, certificate, newest_event
from central.store.walking import stream

_AT_ONCE = 200


def check_certificates(connection: Connection, _expected: Expected, report: StoreReport) -> None:
    """Every certificate against its history."""
    query = select(certificate).order_by(certificate.c.certificate_id)
    for row in stream(connection, query, _AT_ONCE, report.on_bad("certificates")):
        place = f"certificate {row['serial']}"
        with report.checking(place):
            said = newest_event(connection, row["certificate_id"])
            if said is None:
                report.fault("missing", place, "nothing is known of what became of it")
                continue
            otherwise = sorted(name for name in MUTABLE if row[name] != said[name])
            if otherwise:
                what = f"not as its history says: {', '.join(otherwise)} (it says {said['state']})"
                report.fault("changed", place, what)
