"""Checks the codes of medical books that were read before exams, when the exams come in. No check ever keeps an exam out."""

import logging
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from central.core.days import day_of
from central.core.step_records import is_away, place_of
from central.exchange.checks import Accepted
from central.grounds.book_checking import check_presented
from central.store.anomalies import NewAnomaly
from sync.contract.exam import ExamRecord

_log = logging.getLogger(__name__)


def check_books(connection: Connection, fresh: Sequence[Accepted], *, now: datetime) -> list[NewAnomaly]:
    """Check and keep, each behind a savepoint: what a check stumbles over is noted, and the exam page says "not checked"."""
    noted = []
    for item in fresh:
        record = item.body
        if not isinstance(record, ExamRecord) or record.presented_book is None:
            continue
        try:
            with connection.begin_nested():
                check_presented(connection, record, item.address.terminal, day_of(now), now)
        except Exception as error:
            if is_away(error):
                raise
            _log.error("the code of a medical book was not checked: %s", place_of(error))
            detail = f"exam {record.exam_id}: {place_of(error)}"
            noted.append(NewAnomaly("book_not_checked", "", detail, item.address.terminal, item.envelope.message_id))
    return noted
