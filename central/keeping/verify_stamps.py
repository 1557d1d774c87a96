"""`verify` of the proofs of time: each stamp of a decision holds, and each was good when the next one was made."""

from itertools import islice

from sqlalchemy import Connection

from central.keeping.verify_report import Expected, StoreReport
from central.signature.archive import read_chain
from central.signature.stamp_line import StampError
from central.store import decisions, stamp_renewals
from central.store.decisions import StoredDecision
from central.store.stamp_renewals import StampRenewal
from sync.contract.verify_report import Wrong

_AT_ONCE = 200


def check_stamps(connection: Connection, expected: Expected, report: StoreReport) -> None:
    """Every decision's chain; without the authority's roots they are left out."""
    if expected.stamps is None:
        return
    walk = decisions.every(connection, report.on_bad("decisions"))
    while some := list(islice(walk, _AT_ONCE)):
        renewals = stamp_renewals.of_decisions(connection, [item.decision_id for item in some])
        for item in some:
            with report.checking(f"decision {item.decision_id}"):
                _check(item, renewals.get(item.decision_id, []), expected, report)


def _check(item: StoredDecision, renewals: list[StampRenewal], expected: Expected, report: StoreReport) -> None:
    stamps, place = expected.stamps, f"decision {item.decision_id}"
    if stamps is None:
        return
    numbers = [one.renewal_no for one in renewals]
    if numbers != list(range(1, len(numbers) + 1)):
        raise Wrong("missing", place, f"of the renewals of its time stamp only these are there: {numbers}")
    try:
        tokens = [one.token for one in renewals]
        chain = read_chain(item.record, item.cms, tokens, stamps.roots, stamps.algorithms)
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
