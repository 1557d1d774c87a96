"""Finds the decision in force on an exam: the one on its current revision that no other corrects.

Never the newest by the clock: the centre's clock may have been set back between a decision and its correction.
"""

from collections.abc import Iterator

from sqlalchemy import Connection, and_, exists, func, select

from central.store.decisions import decision
from central.store.exams import exam


def corrected(connection: Connection) -> frozenset[str]:
    """Ids of the decisions that another one corrects."""
    return frozenset(connection.execute(select(decision.c.corrects).where(decision.c.corrects.is_not(None))).scalars())


def every_misnamed(connection: Connection) -> Iterator[str]:
    """Exams that name another decision than the one in force, or none where there is one."""
    later = decision.alias("later")
    stands = ~exists().where(later.c.corrects == decision.c.decision_id)
    on_revision = and_(decision.c.exam_id == exam.c.exam_id, decision.c.exam_message_id == exam.c.message_id, stands)
    query = select(exam.c.exam_id).join_from(exam, decision, on_revision, isouter=True)
    differs = func.coalesce(exam.c.decision_id, "") != func.coalesce(decision.c.decision_id, "")
    yield from connection.execute(query.where(differs)).scalars()
