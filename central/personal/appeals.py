"""A worker asks for an exam in person against "not admitted", and a senior medic answers. Nothing of it changes the decision.

Call these inside a write transaction. What is wrong comes back by field, and nothing is stored then.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from central.store import appeals, decisions
from central.store.appeals import OUTCOMES, Appeal, AppealAnswer, KnownAppeal
from central.store.worklist import ListedExam
from sync.contract.canonical import new_id

MOST_CHARS = 2000
Faults = dict[str, str]


def may_appeal(exam: ListedExam, now: datetime, days: int) -> bool:
    """Whether this exam ended with a refusal against which the worker may still ask."""
    at = exam.decided_at
    return exam.outcome == "not_admitted" and at is not None and now < at + timedelta(days=days)


def ask(
    connection: Connection, exam: ListedExam, person_id: str, words: str, account_id: str, now: datetime, days: int
) -> Appeal | Faults:
    """Note the request of a worker. Raises `AppealTaken` where there is one against that decision."""
    faults = _faults(words)
    given = decisions.find(connection, exam.decision_id) if exam.decision_id else None
    if given is None or not may_appeal(exam, now, days):
        faults["exam"] = "no_appeal"
    if faults or given is None or exam.worker_id is None:
        return faults
    item = Appeal(
        new_id(), exam.org, exam.exam_id, given.decision_id, exam.worker_id, person_id, words.strip(), account_id, now
    )
    appeals.add(connection, item)
    return item


def answer(
    connection: Connection, known: KnownAppeal, outcome: str, words: str, account_id: str, now: datetime
) -> Faults:
    """Answer it, once. Raises `AppealTaken` where somebody has answered just now."""
    faults = _faults(words)
    if outcome not in OUTCOMES:
        faults["outcome"] = "choose"
    if not faults:
        item = known.item
        appeals.add_answer(connection, AppealAnswer(item.appeal_id, item.org, outcome, words.strip(), account_id, now))
    return faults


def _faults(words: str) -> Faults:
    if not words.strip():
        return {"words": "needed"}
    return {"words": "too_long"} if len(words) > MOST_CHARS else {}
