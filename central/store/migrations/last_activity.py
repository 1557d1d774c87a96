"""When a store was last written: rows that a migration adds to sealed tables are dated so.

`verify` takes a row without a seal for one that somebody has added, unless it was written in the last moments before the centre
stopped. A migration runs while it is stopped, and the next start seals its rows.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from central.core.clock import now_utc
from central.store.metadata import UtcDateTime

_MOMENTS = {"seal": "made_at", "audit": "at", "message": "received_at"}


def last_activity(connection: sa.Connection) -> datetime:
    """The newest moment of seals, access log and messages; now for a store that has none."""
    found = []
    for table, name in _MOMENTS.items():
        column: sa.ColumnClause[Any] = sa.column(name, UtcDateTime())
        found.append(
            connection.execute(sa.select(sa.func.max(column)).select_from(sa.table(table, column))).scalar_one()
        )
    return max((at for at in found if at is not None), default=None) or now_utc()
