"""Read-only marks of the queues: a value per organisation that differs whenever its queue has to be drawn again. Owns no table."""

from collections import defaultdict
from collections.abc import Collection, Hashable, Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, and_, select

from central.store import refusals, rings, terminals
from central.store.decisions import claim
from central.store.exams import exam
from central.store.registry import employer, worker
from central.store.terminal_employers import is_of_another
from central.store.terminals import terminal

NAMES_EVERY = timedelta(seconds=5)
"""So often the names in all rows are read anew. PostgreSQL reads a register of workers as a whole for some hundred of them:
ten times a second that would be a good part of a core."""


class Names:
    """The names in the rows of the exams that wait, as of their last reading; those of a new exam at once."""

    def __init__(self) -> None:
        self._known: dict[str, Hashable] = {}
        self._read_at = datetime.min.replace(tzinfo=UTC)

    def of(self, connection: Connection, exam_ids: Collection[str], now: datetime) -> Mapping[str, Hashable]:
        """By exam: worker, personnel number, employer, terminal, and whether the terminal is of other employers."""
        if not self._read_at <= now < self._read_at + NAMES_EVERY:
            self._known, self._read_at = _names(connection, None), now
        elif unknown := [exam_id for exam_id in exam_ids if exam_id not in self._known]:
            self._known |= _names(connection, unknown)
        return self._known


def marks(connection: Connection, now: datetime, names: Names) -> dict[str, Hashable]:
    """By organisation: who waits and who looks at whom, under which names; which terminals are silent or call, which refuse.

    Cheap enough to be asked several times a second; an organisation at which nothing is to be seen has none.
    """
    parts: defaultdict[str, list[Hashable]] = defaultdict(list)
    c = exam.c
    query = (
        select(c.org, c.exam_id, c.revision, claim.c.account_id)
        .outerjoin(claim, and_(claim.c.exam_id == c.exam_id, claim.c.expires_at > now))
        .where(c.state == "waiting")
    )
    waiting = connection.execute(query.order_by(c.exam_id)).all()
    named = names.of(connection, [row.exam_id for row in waiting], now)
    for org, exam_id, revision, account_id in waiting:
        parts[org].append((exam_id, revision, account_id, named.get(exam_id)))
    for org, terminal_id, link in terminals.attention_marks(connection):
        parts[org].append((terminal_id, link))
    for org, message_id in refusals.marks(connection):
        parts[org].append(message_id)
    for org, ring_id in rings.marks(connection):
        parts[org].append(ring_id)
    return {org: tuple(found) for org, found in parts.items()}


def _names(connection: Connection, exam_ids: Collection[str] | None) -> dict[str, Hashable]:
    """Of these exams, or of all that wait."""
    c = exam.c
    query = (
        select(
            c.exam_id,
            worker.c.full_name,
            worker.c.personnel_number,
            employer.c.name,
            terminal.c.name,
            is_of_another(c.terminal_id, c.employer_id),
        )
        .outerjoin(worker, worker.c.worker_id == c.worker_id)
        .outerjoin(employer, employer.c.employer_id == c.employer_id)
        .outerjoin(terminal, terminal.c.terminal_id == c.terminal_id)
        .where(c.state == "waiting" if exam_ids is None else c.exam_id.in_(exam_ids))
    )
    return {exam_id: tuple(names) for exam_id, *names in connection.execute(query)}
