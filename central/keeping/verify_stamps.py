"""`verify` of the proofs of time: each stamp of a kept signature holds, and each was good when the next one was made."""

from collections.abc import Iterator
from itertools import islice

from sqlalchemy import Connection

from central.conclusions.signed_bytes import signed_bytes
from central.grounds.document_files import DocumentFiles, DocumentLost
from central.keeping.verify_report import Expected, StampTrust, StoreReport
from central.signature.archive import read_chain
from central.signature.stamp_line import StampError
from central.store import kept_signatures, stamp_renewals
from central.store.kept_signatures import KINDS, KeptSignature
from central.store.stamp_renewals import StampRenewal
from sync.contract.verify_report import Wrong

_AT_ONCE = 200


def check_stamps(connection: Connection, expected: Expected, report: StoreReport) -> None:
    """Every signature's chain; without the authority's roots and the signed files they are left out."""
    if expected.stamps is None or expected.documents is None:
        return
    for kind in KINDS:
        walk = kept_signatures.every(connection, kind, report.on_bad(f"{kind}s"))
        for item, renewals in _with_renewals(connection, kind, walk):
            with report.checking(_place(item)):
                _check(item, renewals, expected.documents, expected.stamps, report)


def _with_renewals(
    connection: Connection, kind: str, walk: Iterator[KeptSignature]
) -> Iterator[tuple[KeptSignature, list[StampRenewal]]]:
    while some := list(islice(walk, _AT_ONCE)):
        renewals = stamp_renewals.of(connection, kind, [item.signature_id for item in some])
        for item in some:
            yield item, renewals.get(item.signature_id, [])


def _place(item: KeptSignature) -> str:
    return f"{item.kind.replace('_', ' ')} {item.signature_id}"


def _check(
    item: KeptSignature, renewals: list[StampRenewal], documents: DocumentFiles, stamps: StampTrust, report: StoreReport
) -> None:
    place, numbers = _place(item), [one.renewal_no for one in renewals]
    if numbers != list(range(1, len(numbers) + 1)):
        raise Wrong("missing", place, f"of the renewals of its time stamp only these are there: {numbers}")
    try:
        signed = signed_bytes(item, documents)
        chain = read_chain(signed.record, signed.cms, [one.token for one in renewals], stamps.roots, stamps.algorithms)
    except DocumentLost:
        return  # destroyed by an act, or named by the look at the files
    except StampError as error:
        raise Wrong("wrongly_signed", place, str(error)) from error
    for what in chain.faults:
        report.fault("wrongly_signed", place, what)
    said = [one.at for one in chain.stamps][len(chain.stamps) - len(renewals) :]
    if not chain.faults and said != [one.stamped_at for one in renewals]:
        report.fault("changed", place, "a renewal is of another moment than its token says")
    if chain.stamps and chain.until < stamps.at and not chain.faults:
        what = "its newest time stamp ended on {} and was not renewed: dopusk central stamps renew"
        report.fault("missing", place, what.format(chain.until.date().isoformat()))
