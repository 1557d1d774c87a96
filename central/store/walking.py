"""Reads a whole table row by row and skips unreadable rows: one damaged cell must not hide the rows after it."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select

OnBad = Callable[[int, Exception], None]
"""Is told the place (from 0) of a row that cannot be read, and why."""

UNREADABLE = (ValueError, TypeError, ArithmeticError)
"""What the readers of cells raise for what no program of ours has written."""
MOST_BAD = 50
"""After so many the walk gives up: each costs a new beginning."""


def stream(
    connection: Connection, query: Select[Any], at_once: int, on_bad: OnBad | None = None
) -> Iterator[RowMapping]:
    """The rows of an ordered query, `at_once` held in memory. Without `on_bad` the first unreadable row ends it.

    Raises what the reader of the cell raises, then and after `MOST_BAD` rows.
    """
    place, bad, pace = 0, 0, at_once
    while True:
        rest = query.offset(place) if place else query
        try:
            with connection.execute(rest.execution_options(yield_per=pace)).mappings() as rows:
                for row in rows:
                    yield row
                    place += 1
            return
        except UNREADABLE as error:
            if on_bad is None or bad == MOST_BAD:
                raise
            if pace > 1:
                pace = 1  # a batch is read as a whole: go row by row up to the one that is meant
                continue
            on_bad(place, error)
            place, bad, pace = place + 1, bad + 1, at_once


def first_id_at(moment: datetime) -> str:
    """The lowest UUIDv7 of a moment: ids of this centre begin with the time in milliseconds (RFC 9562)."""
    text = f"{int(moment.timestamp() * 1000):012x}"
    return f"{text[:8]}-{text[8:]}-7000-8000-000000000000"
