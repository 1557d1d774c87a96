"""Read-only: the decisions of a span with the moments that waiting is measured by. Owns no table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from central.store.accounts import account
from central.store.audit import audit
from central.store.decisions import decision
from central.store.exams import exam
from central.store.terminals import ROOMS, terminal


@dataclass(frozen=True, slots=True)
class TakenDecision:
    """One first decision on what came of an exam. `opened_at`: when a medic first looked at it; None: nobody noted that."""

    medic_id: str
    medic_name: str
    arrived_at: datetime
    opened_at: datetime | None
    decided_at: datetime
    in_room: bool
    """Recorded by a medic in a medical room: nobody waited for it."""


def decisions(connection: Connection, orgs: Sequence[str], since: datetime, until: datetime) -> Iterator[TakenDecision]:
    """Decisions of these organisations from `since` on and before `until`, corrections left out, in their order."""
    medics = select(account.c.account_id).where(account.c.medic_id.is_not(None))
    opened = (
        select(func.min(audit.c.at))
        .where(
            audit.c.subject == decision.c.exam_id,
            audit.c.action == "exam.read",
            audit.c.at >= exam.c.first_received_at,
            audit.c.at <= decision.c.decided_at,
            audit.c.account_id.in_(medics),
        )
        .correlate(decision, exam)
        .scalar_subquery()
    )
    query = (
        select(
            decision.c.medic_id,
            decision.c.medic_name,
            exam.c.first_received_at,
            opened,
            decision.c.decided_at,
            terminal.c.state.in_(ROOMS),
        )
        .join(exam, exam.c.exam_id == decision.c.exam_id)
        .outerjoin(terminal, terminal.c.terminal_id == exam.c.terminal_id)
        .where(
            decision.c.org.in_(orgs),
            decision.c.corrects.is_(None),
            decision.c.decided_at >= since,
            decision.c.decided_at < until,
        )
        .order_by(decision.c.decided_at, decision.c.decision_id)
        .execution_options(yield_per=500)
    )
    for row in connection.execute(query):
        yield TakenDecision(row[0], row[1], row[2], row[3], row[4], bool(row[5]))
