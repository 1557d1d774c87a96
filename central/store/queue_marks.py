"""Read-only marks of the queues: a value per organisation that differs whenever its queue has to be drawn again. Owns no table."""

from collections import defaultdict
from collections.abc import Hashable
from datetime import datetime

from sqlalchemy import Connection, and_, select

from central.store import refusals, terminals
from central.store.decisions import claim
from central.store.exams import exam


def marks(connection: Connection, now: datetime) -> dict[str, Hashable]:
    """By organisation: who waits and who looks at whom, which terminals are silent or call, which refuse a decision.

    Cheap enough to be asked several times a second; an organisation at which nothing is to be seen has none.
    """
    parts: defaultdict[str, list[Hashable]] = defaultdict(list)
    c = exam.c
    waiting = (
        select(c.org, c.exam_id, c.revision, claim.c.account_id)
        .outerjoin(claim, and_(claim.c.exam_id == c.exam_id, claim.c.expires_at > now))
        .where(c.state == "waiting")
    )
    for org, exam_id, revision, account_id in connection.execute(waiting.order_by(c.exam_id)):
        parts[org].append((exam_id, revision, account_id))
    for org, terminal_id, link in terminals.attention_marks(connection):
        parts[org].append((terminal_id, link))
    for org, message_id in refusals.marks(connection):
        parts[org].append(message_id)
    return {org: tuple(found) for org, found in parts.items()}
