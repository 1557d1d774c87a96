"""Alerts an employer about signs of intoxication (order 266n), and takes an alert back. Part of a decision's transaction."""

from sqlalchemy import Connection

from central.core.reasons import is_intoxication
from central.store import alerts, notices
from central.store.decisions import StoredDecision

_TOLD_OUTCOMES = frozenset({"not_admitted", "refer"})


def tells_of_intoxication(item: StoredDecision) -> bool:
    """Whether this decision names signs of intoxication: the worker is kept from work, or sent on, because of them."""
    return item.outcome in _TOLD_OUTCOMES and is_intoxication(item.reasons, item.org, item.decided_at)


def tell_employer(
    connection: Connection, item: StoredDecision, corrected: StoredDecision | None, employer_id: str | None
) -> None:
    """Add the alert that follows from a new decision; `corrected` is the decision that it replaces.

    Who was called drunk and was not is told of again: the alert is taken back by one of its own, and what is still on its
    way is not sent. A correction that says the same again makes no second alert.
    """
    if not employer_id:
        return
    now_told = tells_of_intoxication(item)
    was_told = corrected is not None and tells_of_intoxication(corrected)
    if now_told == was_told:
        return
    if was_told:
        notices.give_up(
            connection, alerts.of_exam(connection, item.exam_id, "intoxication"), "the decision was corrected"
        )
    alerts.add(
        connection,
        kind="intoxication" if now_told else "taken_back",
        org=item.org,
        employer_id=employer_id,
        exam_id=item.exam_id,
        decision_id=item.decision_id,
        at=item.decided_at,
    )
