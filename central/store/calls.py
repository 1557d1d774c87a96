"""Read-only: open calls for a medic with place and time. Owns no table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Text, cast, select

from central.store.exams import exam
from central.store.registry import worker
from central.store.terminals import CALLS, terminal
from sync.contract.health import TerminalStatus


@dataclass(frozen=True, slots=True)
class Call:
    """Somebody at a terminal calls for a medic. The name is that of the worker whose exam is open there: None where nobody was
    identified yet, or the terminal does not say it.
    """

    terminal_id: str
    terminal_name: str
    terminal_place: str
    called_at: datetime | None
    worker_name: str | None


def calls(connection: Connection, orgs: Sequence[str]) -> list[Call]:
    """All calls that stand at terminals of these organisations, the oldest first."""
    c = terminal.c
    query = select(c.terminal_id, c.name, c.place, c.status).where(
        c.org.in_(orgs), c.state == "enrolled", c.link == "online", cast(c.status, Text).like(CALLS)
    )
    found = [(row, TerminalStatus.model_validate(row.status)) for row in connection.execute(query)]
    workers = dict(_workers_of_exams(connection, [status.open_exam for _, status in found if status.open_exam]))
    whose = [status.open_worker or workers.get(status.open_exam or "", "") for _, status in found]
    names = _names(connection, whose, orgs)
    made = [
        Call(row.terminal_id, row.name, row.place, status.help_called_at, names.get(worker_id))
        for (row, status), worker_id in zip(found, whose, strict=True)
    ]
    return sorted(made, key=lambda call: (str(call.called_at or ""), call.terminal_name))


def _workers_of_exams(connection: Connection, exam_ids: Sequence[str]) -> list[tuple[str, str]]:
    query = select(exam.c.exam_id, exam.c.worker_id).where(exam.c.exam_id.in_(exam_ids), exam.c.worker_id.is_not(None))
    return [(row.exam_id, row.worker_id) for row in connection.execute(query)]


def _names(connection: Connection, worker_ids: Sequence[str], orgs: Sequence[str]) -> dict[str, str]:
    query = select(worker.c.worker_id, worker.c.full_name).where(
        worker.c.worker_id.in_(worker_ids), worker.c.org.in_(orgs)
    )
    return {row.worker_id: row.full_name for row in connection.execute(query)}
